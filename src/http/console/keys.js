// Keys of a third party: where they come from, as part of a form, and what was found, as a table.

import { h, area, badge, choices, chosen, control, input, mistake, table, time, absolute, field } from "./dom.js";

const SOON = 30 * 86400;

/** A file as the member `certificate` has it: PEM as it is, DER as base64. */
async function certificateOf(file) {
  if (file.size > 65536) throw mistake(`${file.name} has more than 64 KiB.`, "certificate");
  const bytes = new Uint8Array(await file.arrayBuffer());
  // DER begins with a SEQUENCE; text never begins with its tag and a length.
  if (bytes[0] === 0x30 && bytes[1] >= 0x80) return btoa(String.fromCharCode(...bytes));
  return new TextDecoder().decode(bytes);
}

const SOURCES = {
  discovery: ["Discovery", "The issuer's metadata says where its keys are: OpenID Connect Discovery, or RFC 8414."],
  jwks_uri: ["JWKS endpoint", "A URL where the issuer publishes its keys. They are fetched again when they change."],
  certificate: ["Certificate", "An X.509 certificate or a public key: .pem, .crt, .cer or .der, as it is."],
  jwks: ["JWK set", "The keys themselves, as JSON. They change when they are changed here."],
  client_assertion_issuer: ["A trusted issuer", "A JWT of a trusted issuer stands for the application: a workload's token, say."],
};

/** The part of a form that asks for keys. `sources` are the members that it offers, `document` is what is there. */
export function keySource(document, sources, { issuers = [] } = {}) {
  const present = sources.find((source) => document[source]) ?? sources[0];
  const which = choices({
    legend: "Where its keys come from",
    options: sources.map((source) => [source, ...SOURCES[source]]), values: [present], onchange: () => draw(),
  });
  const custom = typeof document.discovery === "string" ? document.discovery : "";
  const metadata = input({ label: "URL of the metadata", path: "discovery", optional: true, value: custom, type: "url", inputmode: "url",
    hint: "Only where it is not at the issuer's well-known addresses." });
  const endpoint = input({ label: "URL of the JWKS endpoint", path: "jwks_uri", value: document.jwks_uri ?? "", type: "url", inputmode: "url",
    placeholder: "https://idp.example.com/jwks" });
  const upload = h("input", { type: "file", accept: ".pem,.crt,.cer,.der,.pub,.txt" });
  const pasted = area({ label: "Or paste it", path: "certificate", rows: 6, value: document.certificate ?? "", placeholder: "-----BEGIN CERTIFICATE-----" });
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    if (!file) return;
    try { control(pasted).value = await certificateOf(file); } catch (error) { control(pasted).value = ""; upload.setCustomValidity(error.message); }
  });
  const file = field({ label: "Upload a file", control: upload, hint: "Nothing has to be converted. Several certificates may be in one file." });
  const set = area({ label: "The keys, as JSON", path: "jwks", rows: 6, value: document.jwks ? JSON.stringify(document.jwks, null, 2) : "", placeholder: "{\"keys\": […]}" });
  const issuerNames = h("datalist", { id: "issuer-names" }, issuers.map((name) => h("option", { value: name })));
  const by = input({ label: "Name of the trusted issuer", path: "client_assertion_issuer", value: document.client_assertion_issuer ?? "", list: "issuer-names" });
  const subject = input({ label: "Subject", path: "client_assertion_subject", value: document.client_assertion_subject ?? "", hint: "The sub that its JWTs must have." });
  const parts = {
    discovery: [metadata], jwks_uri: [endpoint], certificate: [file, pasted], jwks: [set], client_assertion_issuer: [issuerNames, by, subject],
  };
  const holder = h("div.stack");
  const source = () => chosen(which)[0];
  const draw = () => holder.replaceChildren(...parts[source()]);
  draw();
  const read = {
    discovery: () => ({ discovery: control(metadata).value.trim() || true }),
    jwks_uri: () => {
      const url = control(endpoint).value.trim();
      if (!url) throw mistake("The URL is missing.", "jwks_uri");
      return { jwks_uri: url };
    },
    certificate: () => {
      const text = control(pasted).value.trim();
      if (upload.validationMessage && !text) throw mistake(upload.validationMessage, "certificate");
      if (!text) throw mistake("Upload a certificate or paste it.", "certificate");
      if (/PRIVATE KEY-----/.test(text)) throw mistake("This is a private key. It was not sent: take the certificate or the public key.", "certificate");
      return { certificate: `${text}\n` };
    },
    jwks: () => {
      let keys;
      try { keys = JSON.parse(control(set).value); } catch { throw mistake("This is no JSON.", "jwks"); }
      if (keys?.keys?.some?.((key) => key && typeof key === "object" && ("d" in key || "k" in key))) {
        throw mistake("There is a private or secret key in it. It was not sent: take the public keys.", "jwks");
      }
      return { jwks: keys };
    },
    client_assertion_issuer: () => ({ client_assertion_issuer: control(by).value.trim(), client_assertion_subject: control(subject).value.trim() }),
  };
  return {
    element: h("div.stack", null, which, holder),
    source,
    /** All the sources' members: those that are not chosen are undefined. */
    read: () => ({ ...Object.fromEntries([...sources, "client_assertion_subject"].map((member) => [member, undefined])), ...read[source()]() }),
  };
}

