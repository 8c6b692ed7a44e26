// Drives graphql-ws against the socket at argv[2] and prints one JSON line per thing seen. It drops its connection after
// the third event and lets the client reconnect by itself, with its first variables; argv[3] says whether it also tells
// the server where it had got to.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, resumes] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));

const client = createClient({ url, webSocketImpl: WebSocket });
const run = (payload) =>
  new Promise((resolve) =>
    client.subscribe(
      payload,
      { next: say, error: (e) => resolve(say({ error: e.map?.((one) => one.extensions.code) ?? String(e) })), complete: () => resolve(say('complete')) },
    ),
  );

await run({ query: '{hello}' });
await run({ query: 'mutation($v:Int!){set(value:$v)}', variables: { v: 3 } });
await run({ query: '{unknown}' });

let socket;
let last;
const reconnecting = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 5,
  retryWait: async () => {},
  generateID: () => 'ticks',
  connectionParams: () => (resumes === 'resume' && last ? { resume: { ticks: last } } : {}),
  on: { opened: (opened) => (socket = opened) },
});
await new Promise((resolve) => {
  let dropped = false;
  const stop = reconnecting.subscribe(
    { query: 'subscription($after:String){ticks(after:$after){number}}', variables: { after: '0' } },
    {
      next: ({ data, extensions }) => {
        say(data.ticks.number);
        last = extensions.cursor;
        if (data.ticks.number === 3 && !dropped) {
          dropped = true;
          socket.terminate();
        }
        if (data.ticks.number === 6) {
          stop();
          resolve();
        }
      },
      error: say,
      complete: resolve,
    },
  );
});
await client.dispose();
await reconnecting.dispose();
