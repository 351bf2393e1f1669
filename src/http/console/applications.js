// Applications: the OAuth clients that present assertions.

import {
  h, actions, add, area, badge, button, check, choices, chosen, confirm, control, copyable, documentForm, duration, empty, facts, fill, folded, form, formProblem,
  input, lines, link, mistake, notice, pager, say, select, submit, table, time, title, words,
} from "./dom.js";
import { keySource } from "./keys.js";
import { wholeNumber } from "./rules.js";

export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
// What people call the grants.
const GRANTS = [
  [JWT_BEARER, "JWT Bearer", "Exchanges an assertion of a trusted issuer for an access token (RFC 7523)."],
  ["urn:ietf:params:oauth:grant-type:token-exchange", "Token Exchange", "Exchanges a token of a trusted issuer, or of somebody on whose behalf it acts (RFC 8693)."],
];
const METHODS = [
  ["client_secret_basic", "Its secret, in the Authorization header"],
  ["client_secret_post", "Its secret, in the header or in the body"],
  ["private_key_jwt", "A JWT that its key signs, and no secret"],
];
const KEYS = ["jwks_uri", "certificate", "jwks", "client_assertion_issuer"];

// A secret that was just made: shown once, on the page that follows, and then forgotten.
let made = null;

const grantName = (grant) => GRANTS.find(([value]) => value === grant)?.[1] ?? grant;
export const nameOf = (application) => application.client_name || application.client_id;

export async function applicationsPage(context) {
  const { org, page, parameters, to } = context;
  const after = parameters.get("after");
  const { items: applications, next } = await org.page({ limit: 100, after }, "applications");
  const head = h("div.head", null, title("Applications", "OAuth clients that present assertions and get access tokens."),
    actions((applications.length > 0 || after) && link(to("applications", "new"), "New application", "button.primary")));
  if (!applications.length && !after) {
    return add(page, [head, empty("No application yet", "An application is who sends the assertion to the token endpoint.", link(to("applications", "new"), "New application", "button.primary"))]);
  }
  add(page, [head, table("Applications", ["Application", "Grants", "Scopes", "Issuers"], applications.map((one) => [
    [link(to("application", one.client_id), nameOf(one)), one.enabled === false && [" ", badge("disabled", "warn")], h("p.hint", null, h("code", null, one.client_id))],
    one.grant_types?.length ? one.grant_types.map(grantName).join(", ") : badge("none", "warn"),
    one.scope || h("span.soft", null, "none"),
    one.trusted_issuers ? one.trusted_issuers.join(", ") || h("span.soft", null, "none") : "all",
  ])), pager(to("applications"), after, next)]);
}

function secretNotice(secret) {
  return notice("good", h("p", null, h("strong", null, "The client secret"), ", shown this once: the server keeps its digest only."),
    copyable(secret, { label: "the client secret" }));
}

export async function applicationPage(context, clientId) {
  const { org, page, to } = context;
  const application = await org.get("applications", clientId);
  const name = nameOf(application);
  const secret = made?.clientId === clientId ? made.secret : null;
  made = null;
  const off = application.enabled === false;
  const byKey = application.token_endpoint_auth_method === "private_key_jwt";
  const bearer = application.grant_types?.includes(JWT_BEARER);
  const store = async (change, said) => {
    await org.put({ ...application, ...change }, "applications", clientId);
    say(said);
    context.again();
  };
  const shown = h("div", null, secret && secretNotice(secret));
  add(page, [
    h("div.head", null,
      add(title(name, null, link(to("applications"), "Applications")),
        [h("div.badges", null, off ? badge("disabled", "warn") : badge("enabled", "good"), bearer ? badge("JWT Bearer", "good") : badge("JWT Bearer is off", "warn"))]),
      actions(link(to("application", clientId, "edit"), "Edit", "button"),
        !byKey && button("New secret", async () => {
          if (!(await confirm({ title: `Make a new secret for ${name}?`, action: "Make a new secret", text: "The present one stops working at once." }))) return;
          const renewed = await org.post(undefined, "applications", clientId, "secret");
          fill(shown, secretNotice(renewed.client_secret));
          say("The new secret is shown.");
          shown.querySelector("button").focus();
        }),
        button(off ? "Enable" : "Disable", () => store({ enabled: off }, `${name} is ${off ? "enabled" : "disabled"}.`)),
        button("Delete", async () => {
          if (!(await confirm({ title: `Delete the application ${name}?`, action: `Delete ${name}`, text: `${clientId} gets no more tokens. Those it has stay valid until they expire.` }))) return;
          await org.remove("applications", clientId);
          say(`${name} is deleted.`);
          context.go("applications");
        }, "danger"))),
    shown,
    !bearer && notice("warning", h("p", null, "It gets no token for an assertion: JWT Bearer is not among its allowed grant types. ", link(to("application", clientId, "edit"), "Allow it"), ".")),
    facts(
      ["Client ID", copyable(clientId, { label: "the client ID" })],
      ["Allowed grant types", application.grant_types?.map(grantName).join(", ") || "none"],
      ["Authenticates with", METHODS.find(([value]) => value === application.token_endpoint_auth_method)?.[1] ?? application.token_endpoint_auth_method],
      byKey && ["Its keys come from", application.jwks_uri ? h("code", null, application.jwks_uri) : application.client_assertion_issuer ? ["the trusted issuer ", link(to("issuer", application.client_assertion_issuer), application.client_assertion_issuer), ", subject ", h("code", null, application.client_assertion_subject)] : application.certificate ? "a certificate or public key, registered here" : "a JWK set, registered here"],
      ["Scopes", application.scope || "none"],
      ["Trusted issuers", application.trusted_issuers ? application.trusted_issuers.map((one, index) => [index ? ", " : "", link(to("issuer", one), one)]) : "all"],
      ["Its tokens are for", application.audience ? [application.audience].flat().join(", ") : "this organization itself"],
      ["They are valid for", duration(application.access_token_lifetime ?? 3600)],
      application.client_id_issued_at && ["Registered", time(application.client_id_issued_at)],
    ),
    actions(link(`${to("try")}?client_id=${encodeURIComponent(clientId)}`, "Try it with this application", "button")),
  ]);
}

