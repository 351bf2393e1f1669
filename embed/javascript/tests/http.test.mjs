// The HTTP endpoint of the package in Node: `asserta/http`.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";

import { FetchFailed, HttpEndpoint, InvalidMember, MemoryStore, nodeListener, Trapped } from "asserta/http";

import { Partner, PUBLIC_URL } from "./partner.mjs";

const ADMIN_TOKEN = "an-admin-token-for-tests-of-enough-length";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const partner = await Partner.create();

/** Registers by the admin API; returns what sends assertions. */
async function ready(options = {}, issuer = {}, settings = {}) {
  const events = [];
  const errors = [];
  const endpoint = await HttpEndpoint.create({
    settings: { publicUrl: PUBLIC_URL, adminToken: ADMIN_TOKEN, ...settings },
    onEvent: (event) => events.push(event), onError: (error) => errors.push(error), ...options,
  });
  const admin = async (method, path, document) => {
    const response = await endpoint.handle(new Request(`${PUBLIC_URL}/admin/${path}`, {
      method, headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(document),
    }));
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return response.json();
  };
  await admin("POST", "organizations/default/trusted-issuers", partner.trusted(issuer));
  const app = await admin("POST", "organizations/default/applications", { grant_types: [GRANT] });
  const headers = { authorization: `Basic ${btoa(`${app.client_id}:${app.client_secret}`)}` };
  const request = (assertion) => new Request(`${PUBLIC_URL}/oauth2/token`, {
    method: "POST", headers, body: new URLSearchParams({ grant_type: GRANT, assertion }),
  });
  const exchange = async (assertion) => endpoint.handle(request(assertion ?? await partner.assertion()));
  return { endpoint, exchange, admin, events, errors, headers };
}

/** A server of it, and a raw client of that. */
async function served(t, endpoint) {
  const server = createServer(nodeListener(endpoint));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address();
  const raw = (...parts) => new Promise((done, failed) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", async () => {
      for (const part of parts) {
        socket.write(part);
        await pass(20);
      }
    });
    socket.setEncoding("latin1").on("data", (data) => (text += data)).on("close", () => done(text)).on("error", failed);
    socket.setTimeout(15_000, () => socket.destroy());
  });
  return { url: `http://127.0.0.1:${port}`, raw };
}

