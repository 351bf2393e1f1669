// The package in a page, for the scenario runner (host-tests/README.md):
//   node browser-driver.mjs

import { createInterface } from "node:readline";

import { HELLO } from "./driver.mjs";
import { open } from "./page.mjs";

const { page, close } = await open();
const say = (line) => console.log(JSON.stringify(line));
// The runner fetches keys: its JWKS endpoints are of another origin.
const respond = (request) =>
  page.evaluate(async (asked) => (await import("/driver.mjs")).respond(asked, { fetchKeys: false }), request);

say(HELLO);
for await (const line of createInterface({ input: process.stdin })) respond(JSON.parse(line)).then(say);
await close();
