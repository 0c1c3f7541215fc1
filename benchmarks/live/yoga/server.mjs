// GraphQL Yoga with graphql-ws over ws, put together as Yoga's documentation does it. Only what is measured is in its
// schema; events come from its in-memory pub/sub, fed by lines of JSON on standard input.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { useServer } from "graphql-ws/use/ws";
import { createPubSub, createSchema, createYoga } from "graphql-yoga";
import { WebSocketServer } from "ws";

const port = Number(process.argv[2]);
const pubSub = createPubSub();
const moment = "2026-11-22T14:05:09.123456Z";
const scripts = Array.from({ length: 100 }, (_, place) => ({
  id: `script_${100 - place}`,
  title: `Script number ${100 - place}`,
  status: "DRAFT",
  version: 1,
  createdAt: moment,
}));

const schema = createSchema({
  typeDefs: /* GraphQL */ `
    scalar DateTime
    scalar Cursor
    enum Status {
      DRAFT
      PENDING
      APPROVED
      REJECTED
    }
    type StatusChange {
      cursor: Cursor!
      subjectId: ID!
      previousStatus: Status
      newStatus: Status!
      version: Int!
      occurredAt: DateTime!
    }
    type Script {
      id: ID!
      title: String
      status: Status!
      version: Int!
      createdAt: DateTime!
    }
    type ScriptConnection {
      nodes: [Script!]!
    }
    type Query {
      scripts(first: Int): ScriptConnection!
    }
    type Subscription {
      statusChanged: StatusChange!
    }
  `,
  resolvers: {
    Query: { scripts: (_, { first }) => ({ nodes: scripts.slice(0, first ?? 50) }) },
    Subscription: {
      statusChanged: { subscribe: () => pubSub.subscribe("statusChanged"), resolve: (change) => change },
    },
  },
});

const yoga = createYoga({ schema });

const httpServer = createServer(yoga);

useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length ? errors : args;
    },
  },
  new WebSocketServer({ server: httpServer, path: yoga.graphqlEndpoint }),
);

httpServer.listen(port, "127.0.0.1", 2048);
createInterface({ input: process.stdin }).on("line", (line) => pubSub.publish("statusChanged", JSON.parse(line)));
