// The page's own small vocabulary. Text becomes text nodes, never markup: nothing in here takes HTML.

/** An element: `h("a.link", { href: "#/" }, "text", [more])`. Children that are null or false are left out. */
export function h(selector, properties, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

export function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

export const fill = (parent, ...children) => { parent.replaceChildren(); return add(parent, children); };

/** The same in SVG. */
export function svg(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties ?? {})) element.setAttribute(name, String(value));
  return add(element, children);
}

let count = 0;
export const unique = (prefix) => `${prefix}-${++count}`;

/** Says something to everybody: on the screen for a while, and to a screen reader. */
let fading;
export function say(text) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => status.classList.remove("shown"), 4000);
}

// ---- Fields: a label, a hint, a place for what is wrong with it. `path` is the member's name in the admin API.

/** A field around a control that is there already. */
export function field({ label, hint, path, control, optional }) {
  const id = control.id ||= unique("f");
  const notes = [];
  const about = hint ? h("p.hint", { id: `${id}-hint` }, hint) : null;
  if (about) notes.push(about.id);
  const problem = h("p.problem", { id: `${id}-problem`, hidden: true });
  notes.push(problem.id);
  control.setAttribute("aria-describedby", notes.join(" "));
  return h("div.field", { "data-path": path },
    h("label", { for: id }, label, optional && h("span.optional", null, " optional")), about, control, problem);
}

