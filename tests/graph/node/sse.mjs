// graphql-sse: subscribes, loses its connection twice, goes on with Last-Event-ID and with `after`.
import { createClient } from "graphql-sse";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

let last;
let drop;
const resumedFrom = [];
const client = createClient({
  url,
  retryAttempts: 5,
  retry: () => Promise.resolve(),
  headers: () => (last ? { "last-event-id": last } : {}),
  fetchFn: (address, options) => {
    const control = new AbortController();
    drop = () => control.abort();
    options.signal.addEventListener("abort", drop);
    resumedFrom.push(options.headers["last-event-id"] ?? null);
    return fetch(address, { ...options, signal: control.signal });
  },
});

const seen = [];
const cursors = [];
const { eventCursor } = await ask("{ eventCursor }");
let failure = null;
const stop = client.subscribe(
  { query: CHANGED, variables: { after: eventCursor } },
  {
    next: ({ data }) => {
      last = data.statusChanged.cursor;
      cursors.push(last);
      seen.push(data.statusChanged.subjectId);
    },
    error: (error) => (failure = String(error)),
    complete: () => {},
  },
);
await ask(CREATE);
await until(() => seen.length === 1);
drop();
await ask(CREATE);
await ask(CREATE);
await until(() => seen.length === 3);
stop();

async function first(request) {
  for await (const answer of client.iterate(request)) return answer;
}
last = undefined;
const after = await first({ query: CHANGED, variables: { after: cursors[0] } });
const query = await first({ query: "{ scripts { totalCount } }" });
const mutation = await first({ query: CREATE });
const refused = await first({ query: CHANGED, variables: { after: "nonsense" } });
const invalid = await first({ query: "{ nonsense }" });
done({
  seen, cursors, resumedFrom: resumedFrom.slice(0, 2), failure, after: after.data, query: query.data,
  mutation: mutation.data, refused: refused.errors[0].extensions.code, invalid: invalid.errors[0].extensions.code,
});
