// A plain EventSource, as in browsers: it comes back by itself, with the id of the last event.
import { EventSource } from "eventsource";
import { ask, CREATE, done, until, url } from "./asking.mjs";

let drop;
const resumedFrom = [];
const address = `${url}?query=${encodeURIComponent("subscription { statusChanged { cursor subjectId } }")}`;
const source = new EventSource(address, {
  fetch: (input, init) => {
    const control = new AbortController();
    drop = () => control.abort(new TypeError("the network went away"));
    init.signal.addEventListener("abort", () => control.abort());
    resumedFrom.push(init.headers["Last-Event-ID"] ?? null);
    return fetch(input, { ...init, signal: control.signal });
  },
});
const seen = [];
let opened = 0;
source.addEventListener("open", () => (opened += 1));
source.addEventListener("next", (event) => seen.push([JSON.parse(event.data).data.statusChanged, event.lastEventId]));
await until(() => opened === 1);
await ask(CREATE);
await until(() => seen.length === 1);
drop();
await ask(CREATE);
await until(() => seen.length === 2);
source.close();
const single = new EventSource(`${url}?query=${encodeURIComponent("{ __typename }")}`);
let answer;
let completed = false;
single.addEventListener("next", (event) => (answer = JSON.parse(event.data)));
single.addEventListener("complete", () => {
  completed = true;
  single.close();
});
await until(() => completed);
done({ seen, opened, resumed: resumedFrom.map((id) => id !== null), answer });
