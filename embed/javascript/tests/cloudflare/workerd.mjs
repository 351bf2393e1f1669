// A Worker in `workerd`, the vendor's open runtime, on loopback: what `wrangler deploy --dry-run` would have sent.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as pass } from "node:timers/promises";

import workerd from "workerd";

export const PUBLIC_URL = "https://tokens.example.com";
export const ADMIN_TOKEN = "an-admin-token-for-tests-of-enough-length";

/** Bundles a Worker as a deployment does, `main` or that of wrangler.jsonc, and returns the folder and what was said. */
export function bundle(main, folder) {
  const out = resolve(folder);
  const said = execFileSync(
    "node_modules/.bin/wrangler", ["deploy", ...(main ? [main] : []), "--dry-run", "--outdir", out],
    { encoding: "utf8", timeout: 60_000, env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(out, "logs") } },
  );
  return { out, said };
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function configuration(out, state, port, bindings) {
  const quoted = (text) => JSON.stringify(text);
  const modules = readdirSync(out).filter((name) => /\.(js|wasm)$/.test(name)).sort((name) => (name.endsWith(".js") ? -1 : 1));
  const listed = modules.map((name) => (
    name.endsWith(".js") ? `(name = ${quoted(name)}, esModule = embed ${quoted(name)})` : `(name = ${quoted(`./${name}`)}, wasm = embed ${quoted(name)})`
  ));
  const texts = Object.entries(bindings).map(([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "state", disk = (path = ${quoted(state)}, writable = true)),
    # The JWKS endpoints of the tests are on loopback. A deployment has no such thing.
    (name = "internet", network = (allow = ["public", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${listed.join(", ")}],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "ENDPOINT", durableObjectNamespace = "Asserta"), ${texts.join(", ")}],
  durableObjectNamespaces = [(className = "Asserta", uniqueKey = "asserta", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
  globalOutbound = "internet",
);
`;
}

/** Starts it, and waits until it is well. `state` stays when it ends. */
export async function serve(out, state, bindings = {}) {
  mkdirSync(state, { recursive: true });
  const port = await freePort();
  const file = join(out, `config-${port}.capnp`);
  writeFileSync(file, configuration(out, resolve(state), port, {
    PUBLIC_URL, ADMIN_TOKEN, DEV: "true", ...bindings,
  }));
  const child = spawn(workerd.default, ["serve", file], { stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (told += text));
  const ended = new Promise((done) => child.once("exit", done));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 400) throw new Error(`workerd does not start: ${told}`);
    try {
      await (await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) })).text();
      break;
    } catch {
      await pass(25);
    }
  }
  const admin = async (method, path, document) => {
    const response = await fetch(`${url}/admin/${path}`, {
      method, headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: document && JSON.stringify(document),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  const events = () => told.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  // KiB.
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]);
  // Milliseconds, in user and kernel. The name of the program, in parentheses, is the second field.
  const cpu = () => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  return { url, admin, stop, events, memory, cpu, told: () => told };
}
