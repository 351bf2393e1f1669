// The frame around every page: signing in, where one is, and the way between pages.

import { h, actions, button, control, fill, form, formProblem, input, link, mistake, say, submit } from "./dom.js";
import { all, get, onSignedOut, org, page, token } from "./api.js";
import { issuerPage, issuersPage, newIssuerPage, editIssuerPage } from "./issuers.js";
import { applicationPage, applicationsPage, newApplicationPage, editApplicationPage } from "./applications.js";
import { tryPage } from "./try.js";
import { activityPage } from "./activity.js";
import { keysPage, metadataPage, organizationsPage } from "./organizations.js";

const app = document.getElementById("app");

// [what follows the organization in the address, what is shown, its entry in the menu]
const PAGES = [
  [["issuers"], issuersPage, "issuers"],
  [["issuers", "new"], newIssuerPage, "issuers"],
  [["issuer", null], issuerPage, "issuers"],
  [["issuer", null, "edit"], editIssuerPage, "issuers"],
  [["applications"], applicationsPage, "applications"],
  [["applications", "new"], newApplicationPage, "applications"],
  [["application", null], applicationPage, "applications"],
  [["application", null, "edit"], editApplicationPage, "applications"],
  [["try"], tryPage, "try"],
  [["activity"], activityPage, "activity"],
  [["keys"], keysPage, "keys"],
  [["metadata"], metadataPage, "metadata"],
];
const MENU = [["issuers", "Trusted issuers"], ["applications", "Applications"], ["try", "Try it"], ["activity", "Activity"],
  ["keys", "Signing keys"], ["metadata", "Metadata"]];

let frame = null;
let leave = null;
let turn = 0;

/** Where the address leads: `#/acme/issuer/partner`. */
function place() {
  const [address, parameters] = location.hash.replace(/^#\/?/, "").split("?");
  const segments = address.split("/").filter(Boolean).map((segment) => {
    try { return decodeURIComponent(segment); } catch { return segment; }
  });
  return { segments, parameters: new URLSearchParams(parameters) };
}

function pageOf(segments) {
  if (segments[0] === "organizations" && segments.length === 1) return [organizationsPage, "organizations", []];
  const [, ...below] = segments;
  for (const [pattern, show, entry] of PAGES) {
    if (pattern.length === below.length && pattern.every((part, index) => part === null || part === below[index])) {
      return [show, entry, below.filter((_, index) => pattern[index] === null)];
    }
  }
  return null;
}

function signIn(text) {
  stop();
  frame = null;
  document.title = "Sign in – Asserta";
  const secret = input({ label: "Admin token", path: "token", type: "password", autocomplete: "off",
    hint: "The setting admin_token. asserta serve --dev keeps one in its data directory, in the file admin-token." });
  const sign = form({}, async (element) => {
    const typed = control(secret).value.trim();
    if (!typed) throw mistake("Type the admin token.", "token");
    token.set(typed);
    try {
      await page({ limit: 1 }, "organizations");
    } catch (error) {
      token.clear();
      const unknown = error.status === 401 ? { message: "This is not the server's admin token." } : error;
      throw mistake(unknown.message, "token");
    }
    element.reset();
    await show();
  }, formProblem(), secret, actions(submit("Sign in")));
  fill(app, h("main.signin", null,
    h("img.mark", { src: "icon.svg", alt: "", width: 36, height: 36 }),
    h("h1", null, "Sign in to Asserta"), text && h("p.hint", null, text), sign,
    h("p.hint", null, "The token stays in this tab and is forgotten when it closes.")));
  control(secret).focus();
}

function signOut(text) {
  token.clear();
  signIn(text);
}

async function build() {
  const organizations = await all("organizations");
  const menu = h("nav", { id: "menu", "aria-label": "Console" });
  const toggle = button("Menu", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", open);
    menu.classList.toggle("open", open);
  }, "menu-toggle", { "aria-expanded": "false", "aria-controls": "menu" });
  const content = h("main", { id: "content", tabindex: -1 });
  const side = h("header.side", null,
    h("div.brand", null, h("img", { src: "icon.svg", alt: "", width: 24, height: 24 }), h("span", null, "Asserta"), toggle), menu);
  fill(app, h("a.skip", { href: "#content", onclick: (event) => { event.preventDefault(); content.focus(); } }, "Skip to the content"), side, content);
  frame = { organizations, menu, toggle, content, at: null };
}

