// The endpoint on Cloudflare Workers, in the vendor's runtime, for the scenario runner (host-tests/README.md). Each scenario
// has objects of its own, which are empty; one with other settings has a runtime of its own.
//   node workers-driver.mjs

import { rmSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";

import { bundle, serve } from "./workerd.mjs";

const STATE = "state/scenarios";
const { out } = bundle("timed.mjs", "out-timed");
let worker;
let started; // with which settings
let sown; // whether there is a document among them
let scenario = 0;

async function start({ public_url, dev, access_token_algorithm = "", dpop_nonce = false, admin_token, trust }) {
  scenario += 1;
  sown = Boolean(trust);
  const bindings = {
    PUBLIC_URL: public_url, DEV: String(dev), ACCESS_TOKEN_ALGORITHM: access_token_algorithm, ADMIN_TOKEN: admin_token,
    DPOP_NONCE: String(dpop_nonce), TRUST: trust ? JSON.stringify(trust) : "",
  };
  // Objects find their part of TRUST by their name, which must be that of the organization.
  if (!trust && JSON.stringify(bindings) === started) return {};
  await worker?.stop();
  rmSync(STATE, { recursive: true, force: true });
  worker = await serve(out, STATE, bindings);
  started = JSON.stringify(bindings);
  return {};
}

/** Exactly the headers that it is told, and the time. */
function http(at, { method, path, headers, body }) {
  const lines = headers.flatMap(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  const length = ["GET", "HEAD"].includes(method) && body.length === 0 ? [] : ["content-length", String(body.length)];
  const { port } = new URL(worker.url);
  const ours = ["host", `127.0.0.1:${port}`, "x-test-now", String(at), ...(sown ? [] : ["x-test-scenario", String(scenario)])];
  return new Promise((done, failed) => {
    const sent = request(
      { host: "127.0.0.1", port, method, path, headers: [...ours, ...length, ...lines] },
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
