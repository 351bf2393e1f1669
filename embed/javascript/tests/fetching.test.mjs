// JWKS documents that can't be had: told with their cause, and never more than that (R50 to R52, R56).

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Exchanger, FetchFailed, fetchKeys, JWT_BEARER, MemoryStore, Refused } from "asserta";

import { Partner, PUBLIC_URL } from "./partner.mjs";

const partner = await Partner.create();

/** A JWKS endpoint on loopback. */
async function endpoint(t, answer) {
  const server = createServer(answer);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${server.address().port}/jwks`;
}

/** An exchanger whose fetcher is the caller's. */
async function ready(fetchKeys, options = {}) {
  const failures = [];
  const exchanger = await Exchanger.create({
    publicUrl: PUBLIC_URL, fetchKeys, onKeysFailed: (failure) => failures.push(failure), ...options,
  });
  exchanger.trustedIssuers.register(partner.trusted({ jwks_uri: "https://partner.example/jwks" }));
  const { client_id: clientId, client_secret: clientSecret } = exchanger.applications.register({ grant_types: [JWT_BEARER] });
  const exchange = async () => exchanger.exchange({ assertion: await partner.assertion(), clientId, clientSecret });
  return { exchanger, exchange, failures };
}

test("what is not taken is told with its cause", async (t) => {
  let answer;
  const uri = await endpoint(t, (request, response) => answer(response, request));
  for (const [problem, words, one] of [
    ["redirect", "302", (response) => response.writeHead(302, { location: "https://partner.example/" }).end()],
    ["status", "204", (response) => response.writeHead(204).end()],
    ["status", "404", (response) => response.writeHead(404).end()],
    ["too-large", "64 KiB", (response) => response.end(" ".repeat(64 * 1024 + 1))],
    ["too-large", "64 KiB", (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(" ".repeat(1_000_000)))],
    ["encoded", "UTF-8", (response) => response.end(Buffer.from([0xff, 0xfe]))],
    ["incomplete", "incomplete", (response) => response.socket.end("not HTTP\r\n\r\n")],
    ["incomplete", "incomplete", (response) => response.socket.destroy()],
  ]) {
    answer = one;
    await assert.rejects(fetchKeys(uri, { dev: true }), (error) => {
      assert.ok(error instanceof FetchFailed && error.problem === problem && error.message.includes(words), `${problem}: ${error.problem} ${error}`);
      return true;
    });
  }
  const closed = createServer();
  await new Promise((done) => closed.listen(0, "127.0.0.1", done));
  const nobody = `http://127.0.0.1:${closed.address().port}/`;
  await new Promise((done) => closed.close(done));
  for (const [problem, bad] of [
    ["tls", uri.replace("http:", "https:")], ["name-unknown", "https://nowhere.invalid/"], ["unreachable", nobody],
    ["bad-address", "https://[::1/"], ["bad-address", "https://127.0.0.1:99999/"],
  ]) {
    await assert.rejects(fetchKeys(bad, { dev: true }), { name: "FetchFailed", problem }, bad);
  }
  answer = (response, request) => response.end(JSON.stringify(request.headers));
  const seen = JSON.parse((await fetchKeys(uri, { dev: true })).text);
  assert.equal(seen["accept-encoding"], "identity");
});

test("a slow answer ends after five seconds", async (t) => {
  const uri = await endpoint(t, (_, response) => {
    response.write(" ");
    const drip = setInterval(() => response.write(" "), 200);
    response.on("close", () => clearInterval(drip));
  });
  const began = Date.now();
  await assert.rejects(fetchKeys(uri, { dev: true }), { problem: "timed-out" });
  assert.ok(Date.now() - began < 7_000);
});

