// The package in a page that is served on localhost, in headless Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open } from "./page.mjs";

test("a page exchanges an assertion", { timeout: 120_000 }, async (t) => {
  const { page, close } = await open();
  t.after(close);
  const seen = await page.evaluate(async () => {
    const { Exchanger, JWT_BEARER } = await import("asserta");
    const { Partner, PUBLIC_URL } = await import("/partner.mjs");
    const partner = await Partner.create();
    const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
    exchanger.trustedIssuers.register(partner.trusted());
    const app = exchanger.applications.register({ grant_types: [JWT_BEARER] });
    const request = { assertion: await partner.assertion(), clientId: app.client_id, clientSecret: app.client_secret };
    const token = await exchanger.exchange(request);
    const refused = await exchanger.exchange(request).catch((error) => error);
    return { parts: token.token.split(".").length, subject: token.claims.sub, reason: refused.reason };
  });
  assert.deepEqual(seen, { parts: 3, subject: "alice", reason: "assertion-replayed" });
});

test("a page has an endpoint of its own", { timeout: 120_000 }, async (t) => {
  const { page, close } = await open();
  t.after(close);
  const health = await page.evaluate(async () => {
    const { HttpEndpoint } = await import("/node_modules/asserta/dist/http.js");
    const endpoint = await HttpEndpoint.create({ settings: { publicUrl: "https://tokens.example.com" } });
    return (await endpoint.handle(new Request("/health"))).json();
  });
  assert.deepEqual(health, { status: "ok" });
});
