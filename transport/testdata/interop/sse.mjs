// Drives graphql-sse, in its distinct connections mode, against the server at argv[2] and prints what comes.
import { createClient } from 'graphql-sse';

const client = createClient({ url: process.argv[2] });
for (const query of ['{hello}', 'subscription{count(to:3)}', '{unknown}']) {
  for await (const result of client.iterate({ query })) {
    console.log(JSON.stringify(result.errors ? result.errors[0].extensions.code : result));
  }
}
client.dispose();
