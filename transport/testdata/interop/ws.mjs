// Drives the client argv[2] against the server at argv[3] and prints one JSON line per thing seen. It drops its
// connection after the third event and lets the client reconnect by itself, with its first variables; argv[4] says
// whether it also tells the server where it had got to.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { clients } from './clients.mjs';

const [name, url, how] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));
const options = { url: url.replace('http', 'ws'), webSocketImpl: WebSocket };

const socket = createClient(options);
const client = clients[name](socket, url);
say(await client.run('{hello}'));
say(await client.run('mutation($v:Int!){set(value:$v)}', { v: 3 }));
say(await client.run('{unknown}'));
await socket.dispose();

let connection;
let last;
const reconnecting = createClient({
  ...options,
  retryAttempts: 5,
  retryWait: async () => {},
  generateID: () => 'ticks',
  connectionParams: () => (how === 'resume' && last ? { resume: { ticks: last } } : {}),
  on: {
    opened: (opened) => (connection = opened),
    message: ({ type, payload }) => type === 'next' && (last = payload.extensions.cursor),
  },
});
const subscriber = clients[name](reconnecting, url);
await new Promise((resolve) => {
  let dropped = false;
  const stop = subscriber.subscribe('subscription($after:String){ticks(after:$after){number}}', { after: '0' }, (seen) => {
    say(seen.ticks?.number ?? seen);
    if (seen.ticks?.number === 3 && !dropped) {
      dropped = true;
      connection.terminate();
    }
    if (seen.ticks?.number !== 6 && seen.ticks) return;
    stop();
    resolve();
  });
});
await reconnecting.dispose();
