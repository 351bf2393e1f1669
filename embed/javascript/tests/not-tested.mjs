// Ends a test for which something is missing: under CI that is a failure, elsewhere it is said.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync } from "node:fs";

export function notTested(t, why) {
  assert.ok(["", "0", "false"].includes(process.env.CI ?? ""), `not tested: ${why}`);
  console.error(`not tested: ${why}`);
  mkdirSync("../summary", { recursive: true }); // `make test` says it again at its end
  appendFileSync("../summary/not-tested", `the JavaScript package: ${why}\n`);
  t.skip(`not tested: ${why}`);
}
