// Trusted token issuers: the list, one of them, the wizard, the form.

import {
  h, actions, add, area, badge, button, check, choices, chosen, confirm, control, copyable, documentForm, duration, empty, facts, fill, folded, form, formProblem,
  input, lines, link, mistake, notice, pager, say, section, select, showProblem, submit, table, time, title, words,
} from "./dom.js";
import { each, get, orNull, post } from "./api.js";
import { conditionInWords, conditionsEditor, mappingText, readMappings, ruleInWords, rulesEditor, wholeNumber } from "./rules.js";
import { keySource, keysAtAGlance, keysFound } from "./keys.js";

// So many issuers on a page: three requests for each of them follow.
const SHOWN = 50;
const SOURCES = ["discovery", "jwks_uri", "certificate", "jwks"];
// What was said of an issuer when it was stored; its page tells it once.
let stored = null;

export async function issuersPage(context) {
  const { org, page, parameters, to } = context;
  const after = parameters.get("after");
  const { items: issuers, next } = await org.page({ limit: SHOWN, after }, "trusted-issuers");
  const head = h("div.head", null, title("Trusted issuers", "Third parties whose assertions this organization exchanges for access tokens."),
    actions((issuers.length > 0 || after) && link(to("issuers", "new"), "New trusted issuer", "button.primary")));
  if (!issuers.length && !after) {
    return add(page, [head, empty("No trusted issuer yet", "Register the party that signs your assertions: its name, its issuer value, and where its keys are.",
      link(to("issuers", "new"), "New trusted issuer", "button.primary"))]);
  }
  const cells = new Map(issuers.map(({ name }) => [name, { keys: h("div", null, h("span.soft", null, "…")), granted: h("div", null, "…"), refused: h("div", null, "…") }]));
  add(page, [head, table("Trusted issuers", ["Issuer", "Keys", "Last accepted", "Last refused"], issuers.map((issuer) => {
    const cell = cells.get(issuer.name);
    return [[link(to("issuer", issuer.name), issuer.name), !issuer.enabled && [" ", badge("disabled", "warn")], h("p.hint", null, issuer.issuer)], cell.keys, cell.granted, cell.refused];
  })), pager(to("issuers"), after, next)]);
  // What follows comes in when it is there; the list does not wait for it.
  each(issuers, async ({ name }) => {
    if (!context.isHere()) return;
    const cell = cells.get(name);
    fill(cell.keys, await org.get("trusted-issuers", name, "keys").then(keysAtAGlance, (error) => h("span.bad-text", null, error.message)));
    for (const outcome of ["granted", "refused"]) fill(cell[outcome], await last(context, name, outcome));
  });
}

/** When an assertion of the issuer was last accepted, or refused and why. */
async function last({ org, to }, name, outcome) {
  const log = await orNull(org.page({ trusted_issuer: name, outcome, limit: 1 }, "activity"));
  if (!log) return h("span.soft", null, "not logged");
  const [decision] = log.items;
  if (!decision) return h("span.soft", null, "none");
  const why = decision.reason && link(`${to("activity")}?trusted_issuer=${encodeURIComponent(name)}&outcome=${outcome}`, decision.reason);
  return [time(decision.time), why && h("p.hint", null, why)];
}

