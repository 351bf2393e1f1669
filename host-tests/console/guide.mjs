// The product guide's whole path, in the console alone; the same by keyboard alone; and with discovery and a preset.

import assert from "node:assert/strict";
import { createServer } from "node:https";
import { ADMIN_TOKEN, audience, cases, hasActivity, open, organization, serverCertificate, shell, thirdParty } from "./browser.mjs";

const text = (handle) => handle.evaluate((element) => element.textContent);

/** The decision that was just made, on the page Activity; where there is no log, the page says so. */
async function seeActivity(console_, name, application) {
  await console_.to(`${name}/activity`);
  await console_.heading("Activity");
  if (!(await hasActivity(name))) return console_.see("There is no activity log here");
  await console_.page.waitForFunction((application) => [...document.querySelectorAll("tbody tr")].some((row) => row.innerText.includes("accepted") && row.innerText.includes(application)), {}, application);
}

async function byMouse(browser) {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example", { der: true });
  const one = await open(browser);
  await one.signIn();
  await one.to(`${name}/issuers`);
  await one.click("link", "New trusted issuer");
  await one.heading("New trusted issuer");
  await one.write("Name", "partner");
  await one.write("Issuer", "https://idp.partner.example");
  await one.write("Alias", "https://the-alias.example");
  await one.click("button", "Next");
  await one.tick("Certificate");
  await (await one.field("Upload a file")).uploadFile(partner.certificate);
  await one.page.waitForFunction(() => document.querySelector("textarea").value.length > 100);
  await one.click("button", "Finish");
  await one.heading("partner");
  await one.see("It is registered.");
  await one.see("EC P-256");

  await one.click("link", "an application");
  await one.heading("Applications");
  await one.click("link", "New application");
  await one.heading("New application");
  await one.write("Name", "Reporting");
  // As in the guide: it is there first, and gets the grant on its page.
  await one.tick("JWT Bearer");
  await one.write("Scopes", "reports.read");
  await one.click("button", "Create");
  await one.heading("Reporting");
  await one.see("JWT Bearer is not among its allowed grant types");
  const secret = await text(await one.page.waitForSelector(".notice code"));
  assert.ok(secret.length >= 32);
  await one.click("link", "Allow it");
  await one.heading("Edit Reporting");
  await one.tick("JWT Bearer");
  await one.click("button", "Save");
  await one.heading("Reporting");
  assert.ok(!(await one.page.evaluate(() => document.body.innerText)).includes(secret), "the secret is shown once");

  await one.click("link", "Try it with this application");
  await one.heading("Try it");
  await one.write("Assertion", partner.sign({ sub: "alice", aud: "https://the-alias.example" }));
  await one.see("in 4 minutes");
  await one.click("button", "Explain");
  await one.see("Accepted");
  assert.equal((await one.page.$$(".checks .failed")).length, 0);
  assert.ok((await one.page.$$(".checks > li")).length > 15);
  const line = await text(await one.page.waitForSelector("pre code"));
  assert.ok(!line.includes(secret));
  const answer = await shell(line, { CLIENT_SECRET: secret });
  assert.equal(answer.token_type, "Bearer", JSON.stringify(answer));
  // Explaining used nothing up; the exchange did.
  await one.click("button", "Explain");
  await one.see("Refused");
  await one.see("was used before");
  await seeActivity(one, name, "Reporting");
  await one.close();
}

/** Tab to what has this name, as somebody who can't see where it is. */
async function tabTo(page, name) {
  for (let press = 0; press < 120; press += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
      const { outlineStyle } = getComputedStyle(element);
      return { name: label.replace(/ optional$/, "").trim(), isSeen: outlineStyle !== "none", group: element.name };
    });
    if (at.name === name) {
      assert.ok(at.isSeen, `the focus on ${name} can't be seen`);
      return;
    }
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