test("whatever a fetcher does, the keys are unavailable", async () => {
  const rejecting = (error) => async () => { throw error; };
  for (const [name, fetcher] of Object.entries({
    "an Error": rejecting(new Error("no such secret")), "a TypeError": rejecting(new TypeError("x")), "undefined": rejecting(undefined),
    "null": rejecting(null), "a text": rejecting("down"), "a number": rejecting(0), "an object": rejecting({ payload: { tag: "refusal" } }),
    "a Refused": rejecting(new Refused("invalid_grant", "assertion-expired", "")), "a symbol": rejecting(Symbol("x")),
    "thrown at once": () => { throw new Error("at once"); }, "no promise, no document": () => undefined,
    "no document": async () => undefined, "null instead": async () => null, "text instead": async () => "{}",
    "bytes": async () => new Uint8Array(2), "a Response": async () => new Response("{}"),
    "a document of bytes": async () => ({ text: new Uint8Array(2) }), "a document of a promise": async () => ({ text: Promise.resolve("{}") }),
    "a lone surrogate": async () => ({ text: "\ud800" }), "over 64 KiB": async () => ({ text: " ".repeat(64 * 1024 + 1) }),
    "over 64 KiB in UTF-8": async () => ({ text: "é".repeat(40_000) }), "as large as memory": async () => ({ text: "x".repeat(100_000_000) }),
    "a negative age": async () => ({ text: JSON.stringify(partner.jwks), maxAge: -1 }), "half a second": async () => ({ text: "{}", maxAge: 0.5 }),
    "an age of text": async () => ({ text: "{}", maxAge: "60" }), "no age": async () => ({ text: "{}", maxAge: NaN }),
    "for ever": async () => ({ text: "{}", maxAge: Infinity }), "empty": async () => ({ text: "" }),
    "HTML": async () => ({ text: "<!doctype html>" }), "no set": async () => ({ text: '{"issuer": "x"}' }),
    "no key": async () => ({ text: '{"keys": []}' }), "no usable key": async () => ({ text: '{"keys": [{"kty": "oct", "k": "AA"}]}' }),
  })) {
    let fetches = 0;
    const { exchange, failures } = await ready((uri) => {
      fetches += 1;
      return fetcher(uri);
    });
    for (let i = 0; i < 5; i++) {
      await assert.rejects(exchange(), { name: "Refused", code: "temporarily_unavailable", reason: "keys-unavailable" }, name);
    }
    assert.ok(fetches <= 2, `${name}: ${fetches} fetches`); // the half minute may end in between
    assert.equal(failures.length, fetches, name);
    assert.equal(failures[0].trustedIssuer, "partner");
  }
});

test("the refusal has the cause, also for who waited", async () => {
  const error = new FetchFailed("it is down", "unreachable");
  const { exchange } = await ready(() => new Promise((_, reject) => setTimeout(() => reject(error), 100)));
  const outcomes = await Promise.allSettled([exchange(), exchange(), exchange()]);
  for (const { reason } of outcomes) assert.equal(reason.cause, error);
});

test("who listens decides nothing, and a store that fails meanwhile says so", async () => {
  const thrower = await ready(async () => undefined, { onKeysFailed: () => { throw new Error("x"); } });
  await assert.rejects(thrower.exchange(), { reason: "keys-unavailable" });

  const store = new MemoryStore();
  const { exchange } = await ready(async () => {
    store.set = () => { throw new Error("the disk is full"); };
    throw new Error("down");
  }, { store, onStoreError: () => {} });
  await assert.rejects(exchange(), { name: "Refused", code: "temporarily_unavailable" });
});

test("the last good keys are used while none can be had (R51)", async () => {
  let now = Date.now() / 1000;
  const documents = [{ text: JSON.stringify(partner.jwks), maxAge: 60 }];
  const { exchange, failures } = await ready(async () => documents.pop(), { clock: () => now });
  await exchange();
  now += 90;
  await exchange();
  assert.equal(failures.length, 1);
});

test("a store that answers nonsense refuses (R45, R70)", async () => {
  for (const [name, answer] of [
    ["get", 1], ["get", Promise.resolve(undefined)], ["increment", true], ["increment", 0], ["increment", "1"], ["increment", undefined],
    ["increment", 1.5], ["increment", NaN], ["increment", Promise.resolve(1)],
  ]) {
    const store = new MemoryStore();
    const before = await ready(async () => ({ text: JSON.stringify(partner.jwks) }), { store, onStoreError: () => {} });
    await before.exchange();
    store[name] = () => answer;
    await assert.rejects(before.exchange(), { name: "Refused", reason: "store-unavailable" }, `${name} ${String(answer)}`);
  }
  const store = new MemoryStore();
  const { exchanger } = await ready(false, { store, onStoreError: () => {} });
  for (const answer of ["text", undefined, [1], Promise.resolve([])]) {
    store.keys = () => answer;
    assert.throws(() => [...exchanger.applications.list()], { kind: "store-unavailable" });
  }
  store.set = async () => {};
  assert.throws(() => exchanger.applications.register({ grant_types: [] }), { kind: "store-unavailable" });
});