function drawMenu(name, entry) {
  const { organizations, menu, toggle } = frame;
  const known = organizations.map((one) => [one.name, one.display_name ? `${one.display_name} (${one.name})` : one.name]);
  const choice = h("select", { id: "organization", onchange: () => { location.hash = `#/${encodeURIComponent(choice.value)}/issuers`; } },
    known.map(([value, text]) => h("option", { value, selected: value === name }, text)));
  choice.value = name;
  const item = (href, text, key) => h("li", null, h("a", { href, "aria-current": key === entry && "page" }, text));
  fill(menu,
    h("div.organization", null, h("label", { for: "organization" }, "Organization"), choice),
    h("ul", null, MENU.map(([key, text]) => item(`#/${encodeURIComponent(name)}/${key}`, text, key))),
    h("ul.below", null, item("#/organizations", "Organizations", "organizations"),
      h("li", null, button("Sign out", () => signOut("You are signed out."), "quiet"))));
  menu.classList.remove("open");
  toggle.setAttribute("aria-expanded", "false");
}

function stop() {
  // Whoever goes back leaves the question open.
  document.querySelector("dialog")?.close();
  leave?.();
  leave = null;
}

/** Shows the page of the address. What an older one still waits for is dropped. */
async function show() {
  const mine = ++turn;
  if (!token.get()) return signIn();
  try {
    if (!frame) await build();
  } catch (error) {
    if (error.status === 401) return;
    return fill(app, h("main.signin", null, h("h1", null, "The console can't start"), h("p", null, error.message),
      actions(button("Try again", show, "primary"), button("Sign out", () => signOut()))));
  }
  const { segments, parameters } = place();
  const names = frame.organizations.map((one) => one.name);
  if (!segments.length) {
    const first = names.includes(frame.at) ? frame.at : names.find((name) => name !== "default") ?? "default";
    return location.replace(`#/${encodeURIComponent(first)}/issuers`);
  }
  const found = pageOf(segments);
  const name = segments[0] === "organizations" && segments.length === 1 ? frame.at ?? names.find((one) => one !== "default") ?? "default" : segments[0];
  frame.at = name;
  stop();
  drawMenu(name, found?.[1]);
  const draft = h("div.page");
  const context = {
    org: org(name), name, parameters,
    page: draft,
    to: (...below) => `#/${[name, ...below].map(encodeURIComponent).join("/")}`,
    go: (...below) => { location.hash = `#/${[name, ...below].map(encodeURIComponent).join("/")}`; },
    describe: () => get("organizations", name),
    isHere: () => mine === turn,
    onLeave: (listener) => { leave = listener; },
    again: () => show(),
    rebuild: async () => { frame.organizations = await all("organizations"); drawMenu(name, found?.[1]); },
  };
  try {
    if (!found) throw Object.assign(new Error("There is no such page."), { status: 404 });
    await found[0](context, ...found[2]);
  } catch (error) {
    if (mine !== turn || error.status === 401) return;
    fill(draft, h("h1", null, error.status === 404 ? "Not there" : "That did not work"), h("p", null, error.message),
      actions(button("Try again", show), link(`#/${encodeURIComponent(name)}/issuers`, "Trusted issuers", "button")));
  }
  if (mine !== turn) return;
  fill(frame.content, draft);
  frame.content.dataset.at = location.hash;
  const heading = draft.querySelector("h1");
  document.title = `${heading?.textContent ?? "Console"} – ${name} – Asserta`;
  scrollTo(0, 0);
  const first = draft.querySelector("[autofocus]") ?? heading;
  if (first === heading && heading) heading.tabIndex = -1;
  first?.focus({ preventScroll: true });
}

onSignedOut(() => { if (frame) signIn("The server does not take this admin token any more."); });
addEventListener("hashchange", show);
addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "That did not work."));
show();
