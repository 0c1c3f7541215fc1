// graphql-ws: everything that one client does on one connection.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

const events = { connected: 0, closed: [], pongs: 0, pings: 0 };
const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  lazy: true,
  keepAlive: 20,
  connectionParams: { token: "anything" },
  on: {
    connected: () => (events.connected += 1),
    closed: (event) => events.closed.push(event.code),
    ping: (received) => (events.pings += received ? 0 : 1),
    pong: (received) => (events.pongs += received ? 1 : 0),
  },
});

function follow(request) {
  const found = { seen: [], errors: null, completed: false };
  found.stop = client.subscribe(request, {
    next: ({ data, errors }) => found.seen.push(errors ?? data.statusChanged?.subjectId ?? data),
    error: (errors) => (found.errors = Array.isArray(errors) ? errors.map((one) => one.extensions.code) : String(errors)),
    complete: () => (found.completed = true),
  });
  return found;
}

const first = follow({ query: CHANGED });
const second = follow({ query: CHANGED });
const gone = follow({ query: CHANGED });
await until(() => events.connected === 1);
async function answered(request) {
  const found = follow(request);
  await until(() => found.completed || found.errors);
  return found;
}
const query = await answered({ query: "{ scripts { totalCount } }" });
gone.stop();
const mutation = await answered({ query: CREATE });
await until(() => first.seen.length === 1 && second.seen.length === 1);

const refused = {};
for (const [name, request] of Object.entries({
  syntax: { query: "{" },
  validation: { query: "{ nonsense }" },
  unnamed: { query: "query A { __typename } query B { __typename }" },
  unknown: { query: "query A { __typename }", operationName: "B" },
  cursor: { query: CHANGED, variables: { after: "nonsense" } },
  missing: { query: 'subscription { statusChanged(scriptId: "script_999") { id } }' },
})) {
  refused[name] = (await answered(request)).errors;
}
await ask(CREATE);
await until(() => first.seen.length === 2 && second.seen.length === 2);
second.stop();
await ask(CREATE);
await until(() => first.seen.length === 3);
await until(() => events.pongs > 0);
first.stop();
await until(() => events.closed.length === 1);
done({
  first: first.seen, second: second.seen, gone: gone.seen, query: query.seen, mutation: mutation.seen, refused,
  errors: [first.errors, second.errors, gone.errors], stopped: [first.completed, second.completed, gone.completed],
  connected: events.connected, closed: events.closed,
});
