// Every page, in both colour schemes and at both widths: axe finds nothing, nothing is cut, and the first paint is quick.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ADMIN_TOKEN, admin, audience, cases, open, organization, thirdParty } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** An organization with something on each page, and the pages. */
async function furnished() {
  const name = await organization();
  const partner = thirdParty("https://idp.partner.example", { days: 10 });
  const post = async (path, body) => {
    const made = await admin("POST", `organizations/${name}/${path}`, body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
  };
  await post("trusted-issuers", { name: "partner", issuer: "https://idp.partner.example/with/a-rather-long-path/that/has-to-be-broken-somewhere", certificate: partner.pem(),
    claims: [{ claim: "tenant", equals: "acme" }], claim_mappings: { groups: "roles" },
    rules: [{ name: "deploy", subjects: ["repo:acme/app:ref:refs/heads/main"], claims: [{ claim: "level", at_least: 3 }, { claim: "env", one_of: ["prod", true] }], scopes: ["deploy"] },
      { name: "watched", mode: "audit", claims: [{ claim: "env", present: true }] }] });
  await post("trusted-issuers", { name: "unreachable", issuer: "http://127.0.0.1:9", discovery: true, enabled: false });
  await admin("POST", `organizations/${name}/trusted-issuers/unreachable/check`);
  const application = await post("applications", { client_name: "Reporting", grant_types: [JWT_BEARER], scope: "deploy reports.read", trusted_issuers: ["partner"] });
  const byKey = await post("applications", { client_name: "By key", grant_types: [], scope: "read", token_endpoint_auth_method: "private_key_jwt", jwks: partner.jwks() });
  const assertion = partner.sign({ iss: "https://idp.partner.example/with/a-rather-long-path/that/has-to-be-broken-somewhere", sub: "repo:acme/app:ref:refs/heads/main", tenant: "acme", level: 4, env: "prod", aud: audience(name) });
  const explain = async (one) => {
    await one.write("Assertion", assertion);
    await one.click("button", "Explain");
    await one.page.waitForSelector(".verdict");
  };
  const unfold = (one) => one.page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
  const below = (address) => `${name}/${address}`;
  return { application, pages: [
    [below("issuers")], [below("issuer/partner")], [below("issuer/unreachable")], [below("issuer/partner/edit"), unfold], [below("issuer/partner/edit?json")],
    [below("issuers/new")],
    [below("issuers/new"), async (one) => { await one.choose("Start from", "github-actions"); await unfold(one); }],
    [below("issuers/new"), async (one) => { await one.write("Name", "new"); await one.write("Issuer", "https://new.example"); await one.click("button", "Next"); await one.field("URL of the metadata"); await one.tick("Certificate"); await one.click("button", "Finish"); await one.problem("Or paste it"); }],
    [below("applications")], [below(`application/${application.client_id}`)], [below(`application/${byKey.client_id}`)],
    [below(`application/${application.client_id}`), async (one) => { await one.click("button", "Delete"); await one.page.waitForSelector("dialog[open]"); }],
    [below("applications/new"), async (one) => { await one.choose("How it authenticates", "private_key_jwt"); await one.tick("Only these"); await unfold(one); }],
    [below("try"), explain], [below("activity")], [below("keys")], [below("metadata")], ["organizations"], [below("nothing")],
  ] };
}

/** What is out of the window, or cut by what it is in. */
const cut = () => {
  const out = [];
  if (document.documentElement.scrollWidth > innerWidth) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.querySelectorAll("#app *, dialog *")) {
    if (element.closest(".visually-hidden, .skip, thead, option, svg") || !element.offsetParent) continue;
    const { left, right, width } = element.getBoundingClientRect();
    if (width && (right > innerWidth + 1 || left < -1)) out.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`);
    const { overflowX } = getComputedStyle(element);
    if (overflowX !== "visible" && !["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName) && element.scrollWidth > element.clientWidth + 1) out.push(`cut: ${element.tagName}.${element.className}`);
  }
  return out;
};

async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }))
    .violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).slice(0, 3).join(" | ")}`));
}

