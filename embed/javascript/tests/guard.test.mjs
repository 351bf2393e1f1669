// R120, R121: the guard before fetch handlers, Hono and Express, with tokens of a real exchanger.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";

import { Exchanger } from "asserta";
import { express, FetchFailed, fetchKeys, Guard, guard, hono, InvalidMember } from "asserta/guard";

import { Partner, PUBLIC_URL } from "./partner.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const AUDIENCE = "https://api.example/mcp";
const METADATA = "https://api.example/.well-known/oauth-protected-resource/mcp";

/** A token for the audience, and the set that verifies it. */
async function issue(issuer = PUBLIC_URL) {
  const partner = await Partner.create();
  const exchanger = await Exchanger.create({ publicUrl: issuer });
  await exchanger.trustedIssuers.register(partner.trusted());
  const app = await exchanger.applications.register({
    grant_types: [GRANT], scope: "notes.read notes.write", audience: AUDIENCE,
  });
  const { token } = await exchanger.exchange({
    assertion: await partner.assertion({ aud: issuer }), clientId: app.client_id, clientSecret: app.client_secret,
  });
  return { token, jwks: exchanger.keys.jwks(), clientId: app.client_id };
}

const issued = await issue();
const settings = (more = {}) => ({
  issuer: PUBLIC_URL, audience: AUDIENCE, scopes: ["notes.read"],
  fetchKeys: async () => ({ text: issued.jwks }), onError: () => {}, ...more,
});
const request = (headers = {}, url = AUDIENCE, more = {}) => new Request(url, { headers, ...more });
const bearer = (token = issued.token) => ({ authorization: `Bearer ${token}` });

async function check(guard, ...authorization) {
  const decision = await guard.check({ method: "GET", target: "/mcp", authorization, dpop: [] });
  return decision.answer ?? decision.passed;
}

test("R120: a fetch handler sees what passes, with our headers alone", async () => {
  const handle = guard(async (request, passed, more) => Response.json({
    headers: [...request.headers], clientId: passed.clientId, body: await request.text(), more,
  }), settings());
  const smuggled = { "X-Asserta-Subject": "root", x_asserta_subject: "root", "x-asserta-admin": "1" };
  const response = await handle(request({ ...bearer(), ...smuggled }, AUDIENCE, { method: "POST", body: "hello" }), "more");
  assert.equal(response.status, 200);
  const seen = await response.json();
  assert.deepEqual([seen.clientId, seen.body, seen.more], [issued.clientId, "hello", "more"]);
  const ours = seen.headers.filter(([name]) => /^x[-_]asserta/i.test(name)).map(([name]) => name);
  assert.deepEqual(ours.sort(), ["x-asserta-claims", "x-asserta-client-id", "x-asserta-scope", "x-asserta-subject"]);
  assert.ok(!JSON.stringify(seen).includes("root"));
});

test("R120: what does not pass is challenged", async () => {
  const handle = guard(() => assert.fail("it must not get here"), settings());
  const bare = await handle(request());
  assert.equal(bare.status, 401);
  assert.equal(bare.headers.get("www-authenticate"), `Bearer scope="notes.read", resource_metadata="${METADATA}"`);
  const both = await handle(new Request(AUDIENCE, { headers: [["authorization", `Bearer ${issued.token}`], ["authorization", "Bearer x"]] }));
  assert.equal(both.status, 400);
  const query = await handle(request({}, `${AUDIENCE}?access_token=${issued.token}`));
  assert.equal(query.status, 401);
  const metadata = await handle(request({}, METADATA));
  assert.equal((await metadata.json()).resource, AUDIENCE);

  const guarding = await Guard.create(settings());
  const refused = async (...values) => {
    const { status, reason } = await check(guarding, ...values);
    return [status, reason];
  };
  assert.deepEqual(await refused(`Bearer ${issued.token.slice(0, -4)}AAAA`), [401, "signature-invalid"]);
  assert.deepEqual(await refused(`Bearer ${issued.token}`, `Bearer ${issued.token}`), [400, "credentials-twice"]);
  assert.deepEqual(await refused(`DPoP ${issued.token}`), [401, "proof-missing"]);
  const more = await Guard.create(settings({ scopes: ["notes.read", "admin"] }));
  assert.equal((await check(more, `Bearer ${issued.token}`)).status, 403);
  const late = await Guard.create(settings({ clock: () => 4_000_000_000 }));
  assert.equal((await check(late, `Bearer ${issued.token}`)).reason, "expired");
});