/** A JWKS endpoint on loopback, and how often it was asked. */
async function keys(t, answer) {
  const seen = { count: 0 };
  const server = createServer((request, response) => {
    seen.count += 1;
    answer(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  return { seen, jwks_uri: `http://127.0.0.1:${server.address().port}/jwks` };
}

test("an assertion is exchanged once, and what happened is told", async () => {
  const { endpoint, exchange, events, errors } = await ready();
  const assertion = await partner.assertion();
  const first = await exchange(assertion);
  assert.equal(first.status, 200, await first.clone().text());
  assert.equal(first.headers.get("cache-control"), "no-store");
  assert.equal((await first.json()).token_type, "Bearer");
  const second = await exchange(assertion);
  assert.deepEqual([second.status, (await second.json()).error], [400, "invalid_grant"]);
  const outcomes = events.filter(({ event }) => event === "exchange").map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ["granted", "assertion-replayed"]);
  assert.deepEqual(errors, []);
  const keys = await endpoint.handle(new Request(`${PUBLIC_URL}/oauth2/jwks`));
  assert.equal((await keys.json()).keys.length, 1);
  const head = await endpoint.handle(new Request(`${PUBLIC_URL}/health`, { method: "HEAD" }));
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal((await endpoint.handle(new Request(`${PUBLIC_URL}/t/nobody/oauth2/jwks`))).status, 404);
});

test("of 64 that present one assertion at once, one gets a token", async (t) => {
  const { endpoint, exchange, headers } = await ready();
  const { url } = await served(t, endpoint);
  for (let round = 0; round < 5; round++) {
    const assertion = await partner.assertion();
    const post = () => fetch(`${url}/oauth2/token`, {
      method: "POST", headers, body: new URLSearchParams({ grant_type: GRANT, assertion }),
    });
    const ask = round % 2 ? post : () => exchange(assertion);
    const statuses = (await Promise.all(Array.from({ length: 64 }, ask))).map(({ status }) => status);
    assert.deepEqual([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 400).length], [1, 63]);
  }
});

test("settings that can't be used are named", async () => {
  for (const [field, settings] of [
    ["publicUrl", { publicUrl: "nonsense" }], ["publicUrl", { publicUrl: 7 }], ["publicUrl", { publicUrl: undefined }], ["adminToken", { adminToken: "short" }],
    ["dev", { dev: "perhaps" }], ["accessTokenAlgorithm", { accessTokenAlgorithm: "HS256" }], ["adminTokken", { adminTokken: "x" }],
    ["settings", null],
  ]) {
    const bad = settings && { publicUrl: PUBLIC_URL, ...settings };
    await assert.rejects(HttpEndpoint.create({ settings: bad }), (error) => {
      assert.ok(error instanceof InvalidMember && error.field === field, `${field}: ${error.field} ${error}`);
      return true;
    });
  }
  const trust = { organizations: [{ name: "default", trusted_issuers: [partner.trusted({ subjekt: "x" })] }] };
  await assert.rejects(HttpEndpoint.create({ settings: { publicUrl: PUBLIC_URL, trust } }), /subjekt/);
});

test("a body is read to its limit and no further", async (t) => {
  const { endpoint, headers } = await ready();
  let pulled = 0;
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024).fill((pulled++, 65))) });
  const huge = await endpoint.handle(new Request(`${PUBLIC_URL}/oauth2/token`, {
    method: "POST", headers: { ...headers, "content-type": "application/x-www-form-urlencoded" }, body: endless, duplex: "half",
  }));
  assert.deepEqual([huge.status, pulled < 80], [413, true]);
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const odd = await endpoint.handle(new Request(`${PUBLIC_URL}/oauth2/token`, { method: "POST", headers, body: broken, duplex: "half" }));
  assert.equal(odd.status, 400);

  const used = new Request(`${PUBLIC_URL}/oauth2/token`, { method: "POST", headers, body: "a=b" });
  used.body.getReader();
  assert.equal((await endpoint.handle(used)).status, 500);

  const { url, raw } = await served(t, endpoint);
  const form = "content-type: application/x-www-form-urlencoded\r\nhost: a\r\n";
  const announced = await raw(`POST /oauth2/token HTTP/1.1\r\n${form}content-length: 10000000\r\n\r\n`);
  assert.match(announced, /^HTTP\/1\.1 413 /);
  const chunk = `2000\r\n${"a".repeat(0x2000)}\r\n`;
  const chunked = await raw(`POST /oauth2/token HTTP/1.1\r\n${form}transfer-encoding: chunked\r\n\r\n`, ...Array(9).fill(chunk));
  assert.match(chunked, /^HTTP\/1\.1 413 /);
  assert.equal((await fetch(`${url}/health`)).status, 200);
});

test("a body that does not come is not waited for", { timeout: 30_000 }, async (t) => {
  const { endpoint } = await ready();
  const { raw } = await served(t, endpoint);
  const slow = await raw("POST /oauth2/token HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\ngrant");
  assert.match(slow, /^HTTP\/1\.1 400 /);
  assert.match(await raw("TRACE /oauth2/token HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"), /^HTTP\/1\.1 405 /);
  assert.match(await raw("GET http://elsewhere/health?x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"), /^HTTP\/1\.1 200 /);
  assert.match(await raw("GET //health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"), /^HTTP\/1\.1 404 /);
});

test("one fetch serves all who wait", async () => {
  let fetches = 0;
  const fetchKeys = async () => {
    fetches += 1;
    await pass(300);
    return { text: JSON.stringify(partner.jwks), maxAge: 300 };
  };
  const { exchange } = await ready({ fetchKeys }, { jwks_uri: "https://partner.example/jwks" });
  const statuses = (await Promise.all(Array.from({ length: 50 }, () => exchange()))).map(({ status }) => status);
  assert.deepEqual([[...new Set(statuses)], fetches], [[200], 1]);
});

