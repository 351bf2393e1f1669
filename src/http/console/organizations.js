// Organizations, and the keys that sign an organization's tokens.

import { h, add, badge, button, confirm, control, copyable, facts, form, formProblem, input, link, mistake, relative, say, submit, table, time } from "./dom.js";
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
  }, formProblem(), h("div.grid", null, name, display), h("div.actions", null, submit("Create")));
  add(page, [h("div", null, h("h1", null, "Organizations"), h("p.lead", null, "Each has issuers, applications and keys of its own, and sees nothing of another's.")),
    table("Organizations", ["Organization", "Display name", "Served at"], organizations.map((one) => [
      link(`#/${encodeURIComponent(one.name)}/issuers`, one.name), one.display_name ?? h("span.soft", null, "none"),
      h("code", null, one.name === "default" ? "/" : `/t/${one.name}`)])),
    h("section.section", null, h("h2", null, "New organization"), editor)]);
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
  add(page, [h("div.head", null, h("div", null, h("h1", null, "Signing keys"), h("p.lead", null, "They sign the organization's access tokens. Resources verify with the public ones.")), h("div.actions", null, rotate)),
    facts(["Issuer of our tokens", copyable(urls.issuer, { label: "the issuer" })], ["Public keys", copyable(urls.jwks_uri, { label: "the address of the keys" })], ["Token endpoint", copyable(urls.token_endpoint, { label: "the token endpoint" })]),
    table("Signing keys", ["Key", "Algorithm", "State", "Signs from"], items.map((key) => [h("code", null, key.kid), key.alg, state(key), time(key.signs_from)]))]);
}
