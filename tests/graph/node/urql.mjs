// urql: subscriptions through its fetch exchange.
import { Client, fetchExchange, gql } from "@urql/core";
import { ask, CHANGED, CREATE, done, until, url } from "./asking.mjs";

const client = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: false });
const { eventCursor } = await ask("{ eventCursor }");
const seen = [];
const { unsubscribe } = client
  .subscription(gql(CHANGED), { after: eventCursor })
  .subscribe(({ data, error }) => seen.push(error ? String(error) : data.statusChanged.subjectId));
await ask(CREATE);
await until(() => seen.length === 1);
await ask(CREATE);
await until(() => seen.length === 2);
unsubscribe();
const query = await client.query("{ scripts { totalCount } }", {}).toPromise();
done({ seen, total: query.data.scripts.totalCount });
