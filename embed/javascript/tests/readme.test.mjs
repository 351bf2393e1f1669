// The README's examples, as a person would run them: in a folder with nothing but the package.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
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

test("the server of the README serves", { timeout: 30_000 }, async (t) => {
  const readme = readFileSync("node_modules/asserta/README.md", "utf8");
  const [, example] = /```js\n(import \{ createServer[\s\S]*?)```/.exec(readme);
  writeFileSync("server.mjs", example.replace(".listen(", ".on(\"listening\", function () { console.error(this.address().port); }).listen("));
  const adminToken = "an-admin-token-for-tests-of-enough-length";
  const server = spawn(process.execPath, ["server.mjs"], { env: { ...process.env, PORT: "0", ADMIN_TOKEN: adminToken } });
  t.after(() => server.kill());
  const [port] = await once(server.stderr, "data");
  const url = `http://127.0.0.1:${String(port).trim()}`;
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: "ok" });
  const admin = await fetch(`${url}/admin/organizations`, { headers: { authorization: `Bearer ${adminToken}` } });
  assert.deepEqual(await admin.json(), { items: [], next: null });
});
