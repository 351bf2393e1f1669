// The README's example, as a person would run it: in a folder with nothing but the package.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { Partner } from "./partner.mjs";

test("the example prints an access token", async () => {
  const partner = await Partner.create();
  const readme = readFileSync("node_modules/asserta/README.md", "utf8");
  const [, example] = /```js\n([\s\S]*?)```/.exec(readme);
  assert.ok(example.split("\n").filter((line) => line.trim()).length <= 15);
  writeFileSync("partner.pem", partner.pem);
  writeFileSync("assertion.jwt", await partner.assertion());
  writeFileSync("example.mjs", example);
  const [token, expiresIn, subject] = execFileSync(process.execPath, ["example.mjs"], { encoding: "utf8" }).trim().split(" ");
  assert.deepEqual([token.split(".").length, expiresIn, subject], [3, "3600", "alice"]);
});
