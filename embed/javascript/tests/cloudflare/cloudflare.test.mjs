// `asserta/cloudflare` in the vendor's runtime, as the example of examples/cloudflare deploys it.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";

import { Partner } from "./partner.mjs";
import { ADMIN_TOKEN, bundle, PUBLIC_URL, serve } from "./workerd.mjs";

/** What may be uploaded, compressed, in KiB. */
const MAX_GZIP = 665;
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const partner = await Partner.create();
let watched;

const fresh = (name) => {
  rmSync(name, { recursive: true, force: true });
  return name;
};

/** Waits for lines of the log, which come through a pipe. */
async function until(isTold) {
  for (let turn = 0; turn < 100 && !isTold(); turn += 1) await pass(50);
}

/** Registers, and returns what sends assertions. */
async function ready({ url, admin }, issuer = {}, organization = "default") {
  const base = `organizations/${organization}`;
  await admin("POST", `${base}/trusted-issuers`, partner.trusted(issuer));
  const app = await admin("POST", `${base}/applications`, { grant_types: [GRANT] });
  const headers = { authorization: `Basic ${btoa(`${app.client_id}:${app.client_secret}`)}` };
  const path = organization === "default" ? "" : `/t/${organization}`;
  return (assertion, origin = url) => fetch(`${origin}${path}/oauth2/token`, {
    method: "POST", headers, body: new URLSearchParams({ grant_type: GRANT, assertion }),
  });
}

before(() => (watched = bundle("watched.mjs", fresh("out-watched")).out));
after(() => rmSync("state", { recursive: true, force: true }));

test("the example is deployed by the command of the guide, and is small", async () => {
  const { said } = bundle(undefined, fresh("out-example"));
  const [, gzip] = /gzip: ([0-9.]+) KiB/.exec(said);
  console.log(`the example of examples/cloudflare: ${gzip} KiB compressed`);
  assert.ok(Number(gzip) <= MAX_GZIP, gzip);
});

test("of 64 that present one assertion at once one gets a token, and a kill forgets nothing", async () => {
  const state = fresh("state/races");
  let worker = await serve(bundle(undefined, fresh("out-races")).out, state);
  try {
    const exchange = await ready(worker);
    for (let round = 0; round < 5; round++) {
      const assertion = await partner.assertion();
      const statuses = await Promise.all(Array.from({ length: 64 }, async () => (await exchange(assertion)).status));
      const counts = [200, 400].map((status) => statuses.filter((each) => each === status).length);
      assert.deepEqual(counts, [1, 63]);
    }
    const last = await partner.assertion();
    assert.equal((await exchange(last)).status, 200);
    await worker.stop();
    const began = Date.now();
    worker = await serve("out-races", state);
    console.log(`from a kill to health: ${Date.now() - began} ms`);
    const again = await exchange(last, worker.url);
    assert.deepEqual([again.status, (await again.json()).error], [400, "invalid_grant"]);
    assert.deepEqual((await worker.admin("GET", "organizations/default/trusted-issuers")).items.map(({ name }) => name), ["partner"]);
    assert.equal((await exchange(await partner.assertion(), worker.url)).status, 200);
    const outcomes = () => worker.events().filter(({ event }) => event === "exchange").map(({ outcome }) => outcome);
    await until(() => outcomes().length > 1);
    assert.deepEqual(outcomes(), ["assertion-replayed", "granted"]);
    assert.ok(!worker.told().includes(ADMIN_TOKEN));
  } finally {
    await worker.stop();
  }
});