export async function issuerPage(context, name) {
  const { org, page, to, name: organization } = context;
  const [issuer, report, urls] = await Promise.all([org.get("trusted-issuers", name), org.get("trusted-issuers", name, "keys"), context.describe()]);
  const told = stored?.name === name && stored.organization === organization ? stored : null;
  stored = null;
  const found = h("section");
  const outcomes = { granted: h("div", null, "…"), refused: h("div", null, "…") };
  const drawKeys = (what) => fill(found, h("div.head", null, h("div", null, h("h2", null, "Keys")), fetched && actions(testing)), keysFound(what));
  const fetched = issuer.jwks_uri || issuer.discovery;
  const testing = button("Test fetch", async () => {
    testing.disabled = true;
    testing.textContent = "Fetching …";
    try {
      const now = await org.post(undefined, "trusted-issuers", name, "check");
      drawKeys(now);
      say(now.usable ? `${now.usable} usable key${now.usable === 1 ? "" : "s"} found.` : "No usable key was found.");
    } catch (error) {
      say(error.message);
    } finally {
      testing.disabled = false;
      testing.textContent = "Test fetch";
      testing.focus();
    }
  });
  const store = async (change) => {
    await org.put({ ...issuer, ...change }, "trusted-issuers", name);
    context.again();
  };
  drawKeys(report);
  const rules = issuer.rules ?? [];
  add(page, [
    h("div.head", null,
      add(title(issuer.name, null, link(to("issuers"), "Trusted issuers")),
        [h("div.badges", null, issuer.enabled ? badge("enabled", "good") : badge("disabled", "warn"))]),
      actions(link(to("issuer", name, "edit"), "Edit", "button"),
        button(issuer.enabled ? "Disable" : "Enable", () => store({ enabled: !issuer.enabled })),
        button("Delete", async () => {
          const wanted = await confirm({ title: `Delete the issuer ${name}?`, action: `Delete ${name}`,
            text: `Assertions of ${issuer.issuer} are refused from then on. What was exchanged stays valid until it expires.` });
          if (!wanted) return;
          await org.remove("trusted-issuers", name);
          say(`${name} is deleted.`);
          context.go("issuers");
        }, "danger"))),
    told && notice("good", h("p", null, h("strong", null, "It is registered."), " Next, ",
      link(to("applications"), "an application"), " that may present its assertions; then ", link(to("try"), "try it"), ".")),
    told?.warnings.map((warning) => notice("warning", h("p", null, h("code", null, warning.field), ": ", warning.detail))),
    told?.skipped.length ? notice("warning", told.skipped.map((skipped) => h("p", null, h("code", null, skipped.key), " is not used: ", skipped.reason))) : null,
    facts(
      ["Issuer (iss)", copyable(issuer.issuer, { label: "the issuer" })],
      ["Audience (aud)", "It must name us: ", copyable(urls.issuer, { label: "the audience" }), issuer.alias && [h("br"), "or by its alias: ", h("code", null, issuer.alias)]],
      ["Keys come from", issuer.jwks_uri ? h("code", null, issuer.jwks_uri) : issuer.discovery ? (issuer.discovery === true ? "its metadata (discovery)" : h("code", null, issuer.discovery)) : issuer.certificate ? "a certificate or public key, registered here" : "a JWK set, registered here"],
      ["Last accepted", outcomes.granted], ["Last refused", outcomes.refused],
    ),
    found,
    section("What it is trusted with", facts(
      ["Algorithms", (issuer.algorithms ?? ["all asymmetric ones that a key's type allows"]).join(", ")],
      ["An assertion lives", `${duration(issuer.max_lifetime ?? 3600)} at most; its clock may be off by ${duration(issuer.clock_skew ?? 60)}`],
      ["It works", issuer.replay === "allow" ? "again until it expires" : "once", issuer.require_jti ? ", and needs a jti" : ""],
      issuer.audience_mode === "exactly-one" && ["Audience", "we must be the only one"],
      issuer.profile === "id-jag" && ["It sends", "ID-JAGs alone"],
      issuer.token_exchange && ["Token exchange", "allowed"],
      issuer.typ && ["Type (typ)", h("code", null, issuer.typ)],
      issuer.trust_domain && ["SPIFFE trust domain", h("code", null, issuer.trust_domain)],
      issuer.subject_claim && ["Subject of the token", "from the claim ", h("code", null, issuer.subject_claim)],
      ["Subjects", issuer.subjects ? issuer.subjects.map((subject, index) => [index ? ", " : "", h("code", null, subject)]) : "all"],
      issuer.claims?.length && ["Conditions", h("ul", null, issuer.claims.map((condition) => h("li", null, conditionInWords(condition))))],
      ["Scopes at most", issuer.scopes ? issuer.scopes.join(" ") || "none" : "what the application may have"],
      issuer.claim_mappings && ["Claims carried over", mappingText(issuer.claim_mappings).split("\n").map((line) => h("div", null, h("code", null, line)))],
    )),
    rules.length > 0 && section("Rules", h("p.hint", null, "The first that fits decides; where none does, nothing is granted."),
      h("ol.rules", null, rules.map((rule) => h("li", null, h("div", null, h("strong", null, rule.name), rule.mode === "audit" && [" ", badge("watched")]), h("div", null, ruleInWords(rule)))))),
  ]);
  for (const [outcome, place] of Object.entries(outcomes)) {
    last(context, name, outcome).then((shown) => fill(place, shown), () => fill(place, "unknown"));
  }
  if (told && fetched) setTimeout(() => context.isHere() && testing.click());
}

// ---- The wizard

const steps = (names, at) => h("ol.steps", { "aria-label": "Steps" }, names.map((name, index) => h("li", { "aria-current": index === at && "step" }, name)));

