// The endpoint on Cloudflare Workers, in the vendor's runtime, for the scenario runner (host-tests/README.md). Each scenario
// has a runtime of its own, with an empty store.
//   node workers-driver.mjs

import { rmSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";

import { bundle, serve } from "./workerd.mjs";

const STATE = "state/scenarios";
const { out } = bundle("timed.mjs", "out-timed");
let worker;

async function start({ public_url, dev, access_token_algorithm = "", admin_token, trust }) {
  await worker?.stop();
  rmSync(STATE, { recursive: true, force: true });
  worker = await serve(out, STATE, {
    PUBLIC_URL: public_url, DEV: String(dev), ACCESS_TOKEN_ALGORITHM: access_token_algorithm, ADMIN_TOKEN: admin_token,
    TRUST: trust ? JSON.stringify(trust) : "",
  });
  return {};
}

/** Exactly the headers that it is told, and the time. */
function http(at, { method, path, headers, body }) {
  const lines = headers.flatMap(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  const length = ["GET", "HEAD"].includes(method) && body.length === 0 ? [] : ["content-length", String(body.length)];
  const { port } = new URL(worker.url);
  return new Promise((done, failed) => {
    const sent = request(
      { host: "127.0.0.1", port, method, path, headers: ["host", `127.0.0.1:${port}`, "x-test-now", String(at), ...length, ...lines] },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part)).on("error", failed).on("end", () => {
          const { statusCode: status, rawHeaders } = response;
          const pairs = rawHeaders.flatMap((name, index) => (index % 2 ? [] : [[name, rawHeaders[index + 1]]]));
          done({ status, headers: pairs, body: Buffer.concat(parts).toString() });
        });
      },
    );
    sent.on("error", failed).end(Buffer.from(body));
  });
}

async function respond({ id, at, do: operation, ...members }) {
  if (operation === "start") return { id, ok: await start(members) };
  return { id, http: await http(at, members) };
}

const say = (line) => console.log(JSON.stringify(line));

say({ protocol: 1, http: true, exact_methods: false });
for await (const line of createInterface({ input: process.stdin })) respond(JSON.parse(line)).then(say);
await worker?.stop();
