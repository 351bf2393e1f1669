// Token exchange (R90 to R93): another issuer's token in, an access token out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Exchanger, InvalidMember, Refused, TOKEN_EXCHANGE } from "asserta";

import { ISSUER, Partner, PUBLIC_URL } from "./partner.mjs";

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const partner = await Partner.create();

async function ready() {
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
  exchanger.trustedIssuers.register(partner.trusted({ token_exchange: {} }));
  const { client_id: clientId, client_secret: clientSecret } = exchanger.applications.register(
    { grant_types: [TOKEN_EXCHANGE], scope: "read write", audience: ["orders", "https://api.example"] });
  const exchange = (subjectToken, more = {}) => exchanger.exchangeToken({ subjectToken, clientId, clientSecret, ...more });
  return { exchanger, clientId, exchange };
}

test("a token for the client (R90, R91)", async () => {
  const { clientId, exchange } = await ready();
  const subject = await partner.assertion({ aud: clientId });
  const token = await exchange(subject, { audience: "orders", resource: "https://api.example", scope: "read" });
  assert.equal(token.issuedTokenType, ACCESS_TOKEN);
  assert.deepEqual([token.claims.sub, token.claims.scope, token.claims.act], ["alice", "read", undefined]);
  assert.deepEqual(token.claims.aud, ["https://api.example", "orders"]);
  await exchange(subject); // not used up
});

test("who acts (R92)", async () => {
  const { exchanger, clientId, exchange } = await ready();
  const subject = await partner.assertion({ aud: clientId });
  const actor = await partner.assertion({ sub: "service" });
  const token = await exchange(subject, { actorToken: actor });
  assert.deepEqual(token.claims.act, { sub: "service", iss: ISSUER });
  assert.ok(exchanger.explainToken({ subjectToken: subject, actorToken: actor, clientId }).accepted);
  const expired = await partner.assertion({ sub: "service", exp: 1 });
  await assert.rejects(exchange(subject, { actorToken: expired }), (error) =>
    error instanceof Refused && error.code === "invalid_request" && error.reason === "actor-token-refused");
});

test("refusals (R91, R93, R29)", async () => {
  const { exchanger, clientId, exchange } = await ready();
  const subject = await partner.assertion({ aud: clientId });
  await assert.rejects(exchange(await partner.assertion()), { reason: "consent-missing", code: "invalid_request" });
  await assert.rejects(exchange(subject, { subjectTokenType: ACCESS_TOKEN }), { reason: "token-type-unsupported" });
  await assert.rejects(exchange(subject, { requestedTokenType: "urn:ietf:params:oauth:token-type:id_token" }), { reason: "token-type-unsupported" });
  assert.ok((await exchange(subject, { requestedTokenType: ACCESS_TOKEN })).token);
  await assert.rejects(exchange(subject, { audience: ["billing"] }), { reason: "resource-unknown" });
  await assert.rejects(exchanger.exchangeToken({ subjectToken: subject }), { code: "invalid_client" });
  await assert.rejects(exchange(7), (error) => error instanceof InvalidMember && error.field === "subjectToken");
});
