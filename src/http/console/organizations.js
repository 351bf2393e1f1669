// Organizations, and the keys that sign an organization's tokens.

import {
  h, actions, add, area, badge, button, confirm, control, copyable, facts, form, formProblem, input, lines, link, mistake, relative, say,
  submit, table, time, title,
} from "./dom.js";
import { all, orNull, get, put } from "./api.js";

export async function organizationsPage(context) {
  const { page } = context;
  const organizations = await all("organizations");
  const name = input({ label: "Name", path: "organization", hint: "Part of its URLs: lower-case letters, digits and hyphens.", placeholder: "acme" });
  const display = input({ label: "Display name", path: "display_name", optional: true, placeholder: "Acme Ltd" });
  const editor = form({}, async () => {
    const wanted = control(name).value.trim();
    if (!wanted) throw mistake("A name is needed.", "organization");
    if (organizations.some((one) => one.name === wanted) || await orNull(get("organizations", wanted))) throw mistake("There is an organization of this name already.", "organization");
    await put({ display_name: control(display).value.trim() || undefined }, "organizations", wanted);
    say(`${wanted} is created.`);
    await context.rebuild();
    location.hash = `#/${wanted}/issuers`;
  }, formProblem(), h("div.grid", null, name, display), actions(submit("Create")));
  add(page, [title("Organizations", "Each has issuers, applications and keys of its own, and sees nothing of another's."),
    table("Organizations", ["Organization", "Display name", "Served at"], organizations.map((one) => [
      link(`#/${encodeURIComponent(one.name)}/issuers`, one.name), one.display_name ?? h("span.soft", null, "none"),
      h("code", null, one.name === "default" ? "/" : `/t/${one.name}`)])),
    h("section.section", null, h("h2", null, "New organization"), editor)]);
}

// [member, label, hint, whether it is a list]
const STATED = [
  ["scopes_supported", "Scopes that clients may ask for", "One in each line. None is granted because it stands here.", true],
  ["protected_resources", "APIs that take our tokens", "Their resource identifiers, one in each line.", true],
  ["service_documentation", "Where people read how a client is registered", "A URL."],
  ["authorization_endpoint", "Authorization endpoint", "For clients that take no metadata without one. No grant uses it."],
];

export async function metadataPage(context) {
  const { org, page } = context;
  const stated = await orNull(org.get("metadata"));
  const fields = STATED.map(([path, label, hint, list]) => (list ? area : input)({ path, label, hint, optional: true, value: [stated?.[path] ?? []].flat().join("\n") }));
  const editor = form({}, async () => {
    const written = STATED.map(([path, , , list], index) => {
      const values = lines(control(fields[index]).value);
      return [path, list ? values : values[0]];
    }).filter(([, value]) => value?.length);
    if (written.length) await org.put(Object.fromEntries(written), "metadata");
    else if (stated) await org.remove("metadata");
    say("It is saved.");
    context.again();
  }, formProblem(), fields, actions(submit("Save")));
  add(page, [title("Metadata", "What clients are told of this organization beyond what its registrations say. You state it, and answer for it."), editor]);
}

export async function keysPage(context) {
  const { org, page, name } = context;
  const [{ items }, urls] = await Promise.all([org.get("keys"), context.describe()]);
  const now = Date.now() / 1000;
  const state = ({ signs_from: from, signs_until: until }) => (from > now ? badge(`signs ${relative(from)}`)
    : !until ? badge("signs", "good") : until > now ? badge(`signs until ${relative(until)}`.replace("until in", "for"), "good") : badge("still published", "warn"));
  const rotate = button("Rotate", async () => {
    if (!(await confirm({ title: `Rotate the signing key of ${name}?`, action: "Rotate", text: "A new key is published now and signs ten minutes later. The present one stays published until its last token has expired." }))) return;
    await org.post(undefined, "keys", "rotate");
    say("A new key is published.");
    context.again();
  });
  add(page, [h("div.head", null, title("Signing keys", "They sign the organization's access tokens. Resources verify with the public ones."), actions(rotate)),
    facts(["Issuer of our tokens", copyable(urls.issuer, { label: "the issuer" })], ["Public keys", copyable(urls.jwks_uri, { label: "the address of the keys" })], ["Token endpoint", copyable(urls.token_endpoint, { label: "the token endpoint" })]),
    table("Signing keys", ["Key", "Algorithm", "State", "Signs from"], items.map((key) => [h("code", null, key.kid), key.alg, state(key), time(key.signs_from)]))]);
}
