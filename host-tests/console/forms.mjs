// The forms: they have every member of a registration, and what is written in them is what is stored.

import assert from "node:assert/strict";
import { ADMIN_TOKEN, admin, cases, open, organization, thirdParty } from "./browser.mjs";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** What stands elsewhere: the name in the title, the algorithm of a client's JWTs in the JSON alone. */
const NOT_IN_FORMS = ["name", "token_endpoint_auth_signing_alg"];

/** An issuer, an application, and a page with the token. */
async function furnished(browser) {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example");
  const issuer = await admin("POST", `organizations/${name}/trusted-issuers`, { name: "partner", issuer: "https://idp.partner.example", certificate: partner.pem() });
  assert.equal(issuer.status, 201);
  const application = await admin("POST", `organizations/${name}/applications`, { client_name: "Reporting", grant_types: [JWT_BEARER] });
  assert.equal(application.status, 201);
  const one = await open(browser, { token: ADMIN_TOKEN });
  const edit = async (address) => {
    await one.to(`${name}/${address}`);
    await one.page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
  };
  const stored = async (path) => (await admin("GET", `organizations/${name}/${path}`)).body;
  return { one, name, edit, stored, application: `application/${application.body.client_id}` };
}

/** The members that the form on the page has a field for, whichever of the sources of keys is chosen. */
const shown = (page) => page.evaluate(() => {
  const paths = new Set();
  const look = () => { for (const one of document.querySelectorAll("[data-path]")) paths.add(one.dataset.path); };
  look();
  for (const source of document.querySelectorAll("input[type=radio]")) { source.click(); look(); }
  return [...paths];
});

async function everyMember(browser) {
  const { one, edit, application } = await furnished(browser);
  const schema = (await admin("GET", "schema.json")).body.$defs;
  for (const [address, type] of [["issuer/partner/edit", "TrustedIssuer"], [`${application}/edit`, "ApplicationMetadata"], ["metadata", "StatedMetadata"]]) {
    await edit(address);
    const paths = await shown(one.page);
    const missing = Object.keys(schema[type].properties).filter((member) => !paths.includes(member) && !NOT_IN_FORMS.includes(member));
    assert.deepEqual(missing, [], address);
  }
  await edit("issuer/partner/edit");
  const paths = await shown(one.page);
  assert.deepEqual(Object.keys(schema.TokenExchange.properties).filter((member) => !paths.includes(`token_exchange.${member}`)), []);
  await one.close();
}

/** Saving what was not touched changes nothing. */
async function untouched(browser) {
  const { one, edit, stored, application } = await furnished(browser);
  for (const [address, path, heading] of [["issuer/partner", "trusted-issuers/partner", "partner"], [application, application.replace("application/", "applications/"), "Reporting"]]) {
    const before = await stored(path);
    await edit(`${address}/edit`);
    await one.click("button", "Save");
    await one.heading(heading);
    assert.deepEqual(await stored(path), before);
  }
  await one.close();
}

async function idJagsAndTokenExchange(browser) {
  const { one, edit, stored } = await furnished(browser);
  const exchanged = "Its tokens can be exchanged (RFC 8693)";
  await edit("issuer/partner/edit");
  await one.tick(exchanged);
  await one.tick("The claim may_act says who may");
  await one.write("Its allowed values", "portal\nbatch");
  await one.click("button", "Save");
  // What names them is missing.
  assert.match(await one.problem("Its allowed values"), /actor_claim/);
  await one.write("Claim that names who got the token", "azp");
  await one.tick("A token can be exchanged once only");
  await one.click("button", "Save");
  await one.heading("partner");
  await one.see("Token exchange");
  const { token_exchange } = await stored("trusted-issuers/partner");
  assert.deepEqual(token_exchange, { allow_may_act: true, actor_claim: "azp", allowed_actors: ["portal", "batch"], replay: "once" });
  await edit("issuer/partner/edit");
  await one.choose("It sends", "id-jag");
  await one.click("button", "Save");
  // An ID-JAG is for the JWT bearer grant alone.
  assert.match(await one.problem(exchanged), /R37/);
  await one.tick(exchanged);
  await one.click("button", "Save");
  await one.heading("partner");
  await one.see("ID-JAGs alone");
  const after = await stored("trusted-issuers/partner");
  assert.deepEqual([after.profile, after.token_exchange ?? null], ["id-jag", null]);
  await one.close();
}

async function statedMetadata(browser) {
  const { one, name, edit, stored } = await furnished(browser);
  await edit("metadata");
  await one.write("Scopes that clients may ask for", "reports.read\nreports.write");
  await one.write("Authorization endpoint", "http://as.example/authorize");
  await one.click("button", "Save");
  assert.match(await one.problem("Authorization endpoint"), /https/);
  await one.write("Authorization endpoint", "https://as.example/authorize");
  await one.click("button", "Save");
  await one.see("It is saved.");
  assert.deepEqual(await stored("metadata"), { scopes_supported: ["reports.read", "reports.write"], authorization_endpoint: "https://as.example/authorize" });
  await one.write("Scopes that clients may ask for", "");
  await one.write("Authorization endpoint", "");
  await one.click("button", "Save");
  await one.settled();
  assert.equal((await admin("GET", `organizations/${name}/metadata`)).status, 404);
  await one.close();
}

await cases({ everyMember, untouched, idJagsAndTokenExchange, statedMetadata });
