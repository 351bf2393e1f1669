// A registration as the JSON that it is: what the forms don't show can be changed here.

import { actions, add, area, control, form, formProblem, link, mistake, say, submit, title } from "./dom.js";

export function documentPage({ page }, { document, crumbs, name, asForm, store, done }) {
  const text = area({ label: "The document", path: "document", rows: 24, value: JSON.stringify(document, null, 2),
    hint: "The members are those of the admin API; one that it does not know is refused." });
  const editor = form({ class: "wide" }, async () => {
    let changed;
    try {
      changed = JSON.parse(control(text).value);
    } catch (error) {
      throw mistake(`This is no JSON: ${error.message}.`, "document");
    }
    try {
      await store(changed);
    } catch (error) {
      throw mistake(error.message, "document");
    }
    say("It is saved.");
    done();
  }, formProblem(), text, actions(submit("Save"), link(asForm, "Edit as a form", "button")));
  add(page, [title(name, null, crumbs), editor]);
}