export function input({ label, hint, path, optional, ...properties }) {
  return field({ label, hint, path, optional, control: h("input", {
    type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", ...properties }) });
}

export function area({ label, hint, path, optional, ...properties }) {
  return field({ label, hint, path, optional, control: h("textarea", {
    rows: 3, autocomplete: "off", spellcheck: "false", autocapitalize: "off", ...properties }) });
}

/** `options` are `[value, text]`. */
export function select({ label, hint, path, options, value, optional, ...properties }) {
  const control = h("select", properties, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  control.value = value ?? options[0]?.[0] ?? "";
  return field({ label, hint, path, optional, control });
}

export function check({ label, hint, path, checked, ...properties }) {
  const id = unique("f");
  const problem = h("p.problem", { id: `${id}-problem`, hidden: true });
  const box = h("input", { type: "checkbox", id, checked, "aria-describedby": `${hint ? `${id}-hint ` : ""}${problem.id}`, ...properties });
  return h("div.field.check", { "data-path": path }, box,
    h("div", null, h("label", { for: id }, label), hint && h("p.hint", { id: `${id}-hint` }, hint), problem));
}

/** Radio buttons or check boxes of one question; `options` are `[value, text, hint]`. */
export function choices({ legend, hint, path, name, options, values, type = "radio", onchange }) {
  const id = unique("f");
  return h("fieldset.field.choices", { "data-path": path, "aria-describedby": `${id}-problem` },
    h("legend", null, legend), hint && h("p.hint", null, hint),
    options.map(([value, text, about]) => {
      const option = unique("f");
      return h("div.choice", null,
        h("input", { type, id: option, name: name ?? id, value, checked: values.includes(value), onchange,
          "aria-describedby": about ? `${option}-hint` : undefined }),
        h("div", null, h("label", { for: option }, text), about && h("p.hint", { id: `${option}-hint` }, about)));
    }),
    h("p.problem", { id: `${id}-problem`, hidden: true }));
}

export const control = (element) => element.querySelector("input, textarea, select");
export const chosen = (element) => [...element.querySelectorAll("input:checked")].map((box) => box.value);

export function clearProblems(form) {
  for (const problem of form.querySelectorAll(".problem")) { problem.hidden = true; problem.textContent = ""; problem.classList.remove("warning"); }
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  const alert = form.querySelector(".form-problem");
  if (alert) { alert.textContent = ""; alert.hidden = true; }
}

/** The field of a member, or of the nearest one around it that the form shows: `rules[0].claims[1].glob`. */
function fieldOf(form, path) {
  for (let rest = path ?? ""; rest; rest = rest.replace(/(\.[^.[\]]*|\[[^\]]*\]|[^.[\]]+)$/, "")) {
    const found = [...form.querySelectorAll("[data-path]")].find((one) => one.dataset.path === rest);
    if (found) return found;
  }
  return null;
}

/** Shows what is wrong at its field, opens what hides it, and goes there. */
export function showProblem(form, path, text, { warning = false, focus = true } = {}) {
  const at = fieldOf(form, path);
  const place = at && [...at.querySelectorAll(".problem")].find((one) => one.closest("[data-path]") === at);
  if (!place) {
    const alert = form.querySelector(".form-problem");
    if (!alert) return say(text);
    alert.hidden = false;
    alert.textContent = [alert.textContent, text].filter(Boolean).join(" ");
    if (focus) { alert.tabIndex = -1; alert.focus(); }
    return;
  }
  place.hidden = false;
  place.textContent = [place.textContent, text].filter(Boolean).join(" ");
  place.classList.toggle("warning", warning);
  for (let up = at; up && up !== form; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  const target = [...at.querySelectorAll("input, textarea, select")].find((one) => one.closest("[data-path]") === at) ?? control(at);
  if (!warning) target?.setAttribute("aria-invalid", "true");
  if (focus) target?.focus();
}

/** What is wrong with a member, to be shown at its field. */
export const mistake = (text, path) => Object.assign(new Error(text), { field: path });

export const formProblem = () => h("p.form-problem", { role: "alert", hidden: true });

/** The server's refusal at its field; the sentence without the member's name, which the field says already. */
export function refuse(form, error, options) {
  const { field: path } = error;
  let text = error.message;
  if (path && text.startsWith(`${path}: `)) {
    text = text.slice(path.length + 2);
    text = text.charAt(0).toUpperCase() + text.slice(1);
  }
  showProblem(form, path, text, options);
}

/** A form whose button is busy while it works, and whose mistakes are shown at their fields. */
export function form(properties, work, ...children) {
  const element = h("form", { novalidate: true, ...properties });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (element.dataset.busy) return;
    element.dataset.busy = "true";
    clearProblems(element);
    try {
      await work(element);
    } catch (error) {
      if (!(await properties?.onrefuse?.(error))) refuse(element, error);
    } finally {
      delete element.dataset.busy;
    }
  });
  return add(element, children);
}

/** A registration as the JSON that it is. */
export function documentForm(document, { asForm, store, done }) {
  const text = area({ label: "The document", path: "document", rows: 24, value: JSON.stringify(document, null, 2),
    hint: "The members are those of the admin API; one that it does not know is refused." });
  return form({ class: "wide" }, async () => {
    try {
      await store(JSON.parse(control(text).value));
    } catch (error) {
      throw mistake(error instanceof SyntaxError ? `This is no JSON: ${error.message}.` : error.message, "document");
    }
    say("It is saved.");
    done();
  }, formProblem(), text, actions(submit("Save"), link(asForm, "Edit as a form", "button")));
}

export function button(text, onclick, kind = "", properties) {
  return h(`button.button${kind && `.${kind}`}`, { type: "button", onclick, ...properties }, text);
}

export const submit = (text) => h("button.button.primary", { type: "submit" }, text);
/** What can be done on a page, or with what is above. */
export const actions = (...children) => h("div.actions", null, children);

/** The top of a page: where it belongs, its name, what it is for. */
export const title = (name, lead, ...crumbs) => h("div", null, crumbs.length > 0 && h("p.crumbs", null, crumbs), h("h1", null, name), lead && h("p.lead", null, lead));
export const section = (name, ...children) => h("section", null, h("h2", null, name), children);
/** What is needed seldom: shown when it is asked for, or where something in it is set. */
export const folded = (name, open, ...children) => h("details", { open: Boolean(open) }, h("summary", null, name), h("div.stack", null, children));
export const notice = (kind, ...children) => h(`div.notice.${kind}`, null, children);
export const link = (href, text, kind = "") => h(`a${kind && `.${kind}`}`, { href }, text);

/** The way between the pages of a list: this one begins after `after`, and the one behind it after `next`. */
export const pager = (address, after, next) => (after || next) && actions(
  after && link(address, "First page", "button"), next && link(`${address}?after=${encodeURIComponent(next)}`, "Next page", "button"));

/** A text to take along, with a button that copies it. */
export function copyable(text, { label, block = false } = {}) {
  const shown = block ? h("pre", { tabindex: 0, "aria-label": label }, h("code", null, text)) : h("code", null, text);
  return h(block ? "div.copyable.block" : "span.copyable", null, shown,
    button("Copy", async () => {
      try {
        await navigator.clipboard.writeText(text);
        say(`${label ?? "The text"} is copied.`);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(shown);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        say("The browser does not let it be copied; it is selected.");
      }
    }, "small", { "aria-label": `Copy ${label ?? "the text"}` }));
}

/** Asks before something is done that can't be undone. Resolves to whether it is wanted. */
export function confirm({ title, text, action }) {
  return new Promise((resolve) => {
    const id = unique("dialog");
    const dialog = h("dialog", { "aria-labelledby": id },
      h("h2", { id }, title), h("p", null, text),
      actions(
        button("Cancel", () => dialog.close(), "", { autofocus: true }),
        button(action, () => dialog.close("yes"), "danger")));
    dialog.addEventListener("close", () => { resolve(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** `items` as terms and descriptions; those without a description are left out. */
export function facts(...items) {
  return h("dl.facts", null, items.filter((item) => item && item[1] !== null && item[1] !== undefined && item[1] !== false)
    .map(([term, ...description]) => h("div", null, h("dt", null, term), h("dd", null, description))));
}

export const badge = (text, kind = "") => h(`span.badge${kind && `.${kind}`}`, null, text);

/** A table that scrolls by itself where it is too wide; on a phone each row is a card with its labels. */
export function table(caption, columns, rows, kind = "") {
  return h("div.table", null, h(`table${kind && `.${kind}`}`, null, h("caption.visually-hidden", null, caption),
    h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", null, rows.map((cells) => row(columns, cells)))));
}

export function row(columns, cells) {
  return h("tr", null, cells.map((cell, index) => h("td", { "data-label": columns[index] }, h(index ? "div" : "div.first", null, cell))));
}

export function empty(name, text, ...more) {
  return h("div.empty", null, h("h2", null, name), h("p", null, text), actions(more));
}

// ---- Times

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** 'in 4 minutes', '2 hours ago'. */
export function relative(seconds, now = Date.now() / 1000) {
  const difference = Math.round(seconds - now);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(difference) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.trunc(difference / size), unit);
}

/** The date and time in this place's zone. */
export function absolute(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function time(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("span", null, String(seconds));
  return h("time", { datetime: date.toISOString(), title: absolute(seconds), "data-at": seconds }, relative(seconds));
}

// A page is kept open: what was a minute ago is so no longer.
setInterval(() => {
  for (const shown of document.querySelectorAll("time[data-at]")) shown.textContent = relative(Number(shown.dataset.at));
}, 10_000);

export function duration(seconds) {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? ["second", 1];
  const number = seconds / size;
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

export const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
export const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** As a word of a POSIX shell. */
export const quoted = (text) => /^[A-Za-z0-9_.,:/=@%+~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
