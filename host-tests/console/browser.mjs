// What the scripts here have in common: a browser that keeps book of what the console asks for, and a third party.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import puppeteer from "puppeteer-core";

export const [, , URL_OF_SERVER, ADMIN_TOKEN] = process.argv;

/** A folder that is gone afterwards. */
export const folder = mkdtempSync(join(tmpdir(), "asserta-console-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Runs the cases of a script, one after another, and prints how many passed. */
export async function cases(all) {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-lcd-text", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  let passed = 0;
  try {
    for (const [name, work] of Object.entries(all)) {
      try {
        await work(browser);
      } catch (error) {
        throw new Error(`${name}: ${error.stack}`);
      }
      passed += 1;
    }
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify({ passed }));
}

/** A page of the console in a context of its own. It asks for nothing but its files and the admin API. */
export async function open(browser, { scheme = "light", width = 1200, height = 800, bypass = false, token = null } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const problems = [];
  const known = [new URL("console/", URL_OF_SERVER), new URL("admin/", URL_OF_SERVER)].map(String);
  page.on("request", (request) => { if (!known.some((prefix) => request.url().startsWith(prefix))) problems.push(`asks for ${request.url()}`); });
  page.on("pageerror", (error) => problems.push(`throws ${error.message}`));
  // A refusal is told on the page; that the browser notes its status as well is no problem.
  page.on("console", (message) => { if (message.type() === "error" && !/status of (4|5)\d\d/.test(message.text())) problems.push(message.text()); });
  if (bypass) await page.setBypassCSP(true);
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
  page.setDefaultTimeout(15_000);
  // Before the page is loaded: what a second load interrupts would count as going on, and the network never be idle.
  if (token) await page.evaluateOnNewDocument((token) => sessionStorage.setItem("asserta-admin-token", token), token);
  await page.goto(String(new URL("console/", URL_OF_SERVER)));
  const opened = {
    page,
    close: async () => {
      await context.close();
      assert.deepEqual(problems, []);
    },
    /** To an address of the console: `acme/issuers`. */
    to: async (address) => {
      await page.evaluate((hash) => { location.hash = hash; }, `#/${address}`);
      await opened.settled();
      await page.waitForFunction((hash) => document.getElementById("content")?.dataset.at === hash || !document.getElementById("content"), {}, `#/${address}`);
    },
    /** When nothing is asked for any more, and a heading is there. */
    settled: async () => {
      await page.waitForSelector("h1");
      // What comes in late, such as the state of keys in a list; a page that asks again and again is never quiet.
      await page.waitForNetworkIdle({ idleTime: 100, timeout: 3000 }).catch(() => {});
    },
    heading: async (text) => { await page.waitForFunction((text) => document.querySelector("h1")?.textContent.trim() === text, {}, text); },
    see: async (text) => {
      await page.waitForFunction((text) => document.body.innerText.includes(text), {}, text).catch(async () => {
        throw new assert.AssertionError({ message: `“${text}” is not on the page: ${await page.evaluate(() => document.body.innerText)}` });
      });
    },
    find: (role, name) => page.waitForSelector(`::-p-aria([role="${role}"][name="${name}"])`),
    click: async (role, name) => { await (await opened.find(role, name)).click(); },
    /** Writes into the field of this label, instead of what is there. */
    write: async (label, text) => {
      const field = await opened.field(label);
      await field.evaluate((element) => { element.focus(); element.select(); });
      await page.keyboard.press("Delete");
      await page.keyboard.sendCharacter(text);
    },
    /** The control of the label that begins so; the visible one. */
    field: async (label) => {
      const handle = await page.waitForFunction((wanted) => [...document.querySelectorAll("label")]
        .filter((one) => one.offsetParent && one.textContent.replace(/ optional$/, "").trim() === wanted)
        .map((one) => document.getElementById(one.htmlFor)).find(Boolean), {}, label);
      return handle.asElement();
    },
    choose: async (label, value) => {
      const field = await opened.field(label);
      await field.evaluate((element, value) => { element.value = value; element.dispatchEvent(new Event("change", { bubbles: true })); }, value);
    },
    tick: async (label) => { await (await opened.field(label)).evaluate((element) => element.click()); },
    /** What is wrong with the field of this label, as a screen reader is told. */
    problem: async (label) => {
      const field = await opened.field(label);
      const handle = await page.waitForFunction((element) => element.getAttribute("aria-invalid") === "true" && element.getAttribute("aria-describedby").split(" ")
        .map((id) => document.getElementById(id)).filter((one) => one && !one.hidden && one.classList.contains("problem")).map((one) => one.textContent).join(" "), {}, field);
      return handle.jsonValue();
    },
    signIn: async () => {
      await opened.write("Admin token", ADMIN_TOKEN);
      await opened.click("button", "Sign in");
      await page.waitForSelector("#content h1");
      await opened.settled();
    },
  };
  if (token) await page.waitForSelector("#content h1");
  return opened;
}

/** The admin API, for what a case finds there. */
export async function admin(method, path, body) {
  const response = await fetch(new URL(`admin/${path}`, URL_OF_SERVER), {
    method, headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" }, body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

/** An organization that no other case has. */
export async function organization() {
  const name = `t${randomUUID().slice(0, 8)}`;
  const put = await admin("PUT", `organizations/${name}`, {});
  assert.equal(put.status, 201);
  return name;
}

export const audience = (name) => String(new URL(`t/${name}`, URL_OF_SERVER));

const openssl = (...words) => execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });

/** A third party: a P-256 key, its certificate in a file, and what it signs. `days` are those of the certificate. */
export function thirdParty(iss, { der = false, days = 365 } = {}) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = randomUUID();
  writeFileSync(join(folder, `${name}.key`), privateKey.export({ type: "pkcs8", format: "pem" }));
  const certificate = join(folder, `${name}.${der ? "der" : "pem"}`);
  openssl("req", "-x509", "-new", "-key", `${name}.key`, "-subj", "/CN=partner", "-days", String(days), "-addext", "keyUsage=digitalSignature", "-outform", der ? "DER" : "PEM", "-out", certificate);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    certificate,
    pem: () => readFileSync(certificate, "utf8"),
    privatePem: () => readFileSync(join(folder, `${name}.key`), "utf8"),
    jwks: () => ({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "the-key", use: "sig" }] }),
    sign: (claims, header = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const signed = `${part({ alg: "ES256", ...header })}.${part({ iss, iat: now, exp: now + 290, jti: randomUUID(), ...claims })}`;
      const signature = createSign("SHA256").update(signed).sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
  };
}

/** A certificate for a server on 127.0.0.1, and the authority that issued it. */
export function serverCertificate() {
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2");
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost", "-days", "2",
    "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost");
  const file = (name) => readFileSync(join(folder, name), "utf8");
  return { authority: file("ca.pem"), key: file("server.key"), cert: file("server.pem") };
}

/** Runs a line as somebody would who copied it. */
export async function shell(line, environment) {
  const { stdout } = await promisify(execFile)("bash", ["-c", line], { env: { ...process.env, ...environment } });
  return JSON.parse(stdout);
}

/** Whether the server keeps an activity log. */
export const hasActivity = async (name) => (await admin("GET", `organizations/${name}/activity`)).status === 200;