async function axeAndWidths(browser) {
  const { pages } = await furnished();
  for (const scheme of ["light", "dark"]) {
    for (const width of [1200, 360]) {
      const entrance = await open(browser, { scheme, width, bypass: true });
      assert.deepEqual([await violations(entrance.page), await entrance.page.evaluate(cut)], [[], []], `signing in, ${scheme}, ${width}`);
      await entrance.close();
      const one = await open(browser, { scheme, width, bypass: true, token: ADMIN_TOKEN });
      for (const [address, prepare] of pages) {
        // Afresh, where the page before has the same address.
        if (await one.page.evaluate((hash) => location.hash === hash, `#/${address}`)) await one.to("organizations");
        await one.to(address);
        await prepare?.(one);
        const at = `${address}, ${scheme}, ${width}`;
        assert.deepEqual([await violations(one.page), await one.page.evaluate(cut)], [[], []], at);
      }
      if (width === 360) {
        await one.to("organizations");
        await one.click("button", "Menu");
        assert.deepEqual([await violations(one.page), await one.page.evaluate(cut)], [[], []], `the menu, ${scheme}`);
        await one.click("link", "Activity");
        await one.heading("Activity");
      }
      await one.close();
    }
  }
}

/** One heading of the first rank, the page's title, the focus on it, and landmarks. */
async function structure(browser) {
  const { pages } = await furnished();
  const one = await open(browser, { token: ADMIN_TOKEN });
  for (const [address] of pages) {
    await one.to("organizations");
    await one.to(address);
    const found = await one.page.evaluate(() => ({
      headings: document.querySelectorAll("h1").length, title: document.title, heading: document.querySelector("h1").textContent.trim(),
      focused: document.activeElement.tagName, landmarks: ["header", "nav", "main"].every((tag) => document.querySelectorAll(tag).length === 1),
    }));
    assert.equal(found.headings, 1, address);
    assert.ok(found.title.startsWith(found.heading), found.title);
    assert.equal(found.focused, "H1", address);
    assert.ok(found.landmarks, address);
  }
  await one.close();
}

/** A page of the list asks for what it shows, however many issuers there are; the next page is a link away. */
async function manyIssuers(browser) {
  const name = await organization();
  const jwks = thirdParty("https://idp.example").jwks();
  const trusted_issuers = Array.from({ length: 60 }, (_, index) => ({ name: `issuer-${index + 10}`, issuer: `https://${index}.example`, jwks }));
  const applied = await admin("POST", "apply", { organizations: [{ name, trusted_issuers }] });
  assert.equal(applied.status, 200, JSON.stringify(applied.body));
  const one = await open(browser, { token: ADMIN_TOKEN });
  await one.to("organizations");
  let asked = 0;
  one.page.on("request", (request) => { if (request.url().includes("/trusted-issuers") || request.url().includes("/activity")) asked += 1; });
  await one.to(`${name}/issuers`);
  await one.see("issuer-59");
  const rows = () => one.page.evaluate(() => [...document.querySelectorAll("tbody tr a")].map((link) => link.textContent).filter((text) => text.startsWith("issuer-")));
  assert.deepEqual([(await rows()).length, (await rows())[0]], [50, "issuer-10"]);
  assert.ok(asked <= 1 + 3 * 50, `${asked} requests`);
  await one.click("link", "Next page");
  await one.see("issuer-69");
  assert.equal((await rows()).length, 10);
  await one.click("link", "First page");
  await one.see("issuer-10");
  await one.close();
}

/** From localhost, with an empty cache: the best of some, since other tests may run. */
async function firstPaint(browser) {
  const times = [];
  for (let turn = 0; turn < 7; turn += 1) {
    const one = await open(browser);
    times.push(await one.page.evaluate(() => new Promise((resolve) => {
      new PerformanceObserver((list) => {
        const [first] = list.getEntriesByName("first-contentful-paint");
        if (first) resolve(first.startTime);
      }).observe({ type: "paint", buffered: true });
    })));
    await one.close();
  }
  const best = Math.min(...times);
  assert.ok(best < 200, `the first paint takes ${times.map(Math.round).join(", ")} ms`);
}

await cases({ firstPaint, structure, manyIssuers, axeAndWidths });
