// GraphiQL over this server: requests by POST, subscriptions by graphql-transport-ws, both with the headers of its editor.
"use strict";

const ENDPOINT = "/v1/graphql";
const SECRET = "x-hasura-admin-secret";
const NEWEST = `# Everything is a link.
# Ctrl-Enter runs this, Ctrl-Space completes.
query Newest {
  deep_links(order_by: { _i: desc }, limit: 10) {
    id
    _deep
    _type
    _from
    _to
    string { _data }
  }
}
`;
const LIVE = `# The answer at once, then
# whenever it is another one.
subscription Live {
  deep_links(order_by: { _i: desc }, limit: 3) {
    id
    created_at
  }
}
`;

/** The operation that is asked for; the editor may still give the name of one in another tab. */
function chosen(query, name) {
  let operations = [];
  try {
    operations = GraphiQL.GraphQL.parse(query).definitions.filter((node) => node.kind === "OperationDefinition");
  } catch {
    // What is wrong with it is the server's to say.
  }
  return operations.find((node) => node.name?.value === name) ?? (operations.length === 1 ? operations[0] : undefined);
}

const KEYLESS = { errors: [{ message: "Write the admin secret under Headers, below, and run this again." }] };

async function post(request, headers) {
  if (headers[SECRET] === "") return KEYLESS;
  const answer = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(request),
  });
  return answer.json();
}

/** A subscription as an observable; each has a socket of its own, which goes with it. */
function live(request, headers) {
  return {
    subscribe(observer) {
      if (headers[SECRET] === "") {
        observer.next(KEYLESS);
        observer.complete();
        return { unsubscribe() {} };
      }
      const address = new URL(ENDPOINT, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      const socket = new WebSocket(address, "graphql-transport-ws");
      const say = (message) => socket.send(JSON.stringify(message));
      const hear = {
        connection_ack: () => say({ id: "1", type: "subscribe", payload: request }),
        ping: () => say({ type: "pong" }),
        next: ({ payload }) => observer.next(payload),
        error: ({ payload }) => observer.next({ errors: payload }),
        complete: () => socket.close(1000),
      };
      socket.onopen = () => say({ type: "connection_init", payload: { headers } });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        hear[message.type]?.(message);
      };
      socket.onclose = ({ code, reason }) => {
        if (code !== 1000) observer.next({ errors: [{ message: `the line was closed: ${reason || code}` }] });
        observer.complete();
      };
      return { unsubscribe: () => socket.close(1000) };
    },
  };
}

function fetcher({ query, variables, operationName }, options = {}) {
  const operation = chosen(query, operationName);
  const request = { query, variables, operationName: operation ? operation.name?.value : operationName };
  const headers = options.headers ?? {};
  return operation?.operation === "subscription" ? live(request, headers) : post(request, headers);
}

/** Once the headers are others, the schema that they let one see is asked for again. */
let waiting;
function onEditHeaders() {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.querySelector('[aria-label="Re-fetch GraphQL schema"]')?.click(), 700);
}

const mark = React.createElement(
  GraphiQL.Logo,
  null,
  React.createElement("span", { className: "wordmark" }, React.createElement("img", { src: "/ide/icon.svg", alt: "" }), "deeplinks"),
);

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher,
      onEditHeaders,
      plugins: [GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false })],
      defaultTabs: [{ query: NEWEST }, { query: LIVE }],
      defaultHeaders: document.body.dataset.secret === undefined ? "" : JSON.stringify({ [SECRET]: "" }, null, 2),
      defaultEditorToolsVisibility: document.body.dataset.secret === undefined ? true : "headers",
      shouldPersistHeaders: true,
      inputValueDeprecation: true,
      schemaDescription: true,
    },
    mark,
  ),
);
