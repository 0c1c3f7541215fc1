"use strict";

// Starts GraphiQL on the address that the page came from, with a few operations to begin with.

const CREATE = `# Run this first. It answers with the new script's id.
mutation CreateScript {
  createScript(
    input: {
      title: "The lighthouse"
      content: """
      A lighthouse stands at the end of the pier.

      At dusk its lamp begins to turn, and the gulls come home.
      """
    }
  ) {
    script { id title status version allowedActions }
    userErrors { code message field }
  }
}
`;

const APPROVE = `# Put the script's id into the variables below. Its scenes are then found by a job.
mutation ApproveScript($input: ApproveScriptInput!) {
  approveScript(input: $input) {
    script { id status }
    job { id state }
    userErrors { code message field }
  }
}
`;

const SCRIPTS = `# All scripts with their scenes and images, and the place in the log to subscribe after.
query Scripts {
  eventCursor
  scripts(first: 10) {
    totalCount
    nodes {
      id
      title
      status
      progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive jobsFailed }
      scenes { id order status text allowedActions images { id status url allowedActions } }
      latestVideo { id status url error }
    }
  }
}
`;

const WATCH = `# Every status change from now on. Leave it running, and change something in another tab or window.
subscription Watch {
  statusChanged {
    cursor
    subjectId
    previousStatus
    newStatus
    actor
    occurredAt
  }
}
`;

const example = (query, variables) => ({
  query,
  variables: variables && JSON.stringify(variables, null, 2),
});

const here = new URL("/graphql", window.location.href);
const socket = new URL(here);
socket.protocol = here.protocol === "https:" ? "wss:" : "ws:";

const fetcher = GraphiQL.createFetcher({
  url: here.href,
  wsClient: graphqlWs.createClient({ url: socket.href }),
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: false,
    defaultTabs: [
      example(CREATE),
      example(WATCH),
      example(APPROVE, { input: { id: "script_1" } }),
      example(SCRIPTS),
    ],
  }),
);
