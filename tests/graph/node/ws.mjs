// graphql-ws: subscribes, and comes back after its socket was cut.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

let socket;
let opened = 0;
const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 5,
  retryWait: () => Promise.resolve(),
  on: { connected: (connected) => ((socket = connected), (opened += 1)) },
});
const { eventCursor } = await ask("{ eventCursor }");
const variables = { after: eventCursor };
const seen = [];
const stop = client.subscribe(
  { query: CHANGED, variables },
  {
    next: ({ data }) => {
      variables.after = data.statusChanged.cursor;
      seen.push(data.statusChanged.subjectId);
    },
    error: (error) => seen.push(String(error)),
    complete: () => {},
  },
);
await ask(CREATE);
await until(() => seen.length === 1);
socket.terminate();
await ask(CREATE);
await until(() => seen.length === 2);
stop();
const answers = [];
for await (const answer of client.iterate({ query: "{ scripts { totalCount } }" })) answers.push(answer.data);
done({ seen, opened, answers });
