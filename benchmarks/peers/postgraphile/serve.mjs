// PostGraphile 5 over the schema `deep`, as its documentation shows it. `node serve.mjs URL`
import "./older.mjs";
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.argv[2], schemas: ["deep"], poolConfig: { max: 10 } })],
  grafserv: { graphqlPath: "/v1/graphql", graphiql: false, watch: false, maxRequestLength: 64 * 1024 * 1024 },
  grafast: { explain: false },
};
const server = createServer();
server.on("error", (error) => console.error(error));
const serving = postgraphile(preset).createServ(grafserv);
await serving.addTo(server);
server.listen(0, "127.0.0.1", () => console.log(`serving http://127.0.0.1:${server.address().port}/v1/graphql`));