/** Makes DPoP proofs (RFC 9449 section 4.2) by a key of its own. */
async function prover() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const encode = (bytes) => Buffer.from(bytes).toString("base64url");
  let serial = 0;
  return async (htm, htu, token) => {
    const ath = token && encode(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
    const parts = [
      { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } },
      { htm, htu, iat: Math.floor(Date.now() / 1000), jti: `${serial++}`, ath },
    ];
    const message = parts.map((part) => encode(JSON.stringify(part))).join(".");
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    return `${message}.${encode(await crypto.subtle.sign(algorithm, pair.privateKey, new TextEncoder().encode(message)))}`;
  };
}

test("R100: explain looks at the proof", async () => {
  const [prove, partner] = [await prover(), await Partner.create()];
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  exchanger.trustedIssuers.register(partner.trusted());
  const { client_id: clientId } = exchanger.applications.register({ grant_types: [GRANT] });
  const [assertion, url] = [await partner.assertion(), "https://gateway.example/token"];
  const dpopProof = await prove("POST", url);
  const reasons = (...explained) => explained.map(({ checks }) => checks.find(({ check }) => check === "DPoP proof").reason);
  const elsewhere = { clientId, dpopProof };
  const here = { ...elsewhere, dpopUrl: url };
  assert.deepEqual(
    reasons(exchanger.explain(assertion, here), exchanger.explainToken({ subjectToken: assertion, ...here })),
    [undefined, undefined],
  );
  assert.deepEqual(
    reasons(exchanger.explain(assertion, elsewhere), exchanger.explainToken({ subjectToken: assertion, ...elsewhere })),
    ["dpop-proof-mismatch", "dpop-proof-mismatch"],
  );
});

test("R120: a bound token passes with its proof alone", async () => {
  const [prove, theirs, partner] = [await prover(), await prover(), await Partner.create()];
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  await exchanger.trustedIssuers.register(partner.trusted());
  const app = await exchanger.applications.register({ grant_types: [GRANT], audience: AUDIENCE });
  const { token } = await exchanger.exchange({
    assertion: await partner.assertion(), clientId: app.client_id, clientSecret: app.client_secret,
    dpopProof: await prove("POST", `${PUBLIC_URL}/oauth2/token`),
  });
  const bound = settings({ scopes: [], fetchKeys: async () => ({ text: exchanger.keys.jwks() }) });
  const handle = guard(async (_, passed) => Response.json(passed.claims.cnf), bound);
  const ask = (scheme, ...proofs) => handle(new Request(`${AUDIENCE}?a=b`, {
    headers: [["authorization", `${scheme} ${token}`], ...proofs.map((proof) => ["dpop", proof])],
  }));
  const proof = await prove("GET", AUDIENCE, token);
  const passed = await ask("DPoP", proof);
  assert.equal(passed.status, 200);
  assert.equal((await passed.json()).jkt.length, 43);
  for (const [scheme, ...proofs] of [
    ["DPoP", proof],
    ["DPoP"],
    ["DPoP", await prove("GET", AUDIENCE, token), await prove("GET", AUDIENCE, token)],
    ["DPoP", await prove("POST", AUDIENCE, token)],
    ["DPoP", await prove("GET", AUDIENCE)],
    ["DPoP", await theirs("GET", AUDIENCE, token)],
    ["Bearer"],
    ["Bearer", await prove("GET", AUDIENCE, token)],
  ]) {
    const answer = await ask(scheme, ...proofs);
    assert.equal(answer.status, 401, scheme);
    assert.match(answer.headers.get("www-authenticate"), /^DPoP error=.*algs="ES256 EdDSA Ed25519 RS256"/);
  }
});

test("R51: keys are fetched once for all who wait, and their lack is no bad token", async () => {
  let fetches = 0;
  const guarding = await Guard.create(settings({
    fetchKeys: async (uri) => {
      assert.equal(uri, `${PUBLIC_URL}/oauth2/jwks`);
      fetches += 1;
      return { text: issued.jwks };
    },
  }));
  const all = await Promise.all(Array.from({ length: 16 }, () => check(guarding, `Bearer ${issued.token}`)));
  assert.ok(all.every((passed) => passed.clientId === issued.clientId));
  assert.equal(fetches, 1);
  const down = await Guard.create(settings({ fetchKeys: async () => { throw new FetchFailed("it is down"); } }));
  assert.deepEqual(
    (({ status, reason }) => [status, reason])(await check(down, `Bearer ${issued.token}`)), [503, "keys-unavailable"],
  );
});