export async function newIssuerPage(context) {
  const { org, page, to, name: organization } = context;
  const [{ items: presets }, urls] = await Promise.all([get("presets"), context.describe()]);
  let preset = null;
  let step = 0;
  let written = null;
  const name = input({ label: "Name", path: "name", hint: "Unique in the organization; what people call it.", placeholder: "partner" });
  const issuer = input({ label: "Issuer", path: "issuer", hint: "The exact value of iss in its assertions.", placeholder: "https://idp.example.com" });
  const alias = input({ label: "Alias", path: "alias", optional: true,
    hint: `The name by which it knows us. It counts where aud does not name ${urls.issuer}.` });
  const keys = keySource({}, SOURCES);
  const scopes = input({ label: "Scopes at most", path: "scopes", optional: true, hint: "Separated by spaces. None: what the application may have." });
  const start = select({ label: "Start from", options: [["", "Any issuer"], ...presets.map((one) => [one.name, one.title])], onchange: () => {
    preset = presets.find((one) => one.name === control(start).value) ?? null;
    draw();
    control(start).focus();
  } });
  const parameters = new Map();
  const parameter = (one) => {
    const key = `${preset.name}.${one.name}`;
    if (!parameters.has(key)) {
      parameters.set(key, input({ label: one.name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase()), path: `parameters.${one.name}`, hint: one.description, optional: one.need === "optional",
        placeholder: one.example ?? "", value: one.default ?? "" }));
    }
    return parameters.get(key);
  };
  const back = button("Back", () => { step = 0; draw(); control(start).focus(); });
  const body = h("div.stack");
  const draw = () => {
    const names = preset ? ["Parameters", "Review"] : ["Details", "Keys"];
    const first = [start];
    if (preset) {
      const by = (need) => preset.parameters.filter((one) => one.need === need).map(parameter);
      const oneOf = by("one-of");
      first.push(h("p.hint", null, preset.audience, " ", preset.replay_habit, preset.note && ` ${preset.note}`), name, by("required"),
        oneOf.length ? h("fieldset.group", { "data-path": "parameters" }, h("legend", null, "One of these at least"), h("p.problem", { hidden: true }), oneOf) : null,
        folded("Optional", preset.parameters.length < 6, by("optional"), scopes));
    } else first.push(name, issuer, alias);
    const second = preset ? written && review(written) : keys.element;
    fill(body, steps(names, step), step === 0 ? first : second);
    fill(buttons, step === 1 && back, submit(step === 0 ? "Next" : "Finish"), link(to("issuers"), "Cancel", "button"));
  };
  const review = (document) => [h("p", null, "This is what is registered. Everything in it can be changed later."), facts(
    ["Name", document.name], ["Issuer", h("code", null, document.issuer)], document.alias && ["Alias", document.alias],
    ["Keys come from", document.discovery ? "its metadata (discovery)" : document.jwks_uri],
    ["An assertion works", document.replay === "allow" ? "again until it expires" : "once"],
    ["Rules", h("ol.rules", null, (document.rules ?? []).map((rule) => h("li", null, h("div", null, ruleInWords(rule)))))],
    document.claims?.length ? ["Conditions", document.claims.map((condition) => h("div", null, conditionInWords(condition)))] : null)];
  const buttons = h("div.actions");
  const next = async () => {
    const called = control(name).value.trim();
    if (!called) throw mistake("A name is needed.", "name");
    if (!preset && !control(issuer).value.trim()) throw mistake("The issuer is needed.", "issuer");
    if (await orNull(org.get("trusted-issuers", called))) throw mistake("There is an issuer of this name already.", "name");
    if (preset) {
      const given = preset.parameters.map((one) => [one.name, control(parameter(one)).value.trim()]).filter(([, value]) => value);
      const most = words(control(scopes).value);
      written = await post({ name: called, parameters: Object.fromEntries(given), ...(most.length ? { scopes: most } : {}) }, "presets", preset.name);
    }
    step = 1;
    draw();
    (body.querySelector("input") ?? buttons.querySelector("[type=submit]")).focus();
  };
  const finish = async () => {
    const document = preset ? written : { name: control(name).value.trim(), issuer: control(issuer).value.trim(), alias: control(alias).value.trim() || undefined, ...keys.read() };
    const registered = await org.post(document, "trusted-issuers");
    stored = { name: document.name, organization, warnings: registered.warnings ?? [], skipped: registered.skipped_keys ?? [] };
    say(`${document.name} is registered.`);
    context.go("issuer", document.name);
  };
  const wizard = form({
    onrefuse: (error) => {
      // A mistake of the first step is shown there.
      if (step === 1 && (["name", "issuer", "alias"].includes(error.field) || error.field?.startsWith("parameters") || preset)) { step = 0; draw(); }
    },
  }, () => (step === 0 ? next() : finish()), formProblem(), body, buttons);
  draw();
  add(page, [title("New trusted issuer", "A party whose signature you believe: an identity provider, a CI platform, a cluster.", link(to("issuers"), "Trusted issuers")), wizard]);
}