// ---- The form, for a new one and for one that is there

async function applicationForm(context, document, { save, cancel, text }) {
  const issuers = await context.org.all("trusted-issuers");
  const names = [...new Set([...issuers.map((one) => one.name), ...(document.trusted_issuers ?? [])])];
  const name = input({ label: "Name", path: "client_name", value: document.client_name ?? "", placeholder: "Reporting" });
  const grants = choices({ legend: "Allowed grant types", path: "grant_types", type: "checkbox", options: GRANTS, values: document.grant_types ?? [] });
  const method = select({ label: "How it authenticates", path: "token_endpoint_auth_method", value: document.token_endpoint_auth_method ?? "client_secret_basic", options: METHODS, onchange: () => draw() });
  const keys = keySource(document, KEYS, { issuers: names });
  const scope = input({ label: "Scopes", path: "scope", optional: true, value: document.scope ?? "", hint: "What it may ask for, separated by spaces.", placeholder: "reports.read reports.write" });
  const which = choices({ legend: "Trusted issuers", path: "trusted_issuers.which", options: [["all", "All of the organization's"], ["some", "Only these"]], values: [document.trusted_issuers ? "some" : "all"], onchange: () => draw() });
  const some = choices({ legend: "Issuers whose assertions it may present", path: "trusted_issuers", type: "checkbox", options: names.map((one) => [one, one]), values: document.trusted_issuers ?? [] });
  const audience = area({ label: "Resources", path: "audience", optional: true, rows: 2, value: [document.audience ?? []].flat().join("\n"), hint: "The aud of its tokens, one in each line. None: this organization itself.", placeholder: "https://reports.example.com" });
  const lifetime = input({ label: "Its tokens are valid for, in seconds", path: "access_token_lifetime", inputmode: "numeric", value: document.access_token_lifetime ?? 3600 });
  const bound = check({ label: "Its tokens are bound to a key of its own (DPoP)", path: "dpop_bound_access_tokens", checked: document.dpop_bound_access_tokens === true, hint: "A request without a DPoP proof is refused, and a stolen token is of no use." });
  const enabled = check({ label: "Enabled", path: "enabled", checked: document.enabled !== false });
  const byKey = h("fieldset.group", null, h("legend", null, "Its keys"), keys.element);
  const draw = () => {
    byKey.hidden = control(method).value !== "private_key_jwt";
    some.hidden = chosen(which)[0] === "all";
  };
  draw();
  const read = () => {
    const signs = control(method).value === "private_key_jwt";
    const resources = lines(control(audience).value);
    return {
      ...document,
      client_name: control(name).value.trim() || undefined,
      grant_types: chosen(grants),
      token_endpoint_auth_method: control(method).value,
      ...(signs ? keys.read() : Object.fromEntries([...KEYS, "client_assertion_subject", "token_endpoint_auth_signing_alg"].map((member) => [member, undefined]))),
      scope: words(control(scope).value).join(" "),
      trusted_issuers: chosen(which)[0] === "all" ? undefined : chosen(some),
      audience: resources.length > 1 ? resources : resources[0],
      access_token_lifetime: wholeNumber(control(lifetime).value, "access_token_lifetime"),
      enabled: control(enabled).checked,
      dpop_bound_access_tokens: control(bound).checked,
    };
  };
  return form({}, async () => {
    const registration = read();
    if (!registration.client_name && !document.client_id) throw mistake("A name is needed.", "client_name");
    await save(registration);
  }, formProblem(), name, grants, method, byKey, scope, which, some,
    folded("Tokens", document.audience, audience, lifetime, bound, enabled),
    actions(submit(text), link(cancel, "Cancel", "button"), document.client_id && link(`${context.to("application", document.client_id, "edit")}?json`, "Edit as JSON", "button.quiet")));
}

export async function newApplicationPage(context) {
  const { org, page, to } = context;
  const editor = await applicationForm(context, { grant_types: [JWT_BEARER] }, { cancel: to("applications"), text: "Create", save: async (registration) => {
    const created = await org.post(registration, "applications");
    made = { clientId: created.client_id, secret: created.client_secret ?? null };
    say(`${nameOf(created)} is created.`);
    context.go("application", created.client_id);
  } });
  add(page, [title("New application", "Who sends the assertion to the token endpoint.", link(to("applications"), "Applications")), editor]);
}

export async function editApplicationPage(context, clientId) {
  const { org, page, to, parameters } = context;
  const document = await org.get("applications", clientId);
  const name = nameOf(document);
  const crumbs = [link(to("applications"), "Applications"), " / ", link(to("application", clientId), name)];
  const store = (changed) => org.put(changed, "applications", clientId);
  const done = () => context.go("application", clientId);
  if (parameters.has("json")) return add(page, [title(`Edit ${name}`, null, crumbs), documentForm(document, { asForm: to("application", clientId, "edit"), store, done })]);
  const editor = await applicationForm(context, document, { cancel: to("application", clientId), text: "Save", save: async (registration) => {
    await store(registration);
    say(`${name} is saved.`);
    done();
  } });
  add(page, [title(`Edit ${name}`, null, crumbs), editor]);
}