test("what is too large does not reach the component", async () => {
  const guarding = await Guard.create(settings({ onError: (error) => assert.fail(error) }));
  const status = async (more) => (await guarding.check({ method: "GET", target: "/mcp", authorization: [], dpop: [], ...more })).answer.status;
  const huge = "a".repeat(64 * 1024);
  assert.deepEqual(
    [await status({ authorization: [`Bearer ${huge}`] }), await status({ target: `/${huge}` }), await status({ dpop: [huge, "x"] })], [431, 431, 431],
  );
  assert.equal(await status({ authorization: Array(1_000_000).fill("Bearer x") }), 400);
});

test("settings that can't be used are refused", async () => {
  for (const bad of [{ issuer: "http://tokens.example" }, { audience: "" }, { scopes: ['"'] }]) {
    await assert.rejects(Guard.create(settings(bad)), InvalidMember);
    await assert.rejects(guard(() => new Response(), settings(bad))(request(bearer())), InvalidMember);
  }
  // A typo must not open the door.
  for (const [bad, field] of [
    [{ scope: ["admin"] }, "scope"], [{ scopes: "notes.read" }, "scopes"], [{ scopes: [7] }, "scopes[0]"], [{ issuer: undefined }, "issuer"],
    [{ audience: 7 }, "audience"], [{ jwksUri: 7 }, "jwksUri"], [{ introspect: { client_id: "api" } }, "client_id"],
    [{ introspect: { clientId: "api" } }, "introspect.clientSecret"], [{ introspect: "api" }, "introspect"], [{ fetchKeys: "x" }, "fetchKeys"],
    [{ clock: 7 }, "clock"], [{ onError: {} }, "onError"], [{ allowPrivate: "yes" }, "allowPrivate"],
  ]) {
    await assert.rejects(Guard.create(settings(bad)), { name: "InvalidMember", field }, JSON.stringify(bad));
  }
  for (const none of [undefined, null, "https://as.example", []]) {
    await assert.rejects(Guard.create(none), { name: "InvalidMember", field: "settings" });
  }
});

test("R53: an issuer in a private network, where it is allowed", async () => {
  const refused = { name: "FetchFailed", problem: "address-refused" };
  for (const uri of ["https://10.255.255.1/jwks", "https://localhost:65533/jwks"]) await assert.rejects(fetchKeys(uri), refused, uri);
  await assert.rejects(fetchKeys("https://169.254.169.254/jwks", { allowPrivate: true }), refused);
  await assert.rejects(fetchKeys("https://localhost:65533/jwks", { allowPrivate: true }), { problem: "unreachable" });
  await assert.rejects(fetchKeys("http://localhost:65533/jwks", { allowPrivate: true }), { problem: "bad-address" });
  const told = [];
  const issuer = "https://127.0.0.1:65533";
  for (const allowPrivate of [false, true]) {
    const guarding = await Guard.create({ issuer, audience: AUDIENCE, allowPrivate, onError: (error) => told.push(error.problem) });
    assert.equal((await check(guarding, `Bearer ${(await issue(issuer)).token}`)).status, 503);
  }
  assert.deepEqual(told, ["address-refused", "unreachable"]);
});

test("R120: Hono's middleware", async () => {
  const middleware = hono(settings());
  const run = async (raw) => {
    const values = new Map();
    const context = { req: { raw }, set: (name, value) => values.set(name, value) };
    let went = false;
    const response = await middleware(context, async () => { went = true; });
    return { response, went, context, values };
  };
  const good = await run(request({ ...bearer(), "x-asserta-subject": "root" }));
  assert.ok(good.went);
  assert.equal(good.values.get("asserta").clientId, issued.clientId);
  assert.equal(good.context.req.raw.headers.get("x-asserta-subject"), good.values.get("asserta").subject);
  const bad = await run(request());
  assert.deepEqual([bad.went, bad.response.status], [false, 401]);
});

test("R120: Hono, where somebody has read the body before", async () => {
  const raw = request(bearer(), AUDIENCE, { method: "POST", body: "hello" });
  assert.equal(await raw.text(), "hello");
  const context = { req: { raw }, set: () => {} };
  assert.equal(await hono(settings())(context, async () => {}), undefined);
  assert.equal(context.req.raw.headers.get("x-asserta-client-id"), issued.clientId);
  assert.deepEqual([context.req.raw.method, context.req.raw.url], ["POST", AUDIENCE]);
});