test("keys that can't be had are asked for once, and told with the cause", { timeout: 60_000 }, async (t) => {
  for (const [cause, answer] of [
    [/302/, (response) => response.writeHead(302, { location: "https://partner.example/" }).end()],
    [/404/, (response) => response.writeHead(404).end()],
    [/size|64|large/i, (response) => response.end(" ".repeat(2_000_000))],
    [/./, (response) => response.end("<html>")],
    [/time|5 seconds/i, () => {}],
  ]) {
    const { seen, jwks_uri } = await keys(t, answer);
    const { exchange, events } = await ready({}, { jwks_uri }, { dev: true });
    const began = Date.now();
    const responses = await Promise.all([exchange(), exchange(), exchange()]);
    assert.deepEqual(responses.map(({ status }) => status), [503, 503, 503], String(cause));
    assert.equal((await exchange()).status, 503);
    assert.ok(Date.now() - began < 6_000, `${cause}: ${Date.now() - began} ms`);
    assert.equal(seen.count, 1, String(cause));
    const told = events.find(({ event }) => event === "keys-failed");
    assert.match(told.cause, cause);
  }
});

test("whatever a fetcher does, the keys are unavailable", async () => {
  for (const fetchKeys of [
    async () => { throw undefined; }, () => { throw new Error("at once"); }, async () => undefined, async () => ({ text: 7 }),
    async () => { throw new FetchFailed("x", "status"); }, async () => ({ text: "{}", maxAge: "soon" }),
    async () => ({ text: " ".repeat(1_000_000) }),
  ]) {
    const { exchange, errors } = await ready({ fetchKeys }, { jwks_uri: "https://partner.example/jwks" });
    const response = await exchange();
    assert.deepEqual([response.status, (await response.json()).error, errors], [503, "temporarily_unavailable", []], String(fetchKeys));
  }
  const forbidden = await ready({}, { jwks_uri: "https://169.254.169.254/jwks" });
  assert.equal((await forbidden.exchange()).status, 503);
  assert.match(forbidden.events.find(({ event }) => event === "keys-failed").cause, /address/);
});

test("a store that fails grants nothing", async () => {
  for (const increment of [() => { throw new Error("SQLITE_FULL"); }, async () => 1, () => 0]) {
    const store = new MemoryStore();
    const told = [];
    const { exchange, errors } = await ready({ store, onStoreError: (error) => told.push(error) });
    store.increment = increment;
    const response = await exchange();
    assert.deepEqual([response.status, (await response.json()).access_token, errors], [503, undefined, []]);
    assert.ok(told.length > 0);
  }
});

test("after a trap a new instance serves", async () => {
  let broken = false;
  const clock = () => {
    if (broken) throw new Error("no time");
    return Date.now() / 1000;
  };
  let fetched;
  const fetchKeys = () => new Promise((done) => (fetched = () => done({ text: JSON.stringify(partner.jwks) })));
  const { endpoint, exchange, errors } = await ready({ clock, fetchKeys }, { jwks_uri: "https://partner.example/jwks" });
  const waiting = exchange();
  while (!fetched) await pass(5);
  broken = true;
  const failed = await exchange();
  assert.deepEqual([failed.status, (await failed.json()).error], [500, "server_error"]);
  broken = false;
  assert.ok(errors[0] instanceof Trapped && errors[0].cause.message === "no time");
  const health = await endpoint.handle(new Request(`${PUBLIC_URL}/health`));
  assert.equal(health.status, 200);
  fetched();
  const abandoned = await waiting;
  assert.deepEqual([abandoned.status, abandoned.headers.get("retry-after")], [503, "1"]);
});

test("work after a response comes after it, when whoever serves says so", async () => {
  const due = [];
  const store = new MemoryStore();
  const { endpoint, exchange } = await ready({ store, afterResponse: (work) => due.push(work) });
  await Promise.all([exchange(), exchange()]);
  assert.equal(due.length, 1); // once until it begins
  await due.shift()();
  await exchange();
  assert.equal(due.length, 1);
  await endpoint.afterResponse();
  assert.ok(store.get("registry", store.keys("registry", "", undefined, 1000).find((key) => key.includes("sweep"))));
});
