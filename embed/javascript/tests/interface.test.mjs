// The component in the package is the one that wit/ describes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

test("it has every reason and every code", () => {
  const wit = readFileSync("types.wit", "utf8");
  for (const generated of ["", "host-signatures/"]) {
    const code = readFileSync(`node_modules/asserta/dist/generated/${generated}exchanger.js`, "utf8");
    for (const name of ["reason", "error-code"]) {
      const body = new RegExp(`enum ${name} \\{([^]*?)\\n  \\}`).exec(wit)[1];
      const cases = [...body.matchAll(/^ {4}([a-z0-9-]+),$/gm)].map(([, found]) => found);
      assert.ok(cases.length >= 9, name);
      assert.deepEqual(cases.filter((found) => !new RegExp(`["'\`]${found}["'\`]`).test(code)), [], `${generated}${name}`);
    }
  }
});
