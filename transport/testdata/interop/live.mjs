// Subscribes with the client named first, at the HTTP address, with the key, after the cursor, and prints the id of each
// event until one tells of the workflow "the end". Connections may be cut as often as anybody likes.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { clients } from './clients.mjs';
import { resuming } from './resume.mjs';

const [name, address, key, after] = process.argv.slice(2);
const socket = createClient(
  resuming({
    url: address.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryWait: async () => {},
    connectionParams: { authorization: `Bearer ${key}` },
  }),
);
const query =
  'subscription Live($after: EventCursor) { events(after: $after) { __typename id cursor type ... on WorkflowEvent { workflow { id name } } } }';
clients[name](socket, address).subscribe(query, { after }, (data) => {
  if (!data?.events) {
    console.error(data);
    process.exit(1);
  }
  console.log(data.events.id);
  if (data.events.workflow?.name === 'the end') process.exit(0);
});
