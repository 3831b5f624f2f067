// Runs the public audits against the endpoint named by the first argument; prints one JSON object an audit.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
for (const { id, name, status, reason } of results) console.log(JSON.stringify({ id, name, status, reason }));
