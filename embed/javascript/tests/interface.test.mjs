// The component in the package is the one that wit/ describes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

test("it has every reason and every code, and its version", () => {
  const [, version] = /package asserta:exchange@([0-9.]+);/.exec(readFileSync("world.wit", "utf8"));
  const names = [...readFileSync("types.wit", "utf8").matchAll(/^ {2}\/\/\/ - `([a-z_-]+)`/gm)].map(([, name]) => name);
  assert.ok(names.length > 50);
  for (const generated of ["", "host-signatures/"]) {
    const folder = `node_modules/asserta/dist/generated/${generated}`;
    const core = readFileSync(`${folder}exchanger.core.wasm`, "latin1");
    assert.deepEqual(names.filter((name) => !core.includes(name)), [], generated);
    assert.ok(readFileSync(`${folder}exchanger.js`, "utf8").includes(`asserta:exchange/exchange@${version}`), generated);
  }
});

test("the HTTP face is that of wit/, and imports nothing but store, events, time and random numbers", async () => {
  const [, version] = /package asserta:exchange@([0-9.]+);/.exec(readFileSync("world.wit", "utf8"));
  const types = readFileSync("node_modules/asserta/dist/generated/handler.d.ts", "utf8");
  const imports = [...types.matchAll(/^import type \* as \w+ from .*; \/\/ (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(imports, [
    `asserta:exchange/events@${version}`, `asserta:exchange/store@${version}`, "wasi:clocks/wall-clock@0.2.6",
    "wasi:random/random@0.2.6", `asserta:exchange/http@${version}`, // which is its export
  ]);
});