/** How long a certificate holds, as a badge; null where there is nothing to say. */
export function expiry(certificate, now = Date.now() / 1000) {
  if (!certificate?.not_after) return null;
  if (certificate.not_after < now) return badge("certificate expired", "bad");
  if (certificate.not_after - now < SOON) return badge(["certificate expires ", absolute(certificate.not_after).slice(0, 10)].join(""), "warn");
  return null;
}

/** The state of an issuer's keys at a glance: the report of `/keys`. */
export function keysAtAGlance(report) {
  const failed = report.documents?.find((document) => document.problem);
  const never = report.documents?.some((document) => document.fetched_at === null);
  const badges = [report.usable
    ? badge(`${report.usable} key${report.usable === 1 ? "" : "s"}`, "good")
    : never && !failed ? badge("not fetched yet") : badge("no usable key", "bad")];
  if (failed) badges.push(badge("last fetch failed", "bad"));
  if (report.skipped_keys?.length) badges.push(badge(`${report.skipped_keys.length} skipped`, "warn"));
  const expiring = (report.keys ?? []).map((key) => expiry(key.certificate)).filter(Boolean);
  if (expiring.length) badges.push(expiring[0]);
  const last = report.documents?.findLast((document) => document.fetched_at !== null);
  return [h("div.badges", null, badges),
    failed ? h("p.hint.bad-text", null, failed.problem, failed.fetched_at !== null && [", ", time(failed.fetched_at)])
      : last ? h("p.hint", null, "fetched ", time(last.fetched_at)) : null];
}

/** What was found, in full. */
export function keysFound(report) {
  const keys = report.keys ?? [];
  return [
    (report.documents ?? []).map((document) => h(`div.notice${document.problem ? ".bad" : ""}`, null, h("div", null,
      h("strong", null, document.document === "metadata" ? "Metadata" : "JWK set"), " ", h("code", null, document.uri ?? ""), " ",
      document.problem ? h("span.bad-text", null, document.problem)
        : document.fetched_at === null ? "was not fetched yet"
        : ["fetched ", time(document.fetched_at), document.fresh_until ? [", fresh until ", absolute(document.fresh_until).slice(11)] : ""]))),
    keys.length ? table("Keys", ["Key", "Type", "Algorithms", "Thumbprint", "Certificate"], keys.map((key) => [
      [h("code", null, key.kid ?? key.key), key.problem && h("p.problem", null, key.problem)],
      `${key.kty ?? ""} ${key.crv ?? key.bits ?? ""}`,
      (key.algorithms ?? []).join(", "),
      h("code", { title: key.thumbprint }, `${(key.thumbprint ?? "").slice(0, 10)}…`),
      key.certificate ? [h("div", null, key.certificate.subject), h("p.hint", null, "until ", absolute(key.certificate.not_after).slice(0, 10)), expiry(key.certificate),
        key.certificate.problem && h("p.problem", null, key.certificate.problem)] : h("span.soft", null, "none"),
    ])) : h("p.soft", null, "There is no key."),
    report.skipped_keys?.length ? [h("h3", null, "Skipped"), h("ul.rules", null, report.skipped_keys.map((skipped) => h("li", null, h("div", null, h("code", null, skipped.key), ": ", skipped.reason))))] : null,
  ];
}
