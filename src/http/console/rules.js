// Conditions and rules of a trusted issuer: as a form, and in plain words.

import { h, actions, area, button, check, control, duration, folded, input, lines, mistake, select, words } from "./dom.js";

// [member, as a phrase, what its value is]
const TESTS = [
  ["equals", "is exactly", "value"],
  ["one_of", "is one of", "values"],
  ["glob", "matches the pattern", "text"],
  ["prefix", "begins with", "text"],
  ["contains", "is a list that has", "value"],
  ["all_of", "is a list that has all of", "values"],
  ["at_least", "is at least", "number"],
  ["at_most", "is at most", "number"],
  ["present:true", "is there", "none"],
  ["present:false", "is not there", "none"],
  ["not.equals", "is not", "value"],
  ["not.one_of", "is none of", "values"],
  ["not.glob", "does not match the pattern", "text"],
  ["not.prefix", "does not begin with", "text"],
  ["not.contains", "is a list without", "value"],
  ["not.all_of", "is a list that lacks one of", "values"],
  ["not.at_least", "is less than", "number"],
  ["not.at_most", "is more than", "number"],
];
const test = (key) => TESTS.find(([known]) => known === key) ?? TESTS[0];

/** Which test a condition has, and with which value. */
function taken(condition) {
  if (typeof condition.present === "boolean") return [`present:${condition.present}`, null];
  const [within, prefix] = condition.not ? [condition.not, "not."] : [condition, ""];
  const key = Object.keys(within).find((name) => name !== "claim" && name !== "not" && within[name] !== null) ?? "equals";
  return [prefix + key, within[key] ?? ""];
}

const several = (values) => (values ?? []).map((value) => (typeof value === "string" ? `“${value}”` : String(value))).join(", ");

export function conditionInWords(condition) {
  const [key, value] = taken(condition);
  const [, phrase, kind] = test(key);
  return [h("code", null, condition.claim), ` ${phrase}`, kind === "none" ? "" : ` ${several([value].flat())}`];
}

const listed = (texts, last) => texts.map((text, index) => [index ? (index === texts.length - 1 ? ` ${last} ` : ", ") : "", h("code", null, text)]);

/** A rule as a sentence. */
export function ruleInWords(rule) {
  const when = [];
  if (rule.subjects) when.push(rule.subjects.length ? ["the subject is ", listed(rule.subjects, "or")] : ["the subject is one of none"]);
  for (const condition of rule.claims ?? []) when.push(conditionInWords(condition));
  if (rule.applications) when.push(["the application is ", listed(rule.applications, "or")]);
  if (rule.client === "none") when.push(["no client authenticates", rule.client_id ? [" (as ", h("code", null, rule.client_id), ")"] : ""]);
  const fits = when.length ? ["If ", when.map((one, index) => [index ? " and " : "", one])] : "Always";
  const grants = rule.scopes ? (rule.scopes.length ? ["at most ", listed(rule.scopes, "and")] : "no scope") : "what the application may have";
  const audience = rule.audience ? [", for ", listed([rule.audience].flat(), "or")] : "";
  const lifetime = rule.access_token_lifetime ? `, for ${duration(rule.access_token_lifetime)} at most` : "";
  return [fits, rule.mode === "audit" ? ": is only watched; it would grant " : ": grants ", grants, audience, lifetime, "."];
}

// ---- The form

export function mappingText(mappings) {
  return Object.entries(mappings ?? {}).map(([from, to]) => `${from} = ${to}`).join("\n");
}

