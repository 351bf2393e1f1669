// The package in a page that is served on localhost, in headless Chromium.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { test } from "node:test";

import { chromium } from "playwright-core";

const TYPES = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

/** Serves this folder, and one page that names where `asserta` lies. */
function serve() {
  const page = `<!doctype html><script type="importmap">
    {"imports": {"asserta": "/node_modules/asserta/dist/index.js"}}</script>`;
  return createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    try {
      const body = path === "/" ? page : await readFile(join(process.cwd(), path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/html" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}

test("a page exchanges an assertion", { timeout: 120_000 }, async (t) => {
  const server = serve();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  const seen = await page.evaluate(async () => {
    const { Exchanger, JWT_BEARER } = await import("asserta");
    const { Partner, PUBLIC_URL } = await import("/partner.mjs");
    const partner = await Partner.create();
    const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
    exchanger.trustedIssuers.register(partner.trusted());
    const app = exchanger.applications.register({ grantTypes: [JWT_BEARER] });
    const request = { assertion: await partner.assertion(), clientId: app.clientId, clientSecret: app.clientSecret };
    const token = await exchanger.exchange(request);
    const refused = await exchanger.exchange(request).catch((error) => error);
    return { parts: token.token.split(".").length, subject: token.claims.sub, reason: refused.reason };
  });
  assert.deepEqual(seen, { parts: 3, subject: "alice", reason: "assertion-replayed" });
});