async function byKeyboard(browser) {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example");
  const one = await open(browser);
  const { page } = one;
  const type = async (field, characters) => { await tabTo(page, field); await page.keyboard.sendCharacter(characters); };
  const press = async (target, key = "Enter") => { await tabTo(page, target); await page.keyboard.press(key); };
  // The field is where one is at first.
  await page.keyboard.sendCharacter(ADMIN_TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#content h1");
  await press("Organizations");
  await one.heading("Organizations");
  await press(name);
  await one.heading("Trusted issuers");
  await press("New trusted issuer");
  await one.heading("New trusted issuer");
  await type("Name", "partner");
  await type("Issuer", "https://idp.partner.example");
  await page.keyboard.press("Enter");
  // The first of the sources has the focus; two down is the certificate.
  await page.waitForFunction(() => document.activeElement.type === "radio");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await type("Or paste it", partner.pem());
  await press("Finish");
  await one.heading("partner");
  await press("Applications");
  await one.heading("Applications");
  await press("New application");
  await one.heading("New application");
  await type("Name", "Reporting");
  await press("Create");
  await one.heading("Reporting");
  await press("Try it");
  await one.heading("Try it");
  await type("Assertion", partner.sign({ sub: "alice", aud: audience(name) }));
  await press("Explain");
  await one.see("Accepted");
  // A dialog keeps the focus, Escape leaves it, and the focus is where it was.
  await press("Applications");
  await one.heading("Applications");
  await press("Reporting");
  await one.heading("Reporting");
  await press("Delete");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog") && document.activeElement.textContent === "Delete");
  await page.keyboard.press("Enter");
  await press("Delete Reporting");
  await one.see("No application yet");
  await press("Sign out");
  await one.see("You are signed out.");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await one.close();
}

/** Keycloak's preset; its keys by discovery, over TLS by an authority that nobody knows until it is registered. */
async function byDiscoveryAndPreset(browser) {
  const name = await organization();
  const { authority, ...server } = serverCertificate();
  let partner = null;
  const answer = { "/realms/acme/.well-known/openid-configuration": (issuer) => ({ issuer, jwks_uri: `${issuer}/certs` }), "/realms/acme/certs": () => partner.jwks() };
  const https = createServer(server, (request, response) => {
    const document = answer[request.url]?.(issuer);
    response.writeHead(document ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(document ?? {}));
  });
  await new Promise((resolve) => https.listen(0, "127.0.0.1", resolve));
  const issuer = `https://127.0.0.1:${https.address().port}/realms/acme`;
  partner = thirdParty(issuer);
  const one = await open(browser, { token: ADMIN_TOKEN });
  await one.to(`${name}/issuers/new`);
  await one.heading("New trusted issuer");
  await one.choose("Start from", "keycloak");
  await one.write("Name", "realm");
  await one.click("button", "Next");
  assert.match(await one.problem("Issuer"), /needed/);
  await one.write("Issuer", issuer);
  await one.write("Client id", "deployer");
  await one.click("button", "Next");
  await one.see("This is what is registered.");
  await one.see("its metadata (discovery)");
  await one.click("button", "Finish");
  await one.heading("realm");
  // It is fetched at once; the cause is told.
  await one.see("its metadata: ");
  await one.to(`${name}/issuers`);
  await one.see("last fetch failed");
  await one.to(`${name}/issuer/realm/edit`);
  await one.heading("Edit realm");
  await one.page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
  await one.write("Certificate authorities of its endpoints", authority);
  await one.click("button", "Save");
  await one.heading("realm");
  await one.click("button", "Test fetch");
  await one.see("the-key");
  await one.see("1 usable key found.");

  await one.to(`${name}/applications/new`);
  await one.heading("New application");
  await one.write("Name", "Deployer");
  await one.click("button", "Create");
  await one.heading("Deployer");
  await one.to(`${name}/try`);
  await one.heading("Try it");
  await one.write("Assertion", partner.sign({ sub: "7", azp: "somebody", aud: audience(name) }, { kid: "the-key" }));
  await one.click("button", "Explain");
  await one.see("Refused");
  await one.see("no-rule-fits");
  await one.see("does not fit");
  await one.write("Assertion", partner.sign({ sub: "7", azp: "deployer", aud: audience(name) }, { kid: "the-key" }));
  await one.click("button", "Explain");
  await one.see("Accepted");
  await one.see("fits, and decides");
  await one.close();
  https.close();
}

await cases({ byMouse, byKeyboard, byDiscoveryAndPreset });
