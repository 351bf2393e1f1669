// Try it: what an exchange of an assertion would come to, check by check. Nothing is used up.

import {
  h, absolute, actions, add, area, button, control, copyable, fill, form, formProblem, link, mistake, quoted, relative, section, select,
  submit, time, title,
} from "./dom.js";
import { JWT_BEARER } from "./applications.js";

// What the checks look at, for people; the server's name of a check is shown where none is here.
const NAMES = {
  "sub allowed": "subject allowed", sub: "subject", iss: "issuer", aud: "audience", exp: "expiry", iat: "issued at", nbf: "not before", jti: "identifier (jti)",
  typ: "type", alg: "algorithm", kid: "key", cnf: "holder of the key (cnf)",
};
// The checks whose sentences have times in them.
const TIMED = ["exp", "nbf", "iat"];
const TIMES = ["exp", "iat", "nbf", "auth_time", "updated_at"];

// The last assertion, for this tab and in memory alone: one goes to mend an issuer and comes back.
let kept = { assertion: "", client: null, organization: null };

function decoded(assertion) {
  const parts = assertion.trim().split(".");
  if (parts.length !== 3) return null;
  const part = (text) => {
    try {
      const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
      const value = JSON.parse(new TextDecoder().decode(bytes));
      return value && typeof value === "object" && !Array.isArray(value) ? value : null;
    } catch {
      return null;
    }
  };
  const [header, claims] = [part(parts[0]), part(parts[1])];
  return header && claims ? { header, claims } : null;
}

function claimsTable(name, members) {
  const value = (name, one) => (TIMES.includes(name) && typeof one === "number"
    ? [h("code", null, String(one)), h("div", null, `${absolute(one)}, `, h("strong", null, time(one)))]
    : h("code", null, typeof one === "string" ? one : JSON.stringify(one)));
  return section(name, h("dl.facts", null, Object.entries(members).map(([name, one]) => h("div", null, h("dt", null, h("code", null, name)), h("dd", null, value(name, one))))));
}

/** The sentence of the check of rules, a line for each rule: which fits, and why the others don't. */
function rulesOf(saw) {
  const parts = saw.split(/; (?=")/);
  return h("ol.rules", null, parts.map((part) => h(`li${/(^|" )fits/.test(part) ? ".fits" : ""}`, null, part)));
}

/** A sentence of a check, with its times as dates: the server writes seconds since 1970. */
function sentence(saw) {
  return saw.split(/\b(1[5-9]\d{8}|2\d{9})\b/).map((part, index) => (index % 2
    ? h("time", { datetime: new Date(part * 1000).toISOString(), title: `${part}: ${absolute(part)}` }, absolute(part).slice(11), h("span.soft", null, ` (${relative(part)})`)) : part));
}

function checks(steps) {
  return h("ol.checks", null, steps.map((step) => h(`li${step.passed ? "" : ".failed"}`, null,
    h("span.mark", { role: "img", "aria-label": step.passed ? "passed" : "failed" }, step.passed ? "✓" : "✕"),
    h("span.name", { title: step.rule }, NAMES[step.check] ?? step.check),
    h("div.saw", null, step.check === "rule" ? rulesOf(step.saw) : TIMED.includes(step.check) ? sentence(step.saw) : step.saw, step.reason && h("div", null, "Refused with ", h("code", null, step.reason))))));
}

function curlLine({ token_endpoint: url }, assertion, client, application) {
  const words = ["curl -sS"];
  const parameters = [`grant_type=${JWT_BEARER}`, `assertion=${assertion.trim()}`];
  if (application?.token_endpoint_auth_method === "private_key_jwt") {
    parameters.push("client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  } else if (application) words.push(`-u "${client}:$CLIENT_SECRET"`);
  for (const parameter of parameters) words.push(`--data-urlencode ${quoted(parameter)}`);
  if (application?.token_endpoint_auth_method === "private_key_jwt") words.push('--data-urlencode "client_assertion=$CLIENT_ASSERTION"');
  return [...words, quoted(url)].join(" \\\n  ");
}

export async function tryPage(context) {
  const { org, page, parameters, name, to } = context;
  const [applications, urls] = await Promise.all([org.all("applications"), context.describe()]);
  if (kept.organization !== name) kept = { assertion: "", client: null, organization: name };
  const wanted = parameters.get("client_id") ?? kept.client ?? applications[0]?.client_id ?? "";
  const assertion = area({ label: "Assertion", path: "assertion", rows: 7, value: kept.assertion, hint: "The JWT as the third party signed it. It stays in this tab and is not used up.", placeholder: "eyJhbGciOi…" });
  const application = select({ label: "Application", path: "client_id", value: wanted,
    options: [...applications.map((one) => [one.client_id, one.client_name ? `${one.client_name} (${one.client_id})` : one.client_id]), ["", "Any: look at the assertion alone"]] });
  const outcome = h("div.two", { "aria-live": "polite" });
  const claims = h("div.two");
  const look = () => {
    kept = { assertion: control(assertion).value, client: control(application).value, organization: name };
    const read = decoded(kept.assertion);
    fill(claims, read && [claimsTable("Claims", read.claims), claimsTable("Header", read.header)]);
  };
  control(assertion).addEventListener("input", look);
  const asking = form({}, async () => {
    look();
    fill(outcome);
    const text = control(assertion).value.trim();
    const client = control(application).value;
    if (!text) throw mistake("Paste an assertion.", "assertion");
    const explained = await org.post({ assertion: text, ...(client ? { client_id: client } : {}) }, "explain");
    const failed = explained.checks.filter((step) => !step.passed);
    const chosen = applications.find((one) => one.client_id === client);
    fill(outcome,
      h(`div.verdict.${explained.accepted ? "good" : "bad"}`, null, h("span.mark", { "aria-hidden": "true" }, explained.accepted ? "✓" : "✕"),
        h("div", null, h("h2", null, explained.accepted ? "Accepted" : "Refused"),
          h("p", null, explained.accepted ? `All ${explained.checks.length} checks pass. An exchange gets an access token.` : `${failed[0].saw}.`.replace(/\.\.$/, ".")))),
      section("Checks, in their order", checks(explained.checks)),
      section("The exchange",
        h("p.hint", null, chosen ? (chosen.token_endpoint_auth_method === "private_key_jwt" ? "CLIENT_ASSERTION is a fresh JWT that the application's key signed." : ["CLIENT_SECRET is the application's secret. Put it into the environment, not into the history of a shell: ", h("code", null, "read -rs CLIENT_SECRET"), "."]) : "An application's -u is left out: choose one above.",
          " What becomes of it is then in ", link(to("activity"), "Activity"), "."),
        copyable(curlLine(urls, text, client, chosen), { label: "the curl line", block: true })));
  }, formProblem(), assertion, application, actions(submit("Explain"),
    button("Clear", () => { control(assertion).value = ""; look(); fill(outcome); control(assertion).focus(); })));
  add(page, [title("Try it", "Paste an assertion and see every check of an exchange. Nothing is used up."), asking, outcome, claims]);
  look();
}