test("documents with keys that can't be had are fetched once", { timeout: 60_000 }, async (t) => {
  let count = 0;
  let answer;
  const server = createServer((_, response) => {
    count += 1;
    answer(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const worker = await serve(watched, fresh("state/documents"));
  t.after(async () => {
    await worker.stop();
    server.close().closeAllConnections();
  });
  for (const [name, one] of Object.entries({
    good: (response) => response.end(JSON.stringify(partner.jwks)),
    unusable: (response) => response.end("<html>"),
    huge: (response) => response.end(" ".repeat(2_000_000)),
    redirecting: (response) => response.writeHead(302, { location: "/good" }).end(),
    missing: (response) => response.writeHead(404).end(),
    slow: () => {},
  })) {
    [count, answer] = [0, one];
    await worker.admin("PUT", `organizations/${name}`, {});
    const exchange = await ready(worker, { jwks_uri: `http://127.0.0.1:${server.address().port}/${name}` }, name);
    const began = Date.now();
    const aud = `${PUBLIC_URL}/t/${name}`;
    const assertions = await Promise.all([1, 2, 3].map(() => partner.assertion({ aud })));
    const statuses = await Promise.all(assertions.map(async (assertion) => (await exchange(assertion)).status));
    const status = name === "good" ? 200 : 503;
    assert.deepEqual([statuses, count], [[status, status, status], 1], `${name}: ${worker.told()}`);
    assert.ok(Date.now() - began < 6_000, name);
  }
});

test("what has expired is deleted by alarms, in pages", { timeout: 240_000 }, async (t) => {
  const worker = await serve(watched, fresh("state/marks"));
  t.after(worker.stop);
  const exchange = await ready(worker);
  assert.equal((await exchange(await partner.assertion())).status, 200);
  const look = async (query = "") => (await fetch(`${worker.url}/test/${query}`)).json();
  const begin = await look("marks?count=100000&horizon=sweep-horizon");
  assert.equal(begin.replay, 100_001);
  assert.ok(begin.alarm > Date.now(), "an alarm is set");
  let now;
  do {
    await pass(1_000);
    now = await look();
  } while (now.replay > 1);
  const { longest, alarm } = await look();
  console.log(`the longest list of keys: ${longest}`);
  assert.ok(longest > 0 && longest <= 1_000);
  assert.ok(alarm, "one assertion is still remembered");
  assert.equal((await exchange(await partner.assertion())).status, 200);
  const deleted = () => worker.events().filter(({ event }) => event === "swept").reduce((sum, event) => sum + event.deleted, 0);
  await until(() => deleted() >= 100_000);
  assert.equal(deleted(), 100_000);
});

test("who asks for what does not exist leaves nothing behind", async (t) => {
  const worker = await serve(watched, fresh("state/nothing"));
  t.after(worker.stop);
  for (const [method, path, status] of [
    ["GET", "/t/nobody/oauth2/jwks", 404], ["HEAD", "/t/nobody/oauth2/jwks", 404], ["HEAD", "/health", 200], ["GET", "/nowhere", 404],
    ["GET", "/.well-known/oauth-authorization-server/t/nobody", 404], ["GET", "/admin/organizations", 401], ["POST", "/t/nobody/oauth2/token", 400],
  ]) {
    const response = await fetch(worker.url + path, { method });
    assert.equal(response.status, status, `${method} ${path}: ${await response.text()}`);
  }
  for (const organization of ["", "/t/nobody"]) {
    const { isMade, alarm } = await (await fetch(`${worker.url}${organization}/test/`)).json();
    assert.deepEqual([isMade, alarm], [false, null], organization);
  }
});

test("where an object fails, clients are told to come again", async (t) => {
  const worker = await serve(watched, fresh("state/failure"));
  t.after(worker.stop);
  const response = await fetch(`${worker.url}/test/failure`);
  assert.deepEqual([response.status, response.headers.get("retry-after"), (await response.json()).error], [503, "1", "temporarily_unavailable"]);
  const isTold = () => worker.events().some(({ event }) => event === "request-failed");
  await until(isTold);
  assert.ok(isTold());
  assert.equal((await fetch(`${worker.url}/health`)).status, 200);
});

test("each organization has an object of its own, and the one at the root lists them", async (t) => {
  const trust = { organizations: [{ name: "default", trusted_issuers: [partner.trusted()] }, { name: "sown", trusted_issuers: [partner.trusted()] }] };
  const state = fresh("state/objects");
  let worker = await serve(watched, state, { TRUST: JSON.stringify(trust) });
  t.after(() => worker.stop());
  const look = async (organization) => (await fetch(`${worker.url}/t/${organization}/test/`)).json();
  const rows = async () => (await (await fetch(`${worker.url}/test/`)).json()).registry;
  const names = async () => (await worker.admin("GET", "organizations")).items.map(({ name }) => name);
  const issuers = async (organization) => (await worker.admin("GET", `organizations/${organization}/trusted-issuers`)).items.map(({ name }) => name);

  assert.deepEqual(await names(), ["sown"]);
  assert.deepEqual([await issuers("default"), await issuers("sown")], [["partner"], ["partner"]]);
  assert.equal((await fetch(`${worker.url}/t/nobody/oauth2/jwks`)).status, 404);
  assert.equal((await look("nobody")).isMade, false);
  await worker.admin("PUT", "organizations/acme", { display_name: "Acme" });
  assert.deepEqual(await names(), ["acme", "sown"]);
  const before = await rows();
  const exchange = await ready(worker, {}, "acme");
  const aud = `${PUBLIC_URL}/t/acme`;
  const assertion = await partner.assertion({ aud });
  assert.deepEqual([(await exchange(assertion)).status, (await exchange(assertion)).status], [200, 400]);
  assert.equal(await rows(), before, "nothing of acme is at the root");
  const acme = await look("acme");
  assert.ok(acme.registry > 3 && acme.replay > 0 && acme.alarm > Date.now());
  const metadata = await (await fetch(`${worker.url}/.well-known/oauth-authorization-server/t/acme`)).json();
  assert.equal(metadata.issuer, aud);
  assert.equal((await fetch(`${worker.url}/t/%61cme/oauth2/jwks`)).status, 200);
  assert.equal((await fetch(`${worker.url}/t/%zz/oauth2/jwks`)).status, 400);

  await worker.stop();
  worker = await serve(watched, state, { TRUST: JSON.stringify(trust) });
  const again = await fetch(`${worker.url}/t/acme/oauth2/jwks`);
  assert.equal((await again.json()).keys.length, 1);
  assert.deepEqual(await names(), ["acme", "sown"]);
});

test("a document of several organizations is applied to the objects of each", async (t) => {
  const worker = await serve(watched, fresh("state/apply"));
  t.after(worker.stop);
  const post = async (query, body, token = ADMIN_TOKEN) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${worker.url}/admin/apply${query}`, { method: "POST", headers, body });
    return [response.status, await response.json()];
  };
  const issuer = JSON.stringify(partner.trusted()).replace(/}$/, ', "claims": [{ "claim": "n", "equals": 9007199254740993 }]}');
  const document = (issuers) => `{"organizations": [{"name": "a", "display_name": "A"}, {"name": "default", "trusted_issuers": []}, {"name": "b", "trusted_issuers": [${issuers}]}]}`;

  const [dryStatus, dry] = await post("?dry_run=true", document(issuer));
  assert.deepEqual([dryStatus, dry.dry_run, (await worker.admin("GET", "organizations")).items], [200, true, []], JSON.stringify(dry));
  const [status, report] = await post("", document(issuer));
  const told = report.items.map(({ kind, organization, outcome }) => `${kind} ${organization} ${outcome}`);
  assert.deepEqual([status, report.dry_run, told.filter((each) => /organization [ab]|issuer/.test(each))], [
    200, false, ["organization a created", "organization b created", "trusted_issuer b created"],
  ], JSON.stringify(report));
  assert.deepEqual((await worker.admin("GET", "organizations")).items.map(({ name }) => name), ["a", "b"]);
  const kept = await fetch(`${worker.url}/admin/organizations/b/trusted-issuers/partner`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  assert.match(await kept.text(), /9007199254740993/);
  const [, repeated] = await post("", document(issuer));
  assert.ok(repeated.items.every(({ outcome }) => outcome === "unchanged"), JSON.stringify(repeated));

  const twice = JSON.stringify(partner.trusted({ name: "second" }));
  const [takenStatus, taken] = await post("", document(twice));
  assert.deepEqual([takenStatus, taken.field], [400, "organizations[2].trusted_issuers[0].issuer"], JSON.stringify(taken));
  assert.ok(taken.items.some(({ organization }) => organization === "a"), JSON.stringify(taken));
  for (const [expected, query, body, token] of [
    [401, "", "{}", "wrong"], [400, "?dry_run=yes", "{}"], [400, "", '{"organizations": [], "organizations": []}'], [400, "", "{"],
    [413, "", " ".repeat(70_000)],
  ]) {
    const [refused, problem] = await post(query, body, token);
    assert.equal(refused, expected, JSON.stringify(problem));
  }
});

test("a setting that can't be used is named, and nothing is served", async (t) => {
  for (const [name, setting, text] of [
    ["ADMIN_TOKEN", "adminToken", "a-short-secret"], ["TRUST", "trust", "{"], ["PUBLIC_URL", "publicUrl", ""],
    ["TRUST", "trust", '{"organizations": [{"name": "a"}], "organizations": []}'],
    ["TRUST", "trust", '{"organizations": [{"name": "a", "trusted_issuers": [{}]}]}'],
  ]) {
    const worker = await serve(watched, fresh("state/setting"), { [name]: text });
    t.after(worker.stop);
    for (const path of ["/health", "/t/a/oauth2/jwks"]) {
      const response = await fetch(worker.url + path);
      assert.deepEqual([response.status, (await response.json()).type], [503, "urn:asserta:problem:misconfigured"]);
    }
    const isTold = () => worker.events().some((each) => each.event === "bad-setting" && each.setting.startsWith(setting));
    await until(isTold);
    assert.ok(isTold(), worker.told());
    assert.ok(!worker.told().includes("a-short-secret"));
    await worker.stop();
  }
});

test("R120: the guard in a Worker, before an API", async (t) => {
  const issuing = await serve(watched, fresh("state/issuing"));
  t.after(() => issuing.stop());
  const exchange = await ready(issuing);
  const api = await serve(bundle("guarded.mjs", fresh("out-guarded")).out, fresh("state/guarded"), {
    ISSUER: PUBLIC_URL, AUDIENCE: PUBLIC_URL, JWKS_URI: `${issuing.url}/oauth2/jwks`,
  });
  t.after(() => api.stop());
  const { access_token: token } = await (await exchange(await partner.assertion())).json();
  const call = (authorization) => fetch(`${api.url}/orders`, { headers: authorization ? { authorization } : {} });
  const good = await call(`Bearer ${token}`);
  assert.equal(good.status, 200, await good.clone().text());
  assert.equal((await good.json()).subject, "alice");
  assert.deepEqual([(await call()).status, (await call(`Bearer ${token.slice(0, -6)}AAAAAA`)).status], [401, 401]);
  const metadata = await fetch(`${api.url}/.well-known/oauth-protected-resource`);
  assert.deepEqual((await metadata.json()).authorization_servers, [PUBLIC_URL]);
});
