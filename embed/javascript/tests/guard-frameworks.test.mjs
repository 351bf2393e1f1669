// R112, R120: the guard in the frameworks and runtimes that people use, as docs/guard.md has it: Express, Hono, and a fetch handler
// in Deno and Bun. An Asserta serves on this machine, and a client that is not ours (openid-client) gets tokens and presents them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, get as httpGet } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { serve } from "@hono/node-server";
import { express as expressGuard, hono as honoGuard } from "asserta/guard";
import express from "express";
import { Hono } from "hono";
import * as openid from "openid-client";

import { asserta, GRANT, listen } from "./serving.mjs";

/** What a handler finds. */
const seen = (passed, headers, body) => ({
  subject: passed.subject, clientId: passed.clientId, scopes: passed.scopes, body,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => /^x[-_]asserta/i.test(name))),
});

/** Each serves `POST /api/orders` behind the guard, and says at which URL. */
const APIS = {
  async Express(t, settings) {
    const app = express();
    const url = await listen(t, createServer(app));
    app.use(expressGuard(settings(url)));
    app.use(express.json());
    app.post("/api/orders", (request, response) => response.json(seen(request.asserta, request.headers, request.body)));
    return url;
  },

  async "Express, mounted"(t, settings) {
    const [app, api] = [express(), express.Router()];
    const url = await listen(t, createServer(app));
    app.use("/api", expressGuard(settings(url)), api);
    api.use(express.json());
    api.post("/orders", (request, response) => response.json(seen(request.asserta, request.headers, request.body)));
    return url;
  },

  async Hono(t, settings) {
    const app = new Hono();
    const server = await new Promise((done) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => done(server));
    });
    t.after(() => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${server.address().port}`;
    app.use(honoGuard(settings(url)));
    app.post("/api/orders", async (c) => c.json(seen(c.get("asserta"), c.req.header(), await c.req.json())));
    return url;
  },

  Deno: (t, settings) => elsewhere(t, "node_modules/.bin/deno", ["run", "-A", "--node-modules-dir=manual"], settings),

  Bun: (t, settings) => elsewhere(t, "node_modules/.bin/bun", ["run"], settings),
};

/** A fetch handler in another runtime: guarded-handler.mjs. */
async function elsewhere(t, program, options, settings) {
  const process = spawn(program, [...options, "guarded-handler.mjs"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => process.kill());
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const { value: url } = await lines.next();
  process.stdin.end(`${JSON.stringify(settings(url))}\n`);
  assert.equal((await lines.next()).value, "ready");
  return url;
}

/** The first message of a WebSocket, or the status of the answer where there is none. */
function firstMessage(url, authorization) {
  return new Promise((done, failed) => {
    const headers = {
      connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...(authorization && { authorization }),
    };
    httpGet(url, { headers })
      .on("upgrade", (_, socket, head) => {
        let frame = head;
        // A short text, whole: two bytes, and the text.
        const look = () => {
          if (frame.length < 2 || frame.length < 2 + (frame[1] & 0x7f)) return;
          done(frame.subarray(2).toString());
          socket.destroy();
        };
        socket.on("data", (more) => { frame = Buffer.concat([frame, more]); look(); });
        look();
      })
      .on("response", (response) => { done(response.statusCode); response.resume(); })
      .on("error", failed);
  });
}

for (const [name, make] of Object.entries(APIS)) {
  test(`R120: ${name}`, async (t) => {
    const { issuer, partner, register } = await asserta(t);
    const url = await make(t, (audience) => ({ issuer, audience, scopes: ["orders.read"] }));
    const { client_id, client_secret } = await register("applications", {
      grant_types: [GRANT], scope: "orders.read orders.write", audience: url,
    });
    const client = await openid.discovery(
      new URL(issuer), client_id, undefined, openid.ClientSecretBasic(client_secret),
      // It refuses http; this is loopback.
      { execute: [openid.allowInsecureRequests] });
    const get = async (scope, options, claims = {}) => {
      const assertion = await partner.assertion({ aud: issuer, ...claims });
      const { access_token } = await openid.genericGrantRequest(client, GRANT, { assertion, scope }, options);
      return access_token;
    };
    const call = (token, options, headers = {}, path = "/api/orders?a=b") => openid.fetchProtectedResource(
      client, token, new URL(path, url), "POST", JSON.stringify({ item: "ü" }),
      new Headers({ "content-type": "application/json", ...headers }), options);

    // A good token, and headers that somebody smuggles in.
    const smuggled = { "x-asserta-subject": "root", x_asserta_subject: "root", "x-asserta-admin": "1" };
    const good = await call(await get("orders.read", {}, { sub: "jörg" }), {}, smuggled);
    assert.equal(good.status, 200, await good.clone().text());
    const { headers, ...found } = await good.json();
    assert.deepEqual(found, { subject: "jörg", clientId: client_id, scopes: ["orders.read"], body: { item: "ü" } });
    assert.ok(headers["x-asserta-claims"]);
    delete headers["x-asserta-claims"];
    assert.deepEqual(headers, {
      "x-asserta-subject": "j%C3%B6rg", "x-asserta-client-id": client_id, "x-asserta-scope": "orders.read",
    });

    // What does not pass.
    const post = (authorization) => fetch(`${url}/api/orders`, {
      method: "POST", body: "{}", headers: { "content-type": "application/json", ...(authorization && { authorization }) },
    });
    const challenged = async (authorization) => {
      const response = await post(authorization);
      return [response.status, response.headers.get("www-authenticate")];
    };
    const metadata = `${url}/.well-known/oauth-protected-resource`;
    assert.deepEqual(await challenged(), [401, `Bearer scope="orders.read", resource_metadata="${metadata}"`]);
    // Mounted below a path, it never sees the URL of the metadata.
    if (name !== "Express, mounted") {
      assert.deepEqual((await (await fetch(metadata)).json()).authorization_servers, [issuer]);
    }
    const [lacking, scope] = await challenged(`Bearer ${await get("orders.write")}`);
    assert.equal(lacking, 403);
    assert.match(scope, /error="insufficient_scope"/);
    const [forged, invalid] = await challenged(`Bearer ${(await get("orders.read")).slice(0, -6)}AAAAAA`);
    assert.equal(forged, 401);
    assert.match(invalid, /error="invalid_token"/);

    // A bound token, with a new proof for each request.
    const DPoP = openid.getDPoPHandle(client, await openid.randomDPoPKeyPair("ES256"));
    const bound = await get("orders.read", { DPoP });
    for (let round = 0; round < 2; round += 1) assert.equal((await call(bound, { DPoP })).status, 200);
    assert.equal((await post(`Bearer ${bound}`)).status, 401);

    if (name === "Deno" || name === "Bun") {
      assert.equal(await firstMessage(`${url}/socket`, `Bearer ${await get("orders.read", {}, { sub: "alice" })}`), "alice");
      assert.equal(await firstMessage(`${url}/socket`), 401);
    }
  });
}
