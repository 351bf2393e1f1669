// The package in Node, for the scenario runner (host-tests/README.md):
//   node node-driver.mjs [--host-signatures]

import { createInterface } from "node:readline";

import { HELLO, respond } from "./driver.mjs";

const options = process.argv.includes("--host-signatures") ? await import("asserta/host-signatures") : {};
const say = (line) => console.log(JSON.stringify(line));

say(HELLO);
// Without waiting: what is asked for at once is done at once.
for await (const line of createInterface({ input: process.stdin })) {
  respond(JSON.parse(line), { hostSignatures: options.hostSignatures }).then(say);
}
