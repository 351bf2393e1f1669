// Activity: the organization's last decisions, live.

import {
  h, absolute, add, badge, check, clearProblems, control, empty, fill, input, link, notice, refuse, row, select, table, time, title, svg,
} from "./dom.js";
import { orNull } from "./api.js";

const EVERY = 3000;
const SHOWN = 100;
const MINUTES = 30;
const COLUMNS = ["Time", "Outcome", "Application", "Issuer", "Rule", "Reason"];
const granted = (decision) => decision.outcome !== "refused";
const revoked = (decision) => decision.outcome === "revoked";

/** Accepted and refused in each of the last minutes: bars, and the same in a sentence. */
function chart(decisions, now = Date.now() / 1000) {
  const last = Math.floor(now / 60);
  const minutes = Array.from({ length: MINUTES }, () => [0, 0]);
  for (const decision of decisions) {
    const at = MINUTES - 1 - (last - Math.floor(decision.time / 60));
    if (minutes[at] && !revoked(decision)) minutes[at][granted(decision) ? 0 : 1] += 1;
  }
  const most = Math.max(4, ...minutes.map(([good, bad]) => good + bad));
  const [width, height] = [MINUTES * 20, 96];
  const bars = minutes.flatMap(([good, bad], index) => {
    const [top, middle] = [height - ((good + bad) / most) * height, height - (good / most) * height];
    const bar = (kind, y, tall) => (tall > 0 ? [svg("rect", { class: kind, x: index * 20 + 3, y, width: 14, height: tall, rx: 1.5 })] : []);
    return [...bar("good", middle, height - middle), ...bar("bad", top, middle - top)];
  });
  const [accepted, refused] = minutes.reduce(([all, none], [good, bad]) => [all + good, none + bad], [0, 0]);
  const text = `In the last ${MINUTES} minutes ${accepted} accepted and ${refused} refused, ${most === 4 ? "at most 4" : `${most} at most`} in a minute.`;
  return h("figure.stack", null,
    svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height + 2}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
      svg("line", { class: "axis", x1: 0, x2: width, y1: height + 1, y2: height + 1 }), bars),
    h("figcaption.legend", null, h("span", null, `${accepted} accepted`), h("span.refused", null, `${refused} refused`), h("span.plain", null, `each bar a minute, the last ${MINUTES}`)));
}

export async function activityPage(context) {
  const { org, page, parameters, to } = context;
  const head = title("Activity", "What was decided last. It holds no assertion, no token and no subject.");
  const [first, issuers, applications] = await Promise.all([
    orNull(org.page({ limit: SHOWN }, "activity")), org.all("trusted-issuers"), org.all("applications")]);
  if (!first) {
    return add(page, [head, empty("There is no activity log here", "The setting activity is off, or the server does not have it.")]);
  }
  const names = new Map(applications.map((one) => [one.client_id, one.client_name]));
  const given = (member) => parameters.get(member) ?? "";
  const any = ["", "any"];
  const filters = {
    outcome: select({ label: "Outcome", path: "outcome", value: given("outcome"), options: [any, ["granted", "accepted"], ["refused", "refused"], ["revoked", "revoked"]] }),
    client_id: select({ label: "Application", path: "client_id", value: given("client_id"), options: [any, ...applications.map((one) => [one.client_id, one.client_name ?? one.client_id])] }),
    trusted_issuer: select({ label: "Issuer", path: "trusted_issuer", value: given("trusted_issuer"), options: [any, ...issuers.map((one) => [one.name, one.name])] }),
    rule: input({ label: "Rule", path: "rule", value: given("rule") }),
    reason: input({ label: "Reason", path: "reason", value: given("reason"), placeholder: "assertion-expired" }),
  };
  const live = check({ label: "Live", checked: true, onchange: () => { if (control(live).checked) again(); } });
  const [notes, bars] = [h("div"), h("div")];
  const asking = h("div.filters", null, Object.values(filters));
  const rows = h("tbody");
  const note = h("p.hint", { role: "status" });
  const shown = table("Decisions", COLUMNS, [], "compact");
  shown.querySelector("tbody").replaceWith(rows);
  const wanted = () => Object.fromEntries(Object.entries(filters).map(([member, element]) => [member, control(element).value.trim()]));
  const cells = (decision) => {
    const { client_id: client, trusted_issuer: issuer } = decision;
    return [
      [time(decision.time), h("span.visually-hidden", null, ` ${absolute(decision.time)}`)],
      revoked(decision) ? badge("revoked") : granted(decision) ? badge("accepted", "good") : badge("refused", "bad"),
      client ? (names.has(client) ? link(to("application", client), names.get(client) ?? client) : h("code", null, client)) : h("span.soft", null, "–"),
      issuer ? link(to("issuer", issuer), issuer) : h("span.soft", null, "–"),
      [decision.rule ?? h("span.soft", null, "–"), decision.audit?.map((one) => h("p.hint", null, `watched: ${one.rule}, ${granted(one) ? "would accept" : "would refuse"}`))],
      [decision.reason ? h("code", null, decision.reason) : h("span.soft", null, "–"), (decision.policy_reason ?? decision.cause) && h("p.hint", null, decision.policy_reason ?? decision.cause)],
    ];
  };
  let asked = 0;
  const draw = ({ items, recording, dropped }) => {
    fill(notes, recording === false && notice("warning", "Nothing new is recorded: the setting activity is off."),
      dropped > 0 && notice("warning", `${dropped} more decisions of this time are not in the log: too many came at once, or the store failed.`));
    fill(bars, chart(items));
    fill(rows, items.map((decision) => row(COLUMNS, cells(decision))));
    shown.hidden = !items.length;
    const filtered = Object.values(wanted()).some(Boolean);
    const text = items.length ? `${items.length === SHOWN ? `The last ${SHOWN}` : items.length} decision${items.length === 1 ? "" : "s"}${filtered ? " that fit" : ""}.`
      : filtered ? "No decision fits." : "Nothing was decided yet. A decision is here some two seconds after it is made.";
    if (note.textContent !== text) note.textContent = text;
  };
  const refresh = async () => {
    const mine = ++asked;
    try {
      const found = await org.page({ ...wanted(), limit: SHOWN }, "activity");
      if (mine !== asked) return;
      clearProblems(asking);
      // A row that somebody is in stays where it is.
      if (!rows.contains(document.activeElement)) draw(found);
    } catch (error) {
      if (mine !== asked) return;
      clearProblems(asking);
      if (error.field) refuse(asking, error, { focus: false });
      else note.textContent = error.message;
    }
  };
  // Not while nobody looks.
  let timer = null;
  const again = async () => {
    clearTimeout(timer);
    if (!document.hidden) await refresh();
    if (control(live).checked && page.isConnected) timer = setTimeout(again, EVERY);
  };
  for (const element of Object.values(filters)) control(element).addEventListener("change", refresh);
  add(page, [h("div.head", null, head, live), notes, bars, asking, note, shown]);
  if (Object.values(wanted()).some(Boolean)) await refresh(); else draw(first);
  timer = setTimeout(again, EVERY);
  context.onLeave(() => { clearTimeout(timer); control(live).checked = false; });
}
