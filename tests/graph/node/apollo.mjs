// Apollo Client: subscriptions as a multipart answer through its HttpLink.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

const accepted = [];
const types = [];
const link = new HttpLink({
  uri: url,
  fetch: async (address, options) => {
    const response = await fetch(address, options);
    accepted.push(options.headers.accept);
    types.push(response.headers.get("content-type"));
    return response;
  },
});
const client = new ApolloClient({ link, cache: new InMemoryCache() });

const { eventCursor } = await ask("{ eventCursor }");
const seen = [];
const subscription = client
  .subscribe({ query: gql(CHANGED), variables: { after: eventCursor } })
  .subscribe({ next: ({ data, error }) => seen.push(error ? String(error) : data.statusChanged.subjectId) });
await until(() => types.length === 1);
for (let count = 1; count <= 3; count += 1) {
  await ask(CREATE);
  await until(() => seen.length === count);
}
subscription.unsubscribe();

const ended = [];
let completed = false;
client
  .subscribe({ query: gql`subscription { jobProgress(jobId: "job_1") { state } }` })
  .subscribe({ next: ({ data }) => ended.push(data.jobProgress.state), complete: () => (completed = true) });
await until(() => completed);

let refused;
client
  .subscribe({ query: gql(CHANGED), variables: { after: "nonsense" } })
  .subscribe({ next: ({ error }) => (refused = error), error: (error) => (refused = error) });
await until(() => refused);
const { data } = await client.query({ query: gql`{ scripts { totalCount } }` });
done({
  seen, ended, asked: accepted[0], type: types[0], total: data.scripts.totalCount,
  refused: refused.errors?.[0].extensions.code ?? String(refused),
});
