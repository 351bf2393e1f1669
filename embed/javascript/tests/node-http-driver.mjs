// The HTTP endpoint of the package, for the scenario runner (host-tests/README.md): requests in, responses out.
//   node node-http-driver.mjs
//   deno run -A --node-modules-dir=manual node-http-driver.mjs
//   bun run node-http-driver.mjs

import { createInterface } from "node:readline";

import { HttpEndpoint } from "asserta/http";

let endpoint;
let now; // what its clock shows

const camel = (members) => Object.fromEntries(Object.entries(members).map(
  ([name, value]) => [name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()), value]));
const latin1 = (bytes) => String.fromCharCode(...bytes);

async function start(settings) {
  // Work after a response is awaited by the request: nothing of a scenario reaches into the next one.
  const pending = [];
  endpoint = await HttpEndpoint.create({
    settings: camel(settings), clock: () => now, afterResponse: (work) => pending.push(work), onError: console.error,
  });
  endpoint.pending = pending;
  return {};
}

async function http({ method, path, headers, body }) {
  const request = new Request(`https://host.example${path}`, {
    method,
    headers: headers.map(([name, value]) => [name, latin1(value)]),
    body: method === "GET" || method === "HEAD" ? undefined : Uint8Array.from(body),
  });
  const response = await endpoint.handle(request);
  const served = { status: response.status, headers: [...response.headers], body: await response.text() };
  while (endpoint.pending.length) await endpoint.pending.shift()();
  return served;
}

async function respond({ id, at, do: operation, ...members }) {
  now = at;
  if (operation === "start") return { id, ok: await start(members) };
  return { id, http: await http(members) };
}

const say = (line) => console.log(JSON.stringify(line));

say({ protocol: 1, http: true, exact_methods: false });
for await (const line of createInterface({ input: process.stdin })) respond(JSON.parse(line)).then(say);