export function readMappings(text, path) {
  const entries = lines(text).map((line) => {
    const at = line.lastIndexOf("=");
    if (at < 1) throw mistake(`“${line}” is not of the form claim = name.`, path);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return entries.length ? Object.fromEntries(entries) : undefined;
}

/** Conditions below `path()`; read() gives the members, and an error where one can't be read. */
export function conditionsEditor(conditions, path) {
  const rows = h("div.stack");
  const editors = [];
  const number = () => editors.forEach((editor, index) => editor.number(`${path()}[${index}]`));
  const append = (condition, focus) => {
    const editor = conditionEditor(condition, () => {
      editors.splice(editors.indexOf(editor), 1);
      editor.element.remove();
      number();
      more.focus();
    });
    editors.push(editor);
    rows.append(editor.element);
    number();
    if (focus) control(editor.element).focus();
  };
  const more = button("Add a condition", () => append({ claim: "", equals: "" }, true), "small");
  for (const condition of conditions ?? []) append(condition);
  return {
    element: h("div.stack", null, rows, actions(more)),
    read: () => {
      number();
      return editors.length ? editors.map((editor) => editor.read()) : undefined;
    },
  };
}

function conditionEditor(condition, onremove) {
  let [key, value] = taken(condition);
  const isTyped = [value].flat().some((one) => typeof one === "boolean" || typeof one === "number") && !["number", "none"].includes(test(key)[2]);
  const claim = input({ label: "Claim", value: condition.claim ?? "", placeholder: "env or /nested/claim" });
  const which = select({ label: "Test", options: TESTS.map(([name, phrase]) => [name, phrase]), value: key, onchange: () => { key = control(which).value; draw(); } });
  const holder = h("div");
  const typed = check({ label: "a number, true or false", checked: isTyped });
  const problem = h("p.problem", { hidden: true });
  const asText = (one) => (control(typed).checked && typeof one === "string" ? JSON.stringify(one) : String(one ?? ""));
  let text = [value].flat().map(asText).join("\n");
  let valueField = null;
  const draw = () => {
    if (valueField) text = control(valueField).value;
    const kind = test(key)[2];
    valueField = kind === "none" ? null
      : kind === "values" ? area({ label: "Values, one in each line", value: text, rows: 2 })
      : input({ label: kind === "number" ? "Number" : kind === "text" && key.includes("glob") ? "Pattern (* within a segment, ** across)" : "Value", value: text });
    holder.replaceChildren(...[valueField, ["value", "values"].includes(kind) && typed].filter(Boolean));
    name();
  };
  let at = "";
  const name = () => {
    element.dataset.path = at;
    claim.dataset.path = `${at}.claim`;
    which.dataset.path = `${at}.test`;
    if (valueField) valueField.dataset.path = `${at}.${key.split(":")[0]}`;
  };
  const parse = (one) => {
    if (!control(typed).checked) return one;
    try {
      const value = JSON.parse(one);
      if (["boolean", "number", "string"].includes(typeof value)) return value;
    } catch { /* said below */ }
    throw mistake(`“${one}” is no number, true or false.`, `${at}.${key}`);
  };
  const remove = button("Remove", onremove, "small", { "aria-label": "Remove the condition" });
  const element = h("div.condition", { role: "group", "aria-label": "Condition" }, claim, which, holder, remove, problem);
  draw();
  return {
    element,
    number: (path) => { at = path; name(); },
    read: () => {
      const named = { claim: control(claim).value.trim() };
      const kind = test(key)[2];
      if (key.startsWith("present")) return { ...named, present: key.endsWith("true") };
      const written = control(valueField).value;
      let value;
      if (kind === "number") {
        value = Number(written);
        if (!written.trim() || Number.isNaN(value)) throw mistake("A number is needed.", `${at}.${key}`);
      } else value = kind === "values" ? lines(written).map(parse) : kind === "value" ? parse(written) : written;
      return key.startsWith("not.") ? { ...named, not: { [key.slice(4)]: value } } : { ...named, [key]: value };
    },
  };
}

/** The rules, in their order. */
export function rulesEditor(rules) {
  const list = h("div.stack");
  const editors = [];
  const draw = () => {
    list.replaceChildren(...editors.map((editor) => editor.element));
    editors.forEach((editor, index) => editor.number(index, editors.length));
  };
  const move = (editor, by, back) => {
    const at = editors.indexOf(editor);
    editors.splice(at, 1);
    editors.splice(at + by, 0, editor);
    draw();
    back.focus();
  };
  const append = (rule, focus) => {
    const editor = ruleEditor(rule, {
      up: (event) => move(editor, -1, event.currentTarget),
      down: (event) => move(editor, 1, event.currentTarget),
      remove: () => { editors.splice(editors.indexOf(editor), 1); draw(); more.focus(); },
    });
    editors.push(editor);
    draw();
    if (focus) control(editor.element).focus();
  };
  const more = button("Add a rule", () => append({ name: "" }, true), "small");
  for (const rule of rules ?? []) append(rule);
  return {
    element: h("div.stack", { "data-path": "rules" }, h("p.problem", { hidden: true }), list, actions(more)),
    read: () => (editors.length ? editors.map((editor) => editor.read()) : undefined),
  };
}

const some = (items) => (items.length ? items : undefined);

function ruleEditor(rule, { up, down, remove }) {
  let at = "rules[0]";
  const name = input({ label: "Name", value: rule.name ?? "", hint: "It stands in the log, in Activity and in the token." });
  const mode = select({ label: "What it does", value: rule.mode ?? "enforce",
    options: [["enforce", "It decides"], ["audit", "It is only watched; the next rule is tried"]] });
  const subjects = area({ label: "Subjects", optional: true, rows: 2, value: (rule.subjects ?? []).join("\n"),
    hint: "One in each line; * stands for characters within a segment, ** across. None: all." });
  const conditions = conditionsEditor(rule.claims, () => `${at}.claims`);
  const applications = area({ label: "Applications", optional: true, rows: 2, value: (rule.applications ?? []).join("\n"), hint: "Client ids, one in each line. None: all." });
  const client = select({ label: "Who asks", value: rule.client ?? "required",
    options: [["required", "An application that has authenticated"], ["none", "Anybody with an assertion, without a client"]],
    onchange: () => { label.hidden = control(client).value !== "none"; } });
  const label = input({ label: "Stands for the client", value: rule.client_id ?? "", hint: "A name for the token and the log." });
  label.hidden = rule.client !== "none";
  const scopes = input({ label: "Scopes at most", optional: true, value: (rule.scopes ?? []).join(" "), hint: "Separated by spaces. None: what the application may have." });
  const audience = area({ label: "Resources", optional: true, rows: 2, value: [rule.audience ?? []].flat().join("\n"), hint: "The aud of its tokens, one in each line." });
  const lifetime = input({ label: "Valid for at most, in seconds", optional: true, inputmode: "numeric", value: rule.access_token_lifetime ?? "" });
  const mappings = area({ label: "Claims to carry over", optional: true, rows: 2, value: mappingText(rule.claim_mappings), placeholder: "groups = roles" });
  const legend = h("legend");
  const earlier = button("Up", up, "small");
  const later = button("Down", down, "small");
  const removal = button("Remove", remove, "small");
  const group = h("fieldset.group", null, legend, h("p.problem", { hidden: true }),
    h("div.grid", null, name, mode), subjects,
    h("div.stack", null, h("h3", null, "Conditions"), conditions.element),
    h("div.grid", null, scopes, lifetime),
    folded("More: who asks, resources, claims", false, h("div.grid", null, client, label), applications, audience, mappings),
    actions(earlier, later, removal));
  const paths = { name, mode, subjects, applications, client, client_id: label, scopes, audience, access_token_lifetime: lifetime, claim_mappings: mappings };
  return {
    element: group,
    number: (index, of) => {
      at = `rules[${index}]`;
      group.dataset.path = at;
      for (const [member, element] of Object.entries(paths)) element.dataset.path = `${at}.${member}`;
      const text = `Rule ${index + 1}`;
      legend.textContent = text;
      earlier.disabled = index === 0;
      later.disabled = index === of - 1;
      earlier.setAttribute("aria-label", `Move ${text} up`);
      later.setAttribute("aria-label", `Move ${text} down`);
      removal.setAttribute("aria-label", `Remove ${text}`);
    },
    read: () => {
      const without = control(client).value === "none";
      const resources = lines(control(audience).value);
      const granted = words(control(scopes).value);
      const seconds = control(lifetime).value.trim();
      return {
        ...rule,
        name: control(name).value.trim(),
        mode: control(mode).value === "audit" ? "audit" : undefined,
        subjects: some(lines(control(subjects).value)),
        claims: conditions.read(),
        applications: some(lines(control(applications).value)),
        client: without ? "none" : undefined,
        client_id: without ? control(label).value.trim() : undefined,
        scopes: granted.length || (rule.scopes && !rule.scopes.length) ? granted : undefined,
        audience: resources.length > 1 ? resources : resources[0],
        access_token_lifetime: seconds ? wholeNumber(seconds, `${at}.access_token_lifetime`) : undefined,
        claim_mappings: readMappings(control(mappings).value, `${at}.claim_mappings`),
      };
    },
  };
}

export function wholeNumber(text, field) {
  const number = Number(text);
  if (!/^\d+$/.test(text.trim())) throw mistake("A whole number is needed.", field);
  return number;
}