// ---- The form

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

export async function editIssuerPage(context, name) {
  const { org, page, to, parameters } = context;
  const document = await org.get("trusted-issuers", name);
  const crumbs = [link(to("issuers"), "Trusted issuers"), " / ", link(to("issuer", name), name)];
  if (parameters.has("json")) {
    return add(page, [title(`Edit ${name}`, null, crumbs), documentForm(document, { asForm: to("issuer", name, "edit"),
      store: (changed) => org.put(changed, "trusted-issuers", name), done: () => context.go("issuer", name) })]);
  }
  const text = (path, label, more) => input({ label, path, optional: true, value: document[path] ?? "", ...more });
  const yes = (path, label, hint) => check({ label, path, checked: document[path] === true, hint });
  const issuer = input({ label: "Issuer", path: "issuer", value: document.issuer, hint: "The exact value of iss in its assertions." });
  const alias = text("alias", "Alias", { hint: "The name by which it knows us." });
  const enabled = check({ label: "Enabled", path: "enabled", checked: document.enabled !== false, hint: "Otherwise all its assertions are refused." });
  const keys = keySource(document, SOURCES);
  const authorities = area({ label: "Certificate authorities of its endpoints", path: "jwks_ca", optional: true, value: document.jwks_ca ?? "", rows: 2, hint: "In PEM. They count in place of all others." });
  const isPrivate = yes("allow_private", "Its endpoints may be in a private network", "The server's operator has to allow that too.");
  const lifetime = input({ label: "An assertion lives at most, in seconds", path: "max_lifetime", inputmode: "numeric", value: document.max_lifetime ?? 3600 });
  const skew = input({ label: "Its clock may be off by, in seconds", path: "clock_skew", inputmode: "numeric", value: document.clock_skew ?? 60 });
  const replay = select({ label: "An assertion works", path: "replay", value: document.replay ?? "once", options: [["once", "once"], ["allow", "again until it expires"]] });
  const audience = select({ label: "Its audience", path: "audience_mode", value: document.audience_mode ?? "any", options: [["any", "may name others besides us"], ["exactly-one", "must name us alone"]] });
  const jti = yes("require_jti", "An assertion needs a jti");
  const limited = yes("limit_to_assertion", "A token is valid for no longer than its assertion");
  const algorithms = choices({ legend: "Algorithms", path: "algorithms", type: "checkbox", hint: "None chosen: all that a key's type allows.", options: ALGORITHMS.map((one) => [one, one]), values: document.algorithms ?? [] });
  algorithms.classList.add("inline");
  const typ = text("typ", "Type (typ)");
  const profile = select({ label: "It sends", path: "profile", value: document.profile ?? "jwt-bearer", options: [["jwt-bearer", "any assertion"], ["id-jag", "ID-JAGs alone"]] });
  const domain = text("trust_domain", "SPIFFE trust domain");
  const subjectClaim = text("subject_claim", "Claim that becomes the token's sub", { placeholder: "sub" });
  const subjects = area({ label: "Subjects", path: "subjects", optional: true, value: (document.subjects ?? []).join("\n"),
    hint: "Whom it may speak for, one in each line; * stands for characters within a segment of / : @ |, ** across. None: all." });
  const conditions = conditionsEditor(document.claims, () => "claims");
  const scopes = input({ label: "Scopes at most", path: "scopes", optional: true, value: (document.scopes ?? []).join(" "), hint: "Separated by spaces. None: what the application may have." });
  const mappings = area({ label: "Claims to carry over", path: "claim_mappings", optional: true, value: mappingText(document.claim_mappings), placeholder: "groups = roles", rows: 2,
    hint: "Name in the assertion = name in the access token, one in each line." });
  const anyTenant = yes("allow_any_tenant", "Any tenant of a shared issuer is meant");
  const exchange = document.token_exchange;
  const isExchanged = check({ label: "Its tokens can be exchanged (RFC 8693)", path: "token_exchange", checked: Boolean(exchange), hint: "By the applications that their aud names, and by those that the following lets." });
  const mayAct = check({ label: "The claim may_act says who may", path: "token_exchange.allow_may_act", checked: exchange?.allow_may_act === true });
  const actorClaim = input({ label: "Claim that names who got the token", path: "token_exchange.actor_claim", optional: true, value: exchange?.actor_claim ?? "", placeholder: "azp" });
  const actors = area({ label: "Its allowed values", path: "token_exchange.allowed_actors", optional: true, rows: 2, value: (exchange?.allowed_actors ?? []).join("\n"), hint: "One in each line." });
  const once = check({ label: "A token can be exchanged once only", path: "token_exchange.replay", checked: exchange?.replay === "once" });
  const rules = rulesEditor(document.rules);
  const typed = (element) => control(element).value.trim() || undefined;
  const ticked = (element) => control(element).checked || undefined;
  const some = (items, member) => (items.length || document[member]?.length === 0 ? items : undefined);
  const read = () => ({
    ...document, ...keys.read(),
    issuer: control(issuer).value.trim(), alias: typed(alias), enabled: control(enabled).checked,
    jwks_ca: typed(authorities), allow_private: ticked(isPrivate),
    max_lifetime: wholeNumber(control(lifetime).value, "max_lifetime"), clock_skew: wholeNumber(control(skew).value, "clock_skew"),
    replay: control(replay).value, audience_mode: control(audience).value, require_jti: control(jti).checked, limit_to_assertion: ticked(limited),
    algorithms: chosen(algorithms).length ? chosen(algorithms) : undefined,
    typ: typed(typ), trust_domain: typed(domain), subject_claim: typed(subjectClaim),
    subjects: some(lines(control(subjects).value), "subjects"), claims: conditions.read(), scopes: some(words(control(scopes).value), "scopes"),
    claim_mappings: readMappings(control(mappings).value, "claim_mappings"), allow_any_tenant: ticked(anyTenant), rules: rules.read(),
    profile: control(profile).value === "id-jag" ? "id-jag" : undefined,
    token_exchange: ticked(isExchanged) && { allow_may_act: ticked(mayAct), actor_claim: typed(actorClaim), allowed_actors: some(lines(control(actors).value)), replay: ticked(once) && "once" },
    client_assertion_subject: undefined,
  });
  const warned = h("div");
  const editor = form({ class: "wide" }, async (element) => {
    fill(warned);
    const kept = await org.put(read(), "trusted-issuers", name);
    say(`${name} is saved.`);
    const warnings = kept.warnings ?? [];
    if (!warnings.length) return context.go("issuer", name);
    fill(warned, h("div.notice.warning", { role: "status" }, h("p", null, h("strong", null, "It is saved."), ` ${warnings.length === 1 ? "One thing" : `${warnings.length} things`} in it may not be meant so: look for the remarks below.`),
      actions(link(to("issuer", name), "It is meant so", "button"))));
    for (const warning of warnings) showProblem(element, warning.field, warning.detail, { warning: true, focus: false });
    scrollTo(0, 0);
  },
    warned, formProblem(),
    section("Details", h("div.grid", null, issuer, alias), enabled),
    section("Keys", keys.element,
      folded("A private network", document.jwks_ca || document.allow_private, authorities, isPrivate)),
    section("What an assertion must be", h("div.grid", null, profile, lifetime, skew, replay, audience), jti, limited,
      folded("Algorithms, type, trust domain", false, algorithms, h("div.grid", null, typ, domain))),
    section("What it is trusted with", h("p.hint", null, "This holds for all its assertions; a rule only narrows it."),
      h("div.grid", null, subjects, h("div.stack", null, scopes, subjectClaim)),
      h("div.stack", { "data-path": "claims" }, h("h3", null, "Conditions"), h("p.problem", { hidden: true }), conditions.element),
      folded("Claims, tenants", false, mappings, anyTenant),
      folded("Token exchange", exchange, isExchanged, mayAct, h("div.grid", null, actorClaim, actors), once)),
    section("Rules", h("p.hint", null, "The first that fits decides; where none does, nothing is granted. Without rules, the above is all."), rules.element),
    h("div.actions.save", null, submit("Save"), link(to("issuer", name), "Cancel", "button"), link(`${to("issuer", name, "edit")}?json`, "Edit as JSON", "button.quiet")));
  add(page, [title(`Edit ${name}`, null, crumbs), editor]);
}