test("R120: a handler gets the platform's own request, too", async () => {
  const sent = request(bearer());
  const handle = guard((request, { original }) => Response.json([original === sent, request === sent]), settings());
  assert.deepEqual(await (await handle(sent)).json(), [true, false]);
});

test("R120: Express' middleware, over HTTP/2", async (t) => {
  const middleware = express(settings());
  const server = createHttp2((request, response) => middleware(request, response, (error) => {
    const { headers, rawHeaders } = request;
    response.end(JSON.stringify({ error: error?.message, headers, rawHeaders }));
  }));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const session = connectHttp2(`http://127.0.0.1:${server.address().port}`);
  t.after(() => { session.destroy(); server.close(); });
  const get = (headers) => new Promise((done, failed) => {
    let [status, text] = [0, ""];
    session.request({ ":path": "/mcp", ...headers }).on("response", (head) => (status = head[":status"])).setEncoding("utf8")
      .on("data", (data) => (text += data)).on("end", () => done([status, text])).on("error", failed);
  });
  const [status, text] = await get({ ...bearer(), "x-asserta-subject": "root" });
  const { error, headers, rawHeaders } = JSON.parse(text);
  assert.deepEqual([status, error, headers["x-asserta-client-id"]], [200, undefined, issued.clientId]);
  assert.ok(rawHeaders.includes("x-asserta-client-id") && !text.includes("root"));
  assert.equal((await get({}))[0], 401);
});

test("R120: Express' middleware, on a real server", async (t) => {
  const middleware = express(settings());
  const server = createServer((request, response) => middleware(request, response, (error) => {
    const { headers, headersDistinct, rawHeaders, auth } = request;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ error: error?.message, headers, headersDistinct, rawHeaders, auth }));
  }));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address();
  const raw = (head) => new Promise((done, failed) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`${head}\r\nHost: a\r\nConnection: close\r\n\r\n`));
    socket.setEncoding("utf8").on("data", (data) => (text += data)).on("close", () => done(text)).on("error", failed);
  });
  const authorization = `Authorization: Bearer ${issued.token}`;
  const good = await raw(`GET /mcp HTTP/1.1\r\n${authorization}\r\nX-Asserta-Subject: root\r\nx_asserta_subject: root`);
  assert.match(good, /^HTTP\/1.1 200 /);
  assert.ok(!good.includes("root"), good);
  assert.equal(good.match(/"x-asserta-subject"/g).length, 3);
  assert.ok(good.includes(`"auth":{"token":"${issued.token}","clientId":"${issued.clientId}","scopes":["notes.read","notes.write"]`));
  assert.match(await raw("GET /mcp HTTP/1.1"), /^HTTP\/1.1 401 [^]*WWW-Authenticate: Bearer scope/i);
  // Node's `headers` would keep the first and let it pass.
  assert.match(await raw(`GET /mcp HTTP/1.1\r\n${authorization}\r\nAuthorization: Bearer x`), /^HTTP\/1.1 400 /);
  assert.match(await raw("GET /.well-known/oauth-protected-resource/mcp HTTP/1.1"), /"resource":"https:\/\/api.example\/mcp"/);
});

test("R120: the issuer is asked each time, where that is wanted", async (t) => {
  let says = [200, '{"active":true}'];
  const seen = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    seen.push([request.url, request.headers.authorization, body]);
    response.writeHead(says[0], { location: "http://127.0.0.1/" }).end(says[1]);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { token, jwks } = await issue(issuer);
  const guarding = await Guard.create({
    issuer, audience: AUDIENCE, introspect: { clientId: "api", clientSecret: "se:cret" },
    fetchKeys: async () => ({ text: jwks }), onError: () => {},
  });
  assert.equal((await check(guarding, `Bearer ${token}`)).subject, "alice");
  const [path, authorization, form] = seen[0];
  assert.deepEqual([path, form], ["/oauth2/introspect", `token=${token}&token_type_hint=access_token`]);
  assert.equal(atob(authorization.slice(6)), "api:se%3Acret");
  says = [200, '{"active":false}'];
  assert.equal((await check(guarding, `Bearer ${token}`)).reason, "not-active");
  for (const broken of [[500, "{}"], [302, ""], [200, "<html>"], [200, '{"active":"true"}']]) {
    says = broken;
    assert.equal((await check(guarding, `Bearer ${token}`)).reason, "introspection-unavailable", broken.join());
  }
});
