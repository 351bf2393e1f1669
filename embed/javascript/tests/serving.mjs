// An Asserta of this package that serves on this machine, for tests of those who take its tokens.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { HttpEndpoint, nodeListener } from "asserta/http";

import { Partner } from "./partner.mjs";

const ADMIN_TOKEN = "an-admin-token-for-tests-of-enough-length";
export const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export async function listen(t, server) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Its issuer identifier, a third party that it trusts, and what registers more. */
export async function asserta(t) {
  let endpoint;
  const issuer = await listen(t, createServer((request, response) => nodeListener(endpoint)(request, response)));
  endpoint = await HttpEndpoint.create({ settings: { publicUrl: issuer, adminToken: ADMIN_TOKEN } });
  const register = async (path, document) => {
    const response = await fetch(`${issuer}/admin/organizations/default/${path}`, {
      method: "POST", body: JSON.stringify(document),
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    });
    assert.equal(response.status, 201, await response.clone().text());
    return response.json();
  };
  const partner = await Partner.create();
  await register("trusted-issuers", partner.trusted());
  return { issuer, partner, register };
}
