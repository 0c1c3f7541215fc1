// The audits of GraphQL over HTTP that its reference implementation brings, one JSON line each.
import { serverAudits } from "graphql-http";

for (const audit of serverAudits({ url: process.argv[2] })) {
  const { id, name, status, reason } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason: reason ? String(reason) : null }));
}
