// The pictures of docs/console.md: an organization with something to see, and each of its pages.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { smaller } from "./png.mjs";
import { ADMIN_TOKEN, admin, audience, cases, hasActivity, open, thirdParty } from "./browser.mjs";

const OUT = process.argv[4];
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MAX_PICTURE = 60_000;

async function done(method, path, body) {
  const { status, body: answer } = await admin(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function pictures(browser) {
  mkdirSync(OUT, { recursive: true });
  const acme = "organizations/acme";
  await done("PUT", acme, { display_name: "Acme Ltd" });
  await done("PUT", `${acme}/metadata`, { scopes_supported: ["reports.read", "reports.write"], protected_resources: ["https://reports.example"] });
  const partner = thirdParty("https://idp.partner.example", { days: 21 });
  await done("POST", `${acme}/trusted-issuers`, {
    name: "partner", issuer: "https://idp.partner.example", certificate: partner.pem(), max_lifetime: 600,
    rules: [
      { name: "operators", subjects: ["ops:*"], scopes: ["reports.read", "reports.write"] },
      { name: "readers", claims: [{ claim: "tenant", equals: "acme" }], scopes: ["reports.read"], access_token_lifetime: 900 },
    ],
  });
  const ci = await done("POST", "presets/github-actions", { name: "ci", parameters: { repository: "octo-org/app", ref: "refs/heads/main" }, scopes: ["deploy"] });
  await done("POST", `${acme}/trusted-issuers`, ci);
  await done("POST", `${acme}/trusted-issuers`, { name: "sso", issuer: "http://127.0.0.1:9/login", discovery: true });
  await done("POST", `${acme}/trusted-issuers/sso/check`);
  const reporting = await done("POST", `${acme}/applications`, { client_name: "Reporting", grant_types: [JWT_BEARER], scope: "reports.read reports.write", audience: "https://reports.example" });
  await done("POST", `${acme}/applications`, { client_name: "Deployments", grant_types: [JWT_BEARER], scope: "deploy", trusted_issuers: ["ci"], token_endpoint_auth_method: "private_key_jwt", jwks: partner.jwks() });
  const claims = { sub: "alice", tenant: "acme", aud: audience("acme") };
  const exchange = (assertion) => fetch(`${audience("acme")}/oauth2/token`, {
    method: "POST", headers: { authorization: `Basic ${Buffer.from(`${reporting.client_id}:${reporting.client_secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: JWT_BEARER, assertion }),
  });
  for (let turn = 0; turn < 9; turn += 1) await exchange(partner.sign(claims));
  await exchange(partner.sign({ ...claims, tenant: "globex" }));
  const used = partner.sign({ ...claims, sub: "ops:bob" });
  for (let turn = 0; turn < 2; turn += 1) await exchange(used);
  if (await hasActivity("acme")) await new Promise((resolve) => setTimeout(resolve, 4000));

  const shots = [
    ["issuers", "acme/issuers"], ["issuer", "acme/issuer/partner"],
    ["wizard", "acme/issuers/new", async (one) => {
      await one.write("Name", "partner-2");
      await one.write("Issuer", "https://login.partner.example");
      await one.click("button", "Next");
      await one.tick("Certificate");
    }],
    ["rules", "acme/issuer/partner/edit", async (one) => { await one.page.evaluate(() => document.querySelector("[data-path=rules]").scrollIntoView()); }],
    ["applications", "acme/applications"], ["application", `acme/application/${reporting.client_id}`],
    ["try", `acme/try?client_id=${reporting.client_id}`, async (one) => {
      await one.write("Assertion", partner.sign(claims));
      await one.click("button", "Explain");
      await one.page.waitForSelector(".verdict");
    }],
    ["activity", "acme/activity"], ["keys", "acme/keys"], ["metadata", "acme/metadata"], ["organizations", "organizations"],
  ];
  const take = async (one, name) => {
    const file = join(OUT, `${name}.png`);
    await one.page.evaluate(() => document.activeElement?.blur());
    const picture = smaller(Buffer.from(await one.page.screenshot()));
    if (picture.length > MAX_PICTURE) throw new Error(`${file} has ${picture.length} bytes`);
    writeFileSync(file, picture);
  };
  const one = await open(browser, { width: 1100, height: 720 });
  await take(one, "sign-in");
  await one.signIn();
  for (const [name, address, prepare] of shots) {
    await one.to(address);
    await prepare?.(one);
    await take(one, name);
  }
  await one.close();
  const phone = await open(browser, { scheme: "dark", width: 360, height: 720, token: ADMIN_TOKEN });
  await phone.to("acme/issuers");
  await take(phone, "phone");
  await phone.close();
}

await cases({ pictures });
