// An exchange, from an assertion to a token that a resource server verifies.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { createLocalJWKSet, jwtVerify } from "jose";
import { Exchanger, fetchKeys, InvalidMember, JWT_BEARER, KeysNeeded, MemoryStore, Refused, RegistryError } from "asserta";

import { ISSUER, Partner, PUBLIC_URL } from "./partner.mjs";

const partner = await Partner.create();

async function ready(options = {}, issuer = {}) {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL, ...options });
  exchanger.trustedIssuers.register(partner.trusted(issuer));
  const app = exchanger.applications.register({ grantTypes: [JWT_BEARER], scope: "read write" });
  const exchange = (assertion, more = {}) =>
    exchanger.exchange({ assertion, clientId: app.clientId, clientSecret: app.clientSecret, ...more });
  return { exchanger, app, exchange };
}

test("a token that others verify (R60, R62, R64)", async () => {
  const { exchanger, exchange } = await ready();
  const token = await exchange(await partner.assertion());
  const keys = createLocalJWKSet(JSON.parse(exchanger.keys.jwks()));
  const verified = await jwtVerify(token.token, keys, { issuer: PUBLIC_URL, typ: "at+jwt" });
  assert.deepEqual(verified.payload, token.claims);
  assert.equal(token.claims.sub, "alice");
  assert.deepEqual([token.expiresIn, token.scope], [3600, "read write"]);
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
  await other.exchange({ assertion, clientId: app.clientId, clientSecret: app.clientSecret });
  await assert.rejects(exchange(assertion), { reason: "assertion-replayed" });
});

test("records come back as they went in", async () => {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  const full = {
    name: "full", issuer: ISSUER, jwks: partner.jwks, alias: "us", enabled: false, algorithms: ["ES256", "EdDSA"],
    clockSkew: 0, maxLifetime: 60, audienceMode: "exactly-one", replay: "allow", requireJti: true, typ: "JWT",
    subjects: ["a", "b*"], scopes: ["read"], claimMappings: { mail: "email" },
    claims: [{ claim: "t", equals: true }, { claim: "n", equals: 1 }, { claim: "f", oneOf: ["x", 2.5, false] },
             { claim: "l", contains: "y" }, { claim: "p", present: false }],
  };
  exchanger.trustedIssuers.register(full);
  assert.deepEqual(exchanger.trustedIssuers.get("full"), full);
  assert.deepEqual([...exchanger.trustedIssuers.list()], [full]);
  assert.equal(exchanger.trustedIssuers.replace(full), false);
  exchanger.organizations.replace({ name: "acme", displayName: "Acme" });
  assert.deepEqual([...exchanger.organizations.list()], [{ name: "acme", displayName: "Acme" }]);
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
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;

  const { exchange } = await ready({ dev: true }, { jwksUri });
  await exchange(await partner.assertion());
  await exchange(await partner.assertion());
  assert.equal(fetches, 1);

  answer = (response) => response.writeHead(500).end();
  const down = await ready({ dev: true }, { jwksUri });
  for (let i = 0; i < 3; i++) await assert.rejects(down.exchange(await partner.assertion()), { reason: "keys-unavailable" });
  assert.ok(fetches <= 3);

  for (const bad of [
    (response) => response.writeHead(302, { location: "https://partner.example/" }).end(),
    (response) => response.end(" ".repeat(64 * 1024 + 1)),
    (response) => response.end(Buffer.from([0xff, 0xfe])),
  ]) {
    answer = bad;
    await assert.rejects(fetchKeys(jwksUri, { dev: true }));
  }
  answer = (response) => response.writeHead(200, { "cache-control": "max-age=90" }).end("{}");
  assert.deepEqual(await fetchKeys(jwksUri, { dev: true }), { text: "{}", maxAge: 90 });
  for (const refused of [jwksUri, "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/",
                         "https://u:p@partner.example/", "https://localhost/", "https://169.254.169.254/"]) {
    await assert.rejects(fetchKeys(refused), { name: "FetchFailed" });
  }
});

test("keys are handed over where none are fetched", async () => {
  const { exchanger, exchange } = await ready({ fetchKeys: false }, { jwksUri: "https://partner.example/jwks" });
  const assertion = await partner.assertion();
  await assert.rejects(exchange(assertion), (error) => error instanceof KeysNeeded && error.uri.endsWith("/jwks"));
  assert.equal(exchanger.trustedIssuers.supplyKeys("partner", { text: JSON.stringify(partner.jwks), maxAge: 60 }), 1);
  await exchange(assertion);
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

test("bad records come back as typed errors", async () => {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  for (const [members, member] of [
    [{ name: "" }, "name"], [{ name: "a\0b" }, "name"], [{ name: "\ud800" }, "name"], [{ name: 1 }, "name"],
    [{ issuer: "" }, "issuer"], [{ certificate: garbage }, "certificate"], [{ certificate: "\0" }, "certificate"],
    [{ jwks: "{" }, "jwks"], [{ jwksUri: "http://partner.example/" }, "jwksUri"], [{ jwks: {}, jwksUri: "x" }, "jwksUri"],
    [{ clockSkew: 601 }, "clockSkew"], [{ clockSkew: 2 ** 32 }, "clockSkew"], [{ clockSkew: "60" }, "clockSkew"],
    [{ enabled: 1 }, "enabled"], [{ algorithms: ["none"] }, "algorithms[0]"], [{ subjects: "alice" }, "subjects"],
    [{ claims: [{ claim: "c" }] }, "claims[0]"], [{ claims: [{ claim: "c", equals: NaN }] }, "claims[0].equals"],
    [{ claimMappings: { my_claim: "sub" } }, "claimMappings.my_claim"],
  ]) {
    assert.throws(
      () => exchanger.trustedIssuers.register(partner.trusted(members)),
      (error) => error instanceof InvalidMember && error.member === member, JSON.stringify(members),
    );
  }
  assert.deepEqual([...exchanger.trustedIssuers.list()], []);
  const problem = (expected) => (error) => error instanceof RegistryError && error.problem === expected;
  assert.throws(() => exchanger.trustedIssuers.get("nobody"), problem("not-found"));
  assert.throws(() => exchanger.trustedIssuers.get("x", { organization: "No\0body" }), problem("organization-unknown"));
  exchanger.trustedIssuers.register(partner.trusted());
  assert.throws(() => exchanger.trustedIssuers.register(partner.trusted()), problem("name-taken"));
  assert.throws(() => exchanger.trustedIssuers.register(partner.trusted({ name: "x" })), problem("issuer-taken"));
  await assert.rejects(Exchanger.create({ publicUrl: "nowhere" }), { member: "publicUrl" });
  for (const assertion of ["\ud800", "\0", "a".repeat(100_000), "é.é.é"]) {
    await assert.rejects(exchanger.exchange({ assertion, clientId: "a", clientSecret: "b" }), { name: /Refused|InvalidMember/ });
  }
});
