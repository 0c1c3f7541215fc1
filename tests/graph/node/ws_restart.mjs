// graphql-ws: the server dies, and the client goes on behind the last cursor that it has seen.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

const { eventCursor } = await ask("{ eventCursor }");
const variables = { after: eventCursor };
const seen = [];
const closed = [];
let opened = 0;
let missed = 0;
let failure = null;

async function createWhenThere() {
  for (;;) {
    try {
      if ((await ask(CREATE))?.createScript) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 100,
  shouldRetry: () => true,
  retryWait: async () => {
    if (missed === 0) {
      missed += 1;
      await createWhenThere(); // nobody is subscribed now
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  },
  on: { connected: () => (opened += 1), closed: (event) => closed.push(event.code) },
});
const stop = client.subscribe(
  { query: CHANGED, variables },
  {
    next: ({ data }) => {
      variables.after = data.statusChanged.cursor;
      seen.push(data.statusChanged.subjectId);
    },
    error: (error) => (failure = String(error)),
    complete: () => {},
  },
);
await ask(CREATE);
await until(() => seen.length === 1);
console.log(JSON.stringify("kill it"));
for (const deadline = Date.now() + 40_000; seen.length < 2 && !failure && Date.now() < deadline; ) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await createWhenThere();
await until(() => seen.length === 3);
stop();
done({ seen, opened, missed, failure, closed: closed[0] });
