// An exchange, from an assertion to a token that a resource server verifies.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { createLocalJWKSet, jwtVerify } from "jose";
import {
  Exchanger, fetchKeys, InvalidMember, JWT_BEARER, KeysNeeded, MemoryStore, Refused, RegistryError, Taken,
} from "asserta";

import { HttpEndpoint } from "asserta/http";

import { ISSUER, Partner, PUBLIC_URL } from "./partner.mjs";

const partner = await Partner.create();

async function ready(options = {}, issuer = {}) {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL, ...options });
  exchanger.trustedIssuers.register(partner.trusted(issuer));
  const app = exchanger.applications.register({ grant_types: [JWT_BEARER], scope: "read write" });
  const exchange = (assertion, more = {}) =>
    exchanger.exchange({ assertion, clientId: app.client_id, clientSecret: app.client_secret, ...more });
  return { exchanger, app, exchange };
}

test("a token that others verify (R60, R62, R64)", async () => {
  const { exchanger, exchange } = await ready();
  const token = await exchange(await partner.assertion());
  const keys = createLocalJWKSet(JSON.parse(exchanger.keys.jwks()));
  const verified = await jwtVerify(token.token, keys, { issuer: PUBLIC_URL, typ: "at+jwt" });
  assert.deepEqual(verified.payload, token.claims);
  assert.equal(token.claims.sub, "alice");
  assert.deepEqual([token.tokenType, token.expiresIn, token.scope], ["Bearer", 3600, "read write"]);
});

test("once (R45), and refusals carry code and reason", async () => {
  const { exchange } = await ready();
  const assertion = await partner.assertion();
  await exchange(assertion);
  const refused = (code, reason) => (error) => error instanceof Refused && error.code === code && error.reason === reason;
  await assert.rejects(exchange(assertion), refused("invalid_grant", "assertion-replayed"));
  await assert.rejects(exchange("a.b"), refused("invalid_grant", "assertion-malformed"));
  await assert.rejects(exchange(await partner.assertion({ exp: 1 })), refused("invalid_grant", "assertion-expired"));
  const again = await partner.assertion();
  await assert.rejects(exchange(again, { clientSecret: "wrong" }), refused("invalid_client", "client-unauthenticated"));
  await assert.rejects(exchange(again, { scope: "admin" }), refused("invalid_scope", "scope-not-allowed"));
  await exchange(again);
});

test("two exchangers over one store", async () => {
  const store = new MemoryStore();
  const { exchange, app } = await ready({ store });
  const other = await Exchanger.create({ publicUrl: PUBLIC_URL, store });
  const assertion = await partner.assertion();
  await other.exchange({ assertion, clientId: app.client_id, clientSecret: app.client_secret });
  await assert.rejects(exchange(assertion), { reason: "assertion-replayed" });
});

test("documents come back as they went in", async () => {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  const full = {
    name: "full", issuer: ISSUER, jwks: partner.jwks, alias: "us", enabled: false, algorithms: ["ES256", "EdDSA"],
    clock_skew: 0, max_lifetime: 60, audience_mode: "exactly-one", replay: "allow", require_jti: true, typ: "JWT",
    subjects: ["a", "b*"], scopes: ["read"], claim_mappings: { mail: "email" },
    claims: [{ claim: "t", equals: true }, { claim: "n", equals: 1 }, { claim: "f", one_of: ["x", 2.5, false] },
             { claim: "l", contains: "y" }, { claim: "p", present: false }],
  };
  assert.deepEqual(exchanger.trustedIssuers.register(full), full);
  assert.deepEqual(exchanger.trustedIssuers.get("full"), full);
  assert.deepEqual([...exchanger.trustedIssuers.list()], [full]);
  assert.deepEqual(exchanger.trustedIssuers.page({ limit: 1 }), { items: [full], next: null });
  assert.deepEqual(exchanger.trustedIssuers.replace(JSON.stringify(full)), { created: false, document: full });
  const acme = { name: "acme", display_name: "Acme" };
  assert.deepEqual(exchanger.organizations.replace(acme), { created: true, document: acme });
  assert.deepEqual([...exchanger.organizations.list()], [acme]);
  const unchanged = { kind: "organization", organization: "acme", outcome: "unchanged" };
  assert.deepEqual(exchanger.apply({ organizations: [acme] }), { dry_run: false, items: [unchanged] });
  const { items: [would] } = exchanger.apply({ organizations: [{ name: "other" }] }, { dryRun: true });
  assert.deepEqual([would.outcome, exchanger.organizations.page().items.length], ["created", 1]);

  // R67.
  const stated = { scopes_supported: ["read"], authorization_endpoint: "https://sign-in.example/authorize" };
  assert.deepEqual(exchanger.organizations.replaceMetadata(stated, "acme"), { created: true, document: stated });
  assert.deepEqual(exchanger.organizations.getMetadata("acme"), stated);
  assert.throws(() => exchanger.organizations.replaceMetadata({ issuer: ISSUER }), { name: "InvalidMember", field: "issuer" });
  exchanger.organizations.removeMetadata("acme");
  assert.throws(() => exchanger.organizations.getMetadata("acme"), { name: "RegistryError", kind: "not-found" });

  // R53.
  const jwks = { keys: [...partner.jwks.keys, { kty: "oct", k: "AA" }] };
  const { skipped_keys: skipped } = exchanger.trustedIssuers.replace({ name: "full", issuer: ISSUER, jwks }).document;
  assert.deepEqual(skipped.map(({ key }) => key), ["keys[1]"]);
});

