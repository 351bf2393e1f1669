// Each kind of mistake, shown at its field, and texts that want to be markup.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADMIN_TOKEN, admin, audience, cases, folder, open, organization, thirdParty } from "./browser.mjs";

async function signingIn(browser) {
  const one = await open(browser);
  await one.click("button", "Sign in");
  assert.match(await one.problem("Admin token"), /Type the admin token/);
  await one.write("Admin token", "a-wrong-token-of-enough-length-0123456789");
  await one.click("button", "Sign in");
  await one.page.waitForFunction(() => document.body.innerText.includes("not the server's admin token"));
  assert.equal(await one.page.evaluate(() => sessionStorage.length), 0);
  await one.signIn();
  // A token that the server takes no more: back to the start, and said.
  await one.page.evaluate(() => sessionStorage.setItem("asserta-admin-token", "withdrawn"));
  await one.to("default/applications").catch(() => {});
  await one.see("does not take this admin token any more");
  await one.close();
}

async function ofAnIssuer(browser) {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example");
  await admin("POST", `organizations/${name}/trusted-issuers`, { name: "taken", issuer: "https://taken.example", certificate: partner.pem() });
  const one = await open(browser, { token: ADMIN_TOKEN });
  await one.to(`${name}/issuers/new`);
  await one.click("button", "Next");
  assert.match(await one.problem("Name"), /needed/);
  await one.write("Name", "taken");
  await one.click("button", "Next");
  assert.match(await one.problem("Issuer"), /needed/);
  await one.write("Issuer", "https://taken.example");
  await one.click("button", "Next");
  assert.match(await one.problem("Name"), /this name already/);
  await one.write("Name", "partner");
  await one.click("button", "Next");

  await one.tick("JWKS endpoint");
  await one.click("button", "Finish");
  assert.match(await one.problem("URL of the JWKS endpoint"), /missing/);
  for (const url of ["http://idp.partner.example/jwks", "nothing", "https://user:password@idp.partner.example/"]) {
    await one.write("URL of the JWKS endpoint", url);
    await one.click("button", "Finish");
    assert.ok(await one.problem("URL of the JWKS endpoint"), url);
  }
  await one.tick("JWK set");
  await one.write("The keys, as JSON", "{");
  await one.click("button", "Finish");
  assert.match(await one.problem("The keys, as JSON"), /no JSON/);
  await one.write("The keys, as JSON", '{"keys": [{"kty": "oct", "k": "AAAA"}]}');
  await one.click("button", "Finish");
  assert.match(await one.problem("The keys, as JSON"), /not sent/);

  await one.tick("Certificate");
  await one.click("button", "Finish");
  assert.match(await one.problem("Or paste it"), /Upload a certificate/);
  await one.write("Or paste it", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
  await one.click("button", "Finish");
  assert.ok(await one.problem("Or paste it"));
  // A private key never leaves the page.
  const file = join(folder, "private.pem");
  writeFileSync(file, partner.privatePem());
  await (await one.field("Upload a file")).uploadFile(file);
  await one.page.waitForFunction(() => document.querySelector("textarea").value.includes("PRIVATE"));
  await one.click("button", "Finish");
  assert.match(await one.problem("Or paste it"), /private key\. It was not sent/);
  await (await one.field("Upload a file")).uploadFile(partner.certificate);
  await one.page.waitForFunction(() => document.querySelector("textarea").value.includes("BEGIN CERTIFICATE"));
  // That the issuer is taken, the server knows at the end: it is shown where it was written.
  await one.click("button", "Finish");
  assert.match(await one.problem("Issuer"), /has it/);
  await one.write("Issuer", "https://idp.partner.example");
  await one.click("button", "Next");
  await one.click("button", "Finish");
  await one.heading("partner");
  await one.close();
}

async function ofRules(browser) {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example");
  await admin("POST", `organizations/${name}/trusted-issuers`, { name: "partner", issuer: "https://idp.partner.example", certificate: partner.pem() });
  const one = await open(browser, { token: ADMIN_TOKEN });
  await one.to(`${name}/issuer/partner/edit`);
  await one.heading("Edit partner");
  await one.write("An assertion lives at most, in seconds", "soon");
  await one.click("button", "Save");
  assert.match(await one.problem("An assertion lives at most, in seconds"), /whole number/);
  await one.write("An assertion lives at most, in seconds", "9999999");
  await one.click("button", "Save");
  assert.ok(await one.problem("An assertion lives at most, in seconds"));
  await one.write("An assertion lives at most, in seconds", "600");
  await one.click("button", "Add a rule");
  await one.click("button", "Save");
  assert.match(await one.problem("Name"), /empty/);
  await one.write("Name", "deploy");
  const rule = await one.page.waitForSelector("fieldset.group");
  await (await rule.waitForSelector("::-p-aria([role=\"button\"][name=\"Add a condition\"])")).click();
  await one.click("button", "Save");
  assert.ok(await one.problem("Claim"));
  await one.write("Claim", "level");
  await one.choose("Test", "at_least");
  await one.write("Number", "high");
  await one.click("button", "Save");
  assert.match(await one.problem("Number"), /number is needed/);
  await one.choose("Test", "not.glob");
  await one.write("Pattern (* within a segment, ** across)", "pull_request*");
  await one.click("button", "Save");
  // It is stored; what may not be meant so is said at its field.
  await one.see("It is saved.");
  await one.see("It lets \"pull_request\" pass");
  assert.ok(await one.page.$eval(".condition .problem.warning", (element) => element.closest("[data-path]").dataset.path.endsWith("not.glob")));
  const stored = (await admin("GET", `organizations/${name}/trusted-issuers/partner`)).body;
  assert.deepEqual(stored.rules, [{ name: "deploy", mode: "enforce", claims: [{ claim: "level", not: { glob: "pull_request*" } }] }]);
  await one.to(`${name}/issuer/partner`);
  await one.see("does not match the pattern");
  // As JSON: what the forms don't show, and a member that nobody knows.
  await one.to(`${name}/issuer/partner/edit?json`);
  await one.heading("Edit partner");
  await one.write("The document", "{");
  await one.click("button", "Save");
  assert.match(await one.problem("The document"), /no JSON/);
  await one.write("The document", JSON.stringify({ ...stored, nonsense: 1 }));
  await one.click("button", "Save");
  assert.match(await one.problem("The document"), /nonsense/);
  await one.close();
}

async function ofApplicationsAndOrganizations(browser) {
  const name = await organization();
  const one = await open(browser, { token: ADMIN_TOKEN });
  await one.to(`${name}/applications/new`);
  await one.heading("New application");
  await one.click("button", "Create");
  assert.match(await one.problem("Name"), /needed/);
  await one.write("Name", "Reporting");
  await one.choose("How it authenticates", "private_key_jwt");
  await one.tick("A trusted issuer");
  await one.click("button", "Create");
  assert.ok(await one.problem("Name of the trusted issuer"));
  await one.tick("JWKS endpoint");
  await one.write("URL of the JWKS endpoint", "https://client.example/jwks");
  await one.click("button", "Create");
  await one.heading("Reporting");
  assert.equal((await one.page.$$(".notice.good")).length, 0, "it has no secret");
  await one.page.evaluate(() => { location.hash = "#/organizations"; });
  await one.heading("Organizations");
  for (const wrong of ["", "Not A Name", "default"]) {
    await one.write("Name", wrong);
    await one.click("button", "Create");
    assert.ok(await one.problem("Name"), wrong);
  }
  await one.to(`${name}/try`);
  await one.heading("Try it");
  await one.click("button", "Explain");
  assert.match(await one.problem("Assertion"), /Paste/);
  await one.write("Assertion", "nonsense");
  await one.click("button", "Explain");
  await one.see("Refused");
  await one.close();
}

/** Whatever a name says, it is a text. */
async function markup(browser) {
  const name = await organization();
  const evil = "<img src=x onerror=\"window.hacked=1\">";
  const partner = thirdParty("https://evil.example");
  const made = await admin("POST", `organizations/${name}/trusted-issuers`, {
    name: evil, issuer: "https://evil.example/\"><script>window.hacked=1</script>", certificate: partner.pem(),
    rules: [{ name: evil, subjects: [evil], claims: [{ claim: evil, equals: evil }] }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const application = await admin("POST", `organizations/${name}/applications`, { client_name: evil, grant_types: ["urn:ietf:params:oauth:grant-type:jwt-bearer"], scope: "read" });
  assert.equal(application.status, 201);
  await admin("PUT", `organizations/${name}`, { display_name: evil });
  const one = await open(browser, { token: ADMIN_TOKEN });
  const issuer = encodeURIComponent(evil);
  const { client_id: client } = application.body;
  for (const address of ["issuers", `issuer/${issuer}`, `issuer/${issuer}/edit`, `issuer/${issuer}/edit?json`, "applications", `application/${client}`,
    `application/${client}/edit`, "try", "activity", "keys"]) {
    await one.to(`${name}/${address}`);
    const found = await one.page.evaluate(() => ({
      hacked: "hacked" in window, images: [...document.images].map((image) => image.getAttribute("src")), scripts: document.scripts.length,
      text: document.body.innerText + [...document.querySelectorAll("input, textarea, option")].map((one) => one.value + one.textContent).join(" "),
    }));
    assert.equal(found.hacked, false, address);
    assert.deepEqual(found.images, ["icon.svg"], address);
    assert.equal(found.scripts, 1, address);
    assert.ok(found.text.includes(evil), `${address} shows it as it is`);
  }
  // An assertion's claims are a stranger's.
  await one.to(`${name}/try`);
  await one.write("Assertion", partner.sign({ iss: evil, sub: evil, aud: audience(name), [evil]: evil, exp: 8e18 }, { kid: evil }));
  await one.click("button", "Explain");
  await one.see("Refused");
  assert.deepEqual(await one.page.evaluate(() => ["hacked" in window, document.images.length]), [false, 1]);
  // The browser itself takes no text as markup here.
  const thrown = await one.page.evaluate(() => { try { document.body.innerHTML = "<b></b>"; return null; } catch (error) { return error.name; } });
  assert.equal(thrown, "TypeError");
  // The line for a shell has what is pasted in one word, whatever it is.
  await one.write("Assertion", "x'$(touch /tmp/never)`;");
  await one.click("button", "Explain");
  const line = await one.page.waitForSelector("pre code").then((code) => code.evaluate((element) => element.textContent));
  assert.ok(line.includes(`'assertion=x'\\''$(touch /tmp/never)\`;'`), line);
  await one.page.close();
}

await cases({ signingIn, ofAnIssuer, ofRules, ofApplicationsAndOrganizations, markup });
