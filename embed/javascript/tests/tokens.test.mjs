// What becomes of a token after it was issued: introspection and revocation.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Exchanger, InvalidMember, JWT_BEARER, MemoryStore, Refused } from "asserta";

import { Partner, PUBLIC_URL } from "./partner.mjs";

const partner = await Partner.create();

async function ready() {
  const store = new MemoryStore();
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL, store });
  const elsewhere = await Exchanger.create({ publicUrl: PUBLIC_URL, store });
  exchanger.trustedIssuers.register(partner.trusted());
  const { client_id: clientId, client_secret: clientSecret } = exchanger.applications.register({ grant_types: [JWT_BEARER] });
  const credentials = { clientId, clientSecret };
  const token = async () => (await exchanger.exchange({ assertion: await partner.assertion(), ...credentials })).token;
  return { exchanger, elsewhere, credentials, token };
}

test("a token is looked up and revoked, in every instance (R110, R111)", async () => {
  const { exchanger, elsewhere, credentials, ...of } = await ready();
  const token = await of.token();
  const told = await elsewhere.introspect({ token, ...credentials });
  assert.deepEqual(
    [told.active, told.sub, told.client_id, told.token_type], [true, "alice", credentials.clientId, "Bearer"],
  );
  const other = exchanger.applications.register({});
  const others = { token, clientId: other.client_id, clientSecret: other.client_secret };
  assert.deepEqual(await exchanger.introspect(others), { active: false });
  await assert.rejects(exchanger.revoke(others), (error) => error instanceof Refused && error.reason === "token-of-other-client");
  await assert.rejects(exchanger.introspect({ token }), { code: "invalid_client" });
  await exchanger.revoke({ token, ...credentials });
  await exchanger.revoke({ token: "unknown", ...credentials });
  assert.deepEqual(await elsewhere.introspect({ token, ...credentials }), { active: false });
});

test("all that an application got (R112)", async () => {
  const { exchanger, elsewhere, credentials, ...of } = await ready();
  const token = await of.token();
  const made = exchanger.revocations.add({ client_id: credentials.clientId });
  assert.equal(made.expires_at, made.issued_before + 86_400);
  assert.deepEqual(await elsewhere.introspect({ token, ...credentials }), { active: false });
  assert.deepEqual([...elsewhere.revocations.list()], [made]);
  assert.throws(
    () => exchanger.revocations.add({ trusted_issuer: "nobody" }),
    (error) => error instanceof InvalidMember && error.field === "trusted_issuer",
  );
});