test("an application is replaced and keeps its secret", async () => {
  const { exchanger, app, exchange } = await ready();
  const audience = ["https://a.example", "https://b.example"];
  const replaced = exchanger.applications.replace({ ...exchanger.applications.get(app.client_id), audience });
  assert.deepEqual([replaced.created, replaced.document.client_secret], [false, undefined]);
  assert.equal((await exchange(await partner.assertion(), { resource: audience[0] })).claims.aud, audience[0]);
  assert.deepEqual((await exchange(await partner.assertion(), { resource: audience })).claims.aud, audience);
  const resource = Array.from({ length: 9 }, (_, number) => `https://${number}.example`);
  await assert.rejects(exchange(await partner.assertion(), { resource }), { reason: "parameter-repeated" });
  assert.notEqual(exchanger.applications.renewSecret(app.client_id).client_secret, app.client_secret);
  assert.deepEqual([...exchanger.applications.list()].map((each) => each.client_id), [app.client_id]);
});

test("JWKS documents are fetched when needed, once (R50 to R52)", async (t) => {
  let fetches = 0;
  let answer = (response) => response.end(JSON.stringify(partner.jwks));
  const server = createServer((_, response) => {
    fetches += 1;
    answer(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  const jwks_uri = `http://127.0.0.1:${server.address().port}/jwks`;

  const { exchange } = await ready({ dev: true }, { jwks_uri });
  await exchange(await partner.assertion());
  await exchange(await partner.assertion());
  assert.equal(fetches, 1);

  answer = (response) => response.writeHead(500).end();
  const down = await ready({ dev: true }, { jwks_uri });
  for (let i = 0; i < 3; i++) await assert.rejects(down.exchange(await partner.assertion()), { reason: "keys-unavailable" });
  assert.ok(fetches <= 3);

  for (const bad of [
    (response) => response.writeHead(302, { location: "https://partner.example/" }).end(),
    (response) => response.end(" ".repeat(64 * 1024 + 1)),
    (response) => response.end(Buffer.from([0xff, 0xfe])),
  ]) {
    answer = bad;
    await assert.rejects(fetchKeys(jwks_uri, { dev: true }));
  }
  answer = (response) => response.writeHead(200, { "cache-control": "max-age=90" }).end("{}");
  assert.deepEqual(await fetchKeys(jwks_uri, { dev: true }), { text: "{}", maxAge: 90 });
  // R51: for how long caches on the way have had it.
  for (const [age, maxAge] of [["80", 10], ["91", 0], ["10, 20", 80], ["soon", 90]]) {
    answer = (response) => response.writeHead(200, { "cache-control": "max-age=90", age }).end("{}");
    assert.deepEqual(await fetchKeys(jwks_uri, { dev: true }), { text: "{}", maxAge });
  }
  for (const refused of [jwks_uri, "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/",
                         "https://u:p@partner.example/", "https://localhost/", "https://169.254.169.254/"]) {
    await assert.rejects(fetchKeys(refused), { name: "FetchFailed" });
  }
});

test("keys are handed over where none are fetched (R51, R56)", async () => {
  const { exchanger, exchange } = await ready({ fetchKeys: false }, { jwks_uri: "https://partner.example/jwks" });
  const assertion = await partner.assertion();
  const needed = await exchange(assertion).catch((error) => error);
  assert.ok(needed instanceof KeysNeeded);
  const { organization, trustedIssuer, kind, uri } = needed;
  assert.deepEqual([organization, trustedIssuer, kind, uri], ["default", "partner", "jwks", "https://partner.example/jwks"]);
  exchanger.reportKeysUnavailable(needed, "it answered 503\ninstead of 200");
  await assert.rejects(exchange(assertion), { reason: "keys-unavailable", detail: "it answered 503 instead of 200" });
  const step = exchanger.explain(assertion).checks.find(({ check }) => check === "keys available");
  assert.equal(step.saw, "the issuer's JWKS endpoint: it answered 503 instead of 200");
  const document = { text: JSON.stringify(partner.jwks), maxAge: 60 };
  assert.equal(exchanger.supplyKeys(needed, document), 1);
  await exchange(assertion);
  exchanger.trustedIssuers.replace(partner.trusted({ jwks_uri: "https://partner.example/new" }));
  assert.throws(() => exchanger.supplyKeys(needed, document), { name: "InvalidMember", field: "uri" });
});

test("a store that fails refuses (R70)", async () => {
  let failing = false;
  class Failing extends MemoryStore {
    increment(area, key) {
      if (failing) throw new Error("the disk is full");
      return super.increment(area, key);
    }
  }
  const seen = [];
  const { exchanger, exchange } = await ready({ store: new Failing(), onStoreError: (error) => seen.push(error.message) });
  exchanger.keys.jwks();
  failing = true;
  const assertion = await partner.assertion();
  await assert.rejects(exchange(assertion), { code: "temporarily_unavailable", reason: "store-unavailable" });
  assert.deepEqual(seen, ["the disk is full"]);
  failing = false;
  await exchange(assertion);
});

test("a store that answers with promises refuses, and ends nothing (R70)", async () => {
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on("unhandledRejection", note);
  const fails = async () => { throw new Error("the network is down"); };
  const told = [];
  const store = { get: fails, set: fails, delete: fails, keys: fails, increment: fails };
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL, store, onStoreError: (error) => told.push(error.message) });
  const asked = exchanger.exchange({ assertion: await partner.assertion(), clientId: "a", clientSecret: "b" });
  await assert.rejects(asked, { reason: "store-unavailable" });
  await new Promise((done) => setTimeout(done, 20));
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
  assert.ok(told.includes("the network is down") && told.some((message) => message.includes("at once")), told.join());
});

test("a listener that throws decides nothing", async () => {
  const store = new MemoryStore();
  const { exchange } = await ready({ store, onStoreError: () => { throw new Error("and so is the log"); } });
  store.increment = () => { throw new Error("the disk is full"); };
  await assert.rejects(exchange(await partner.assertion()), { reason: "store-unavailable" });
});

test("an option that is misspelled is an error", async () => {
  for (const options of [{ dpopNonces: true }, { fetch_keys: false }, { dev: "yes" }, { clock: 7 }, { onStoreError: "log" }]) {
    await assert.rejects(Exchanger.create({ publicUrl: PUBLIC_URL, ...options }), { field: Object.keys(options)[0] });
  }
  await assert.rejects(HttpEndpoint.create({ settings: { publicUrl: PUBLIC_URL }, onEvents: () => {} }), { field: "onEvents" });
  await assert.rejects(HttpEndpoint.create({ settings: { publicUrl: PUBLIC_URL }, onEvent: "log" }), { field: "onEvent" });
  await assert.rejects(HttpEndpoint.create({ settings: { publicUrl: PUBLIC_URL, dpopNonces: true } }), { field: "dpopNonces" });
  const { exchanger, exchange, app } = await ready();
  const assertion = await partner.assertion();
  await assert.rejects(exchange(assertion, { scopes: "read" }), { field: "scopes" });
  await assert.rejects(exchanger.exchangeToken({ subjectToken: assertion, clientId: app.client_id, scopes: "read" }), { field: "scopes" });
  await assert.rejects(exchanger.introspect({ token: "x", client_id: "a" }), { field: "client_id" });
  await assert.rejects(exchanger.revoke({ token: "x", client_id: "a" }), { field: "client_id" });
  const misspelled = { organisation: "acme" };
  for (const call of [
    () => exchanger.explain(assertion, misspelled), () => exchanger.explainToken({ subjectToken: assertion, clientId: "a", ...misspelled }),
    () => exchanger.explainClient(assertion, misspelled), () => exchanger.trustedIssuers.get("partner", misspelled),
    () => [...exchanger.trustedIssuers.list(misspelled)], () => exchanger.applications.page(misspelled),
    () => exchanger.keys.list(misspelled), () => exchanger.organizations.page(misspelled), () => exchanger.revocations.page(misspelled),
  ]) {
    assert.throws(call, { name: "InvalidMember", field: "organisation" }, String(call));
  }
  assert.throws(() => exchanger.apply({ organizations: [] }, { dry_run: true }), { field: "dry_run" });
  await assert.rejects(fetchKeys("https://idp.example/jwks", { allow_private: true }), { field: "allow_private" });
  await exchange(assertion); // not used up
});

test("bad documents come back as typed errors", async () => {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  for (const [members, field] of [
    [{ name: "" }, "name"], [{ name: "a\0b" }, "name"], [{ name: "\ud800" }, "document"], [{ name: 1 }, "name"],
    [{ issuer: "" }, "issuer"], [{ certificate: garbage }, "certificate"], [{ certificate: "\0" }, "certificate"],
    [{ jwks: "{" }, "jwks"], [{ jwks_uri: "http://partner.example/" }, "jwks_uri"], [{ jwks: {}, jwks_uri: "x" }, "jwks_uri"],
    [{ clockSkew: 601 }, "clockSkew"], [{ clockSkew: 2 ** 32 }, "clockSkew"], [{ clockSkew: "60" }, "clockSkew"],
    [{ enabled: 1 }, "enabled"], [{ algorithms: ["none"] }, "algorithms[0]"], [{ subjects: "alice" }, "subjects"],
    [{ claims: [{ claim: "c" }] }, "claims[0]"], [{ claims: [{ claim: "c", equals: NaN }] }, "document"],
    [{ claim_mappings: { my_claim: "sub" } }, "claim_mappings.my_claim"],
  ]) {
    assert.throws(
      () => exchanger.trustedIssuers.register(partner.trusted(members)),
      (error) => error instanceof InvalidMember && error.field === field, JSON.stringify(members),
    );
  }
  assert.deepEqual([...exchanger.trustedIssuers.list()], []);
  const kind = (expected) => (error) => error instanceof RegistryError && error.kind === expected && /^[a-z].* /.test(error.message);
  assert.throws(() => exchanger.trustedIssuers.get("nobody"), kind("not-found"));
  assert.throws(() => exchanger.trustedIssuers.get("x", { organization: "No\0body" }), kind("organization-unknown"));
  exchanger.trustedIssuers.register(partner.trusted());
  const taken = (field) => (error) => error instanceof Taken && error.field === field;
  assert.throws(() => exchanger.trustedIssuers.register(partner.trusted()), taken("name"));
  assert.throws(() => exchanger.trustedIssuers.register(partner.trusted({ name: "x" })), taken("issuer"));
  await assert.rejects(Exchanger.create({ publicUrl: "nowhere" }), { field: "publicUrl" });
  await assert.rejects(Exchanger.create({ publicUrl: PUBLIC_URL, accessTokenAlgorithm: "HS256" }), { field: "accessTokenAlgorithm" });
  const circular = {};
  circular.organizations = [circular];
  for (const bad of ["", "[]", { other: [] }, "\ud800", null, undefined, circular]) {
    assert.throws(() => exchanger.apply(bad), InvalidMember);
  }
  for (const assertion of ["\ud800", "\0", "a".repeat(100_000), "é.é.é"]) {
    await assert.rejects(exchanger.exchange({ assertion, clientId: "a", clientSecret: "b" }), { name: /Refused|InvalidMember/ });
  }
});

test("a key in place of a secret (R27)", async () => {
  const { exchanger } = await ready();
  const client = await Partner.create();
  const metadata = { grant_types: [JWT_BEARER], token_endpoint_auth_method: "private_key_jwt", jwks: client.jwks };
  const { client_id: clientId, client_secret: secret } = exchanger.applications.register(metadata);
  assert.equal(secret, undefined);
  const signed = (claims = {}) => client.assertion({ iss: clientId, sub: clientId, ...claims });
  const once = await signed();
  assert.equal(exchanger.explainClient(once).accepted, true);
  const token = await exchanger.exchange({ assertion: await partner.assertion(), clientAssertion: once });
  assert.equal(token.claims.client_id, clientId);
  const again = { assertion: await partner.assertion(), clientAssertion: once };
  await assert.rejects(exchanger.exchange(again), { code: "invalid_client", reason: "client-assertion-refused" });
  const both = { ...again, clientId, clientSecret: "secret" };
  await assert.rejects(exchanger.exchange(both), (error) => error instanceof InvalidMember && error.field === "clientAssertion");
  await exchanger.exchange({ ...again, clientId, clientAssertion: await signed() });
});

test("a JWT-SVID in place of a secret (R28)", async () => {
  const { exchanger } = await ready();
  const [domain, workload] = [await Partner.create(), "spiffe://prod.example.org/orders"];
  const spire = { name: "spire", issuer: "https://oidc.example.org", trust_domain: "prod.example.org", jwks: domain.jwks };
  exchanger.trustedIssuers.register(spire);
  const { client_id: clientId } = exchanger.applications.register({
    grant_types: [JWT_BEARER], token_endpoint_auth_method: "private_key_jwt",
    client_assertion_issuer: "spire", client_assertion_subject: workload,
  });
  const svid = await domain.assertion({ iss: undefined, sub: workload, jti: undefined });
  const bySvid = { clientId, clientAssertion: svid, clientAssertionType: "jwt-spiffe" };
  assert.equal(exchanger.explainClient(svid, { clientId, clientAssertionType: "jwt-spiffe" }).accepted, true);
  assert.equal(exchanger.explainClient(svid, { clientId }).accepted, false);
  await exchanger.exchange({ assertion: await partner.assertion(), ...bySvid });
  const { token } = await exchanger.exchange({ assertion: await partner.assertion(), ...bySvid });
  assert.equal((await exchanger.introspect({ token, ...bySvid })).active, true);
  const assertion = await partner.assertion();
  const refused = { code: "invalid_client", reason: "client-assertion-refused" };
  await assert.rejects(exchanger.exchange({ assertion, ...bySvid, clientAssertionType: undefined }), refused);
  await assert.rejects(exchanger.exchange({ assertion, ...bySvid, clientId: undefined }), refused);
  const other = exchanger.exchange({ assertion, ...bySvid, clientAssertionType: "spiffe" });
  await assert.rejects(other, (error) => error instanceof InvalidMember && error.field === "clientAssertionType");
});

test("whose keys are needed (R27, R51)", async () => {
  const { exchanger } = await ready({ fetchKeys: false });
  const client = await Partner.create();
  const jwks_uri = "https://app.example/jwks";
  const metadata = { grant_types: [JWT_BEARER], token_endpoint_auth_method: "private_key_jwt", jwks_uri };
  const { client_id: clientId } = exchanger.applications.register(metadata);
  const clientAssertion = await client.assertion({ iss: clientId, sub: clientId });
  const request = { assertion: await partner.assertion(), clientAssertion };
  const needed = await exchanger.exchange(request).catch((error) => error);
  assert.ok(needed instanceof KeysNeeded);
  assert.deepEqual([needed.trustedIssuer, needed.clientId, needed.uri], [undefined, clientId, jwks_uri]);
  assert.equal(exchanger.supplyKeys(needed, { text: JSON.stringify(client.jwks) }), 1);
  await exchanger.exchange(request);
});
