// A fetch handler behind the guard, in Deno or Bun: prints its URL, reads the guard's settings, prints "ready".

import { createInterface } from "node:readline";

import { guard } from "asserta/guard";

let handler;
const fetch = (request) => handler(request);
const serving = globalThis.Deno
  ? Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, fetch)
  : Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
console.log(`http://127.0.0.1:${serving.addr?.port ?? serving.port}`);

const [settings] = await Array.fromAsync(createInterface({ input: process.stdin }));
handler = guard(async (request, { subject, clientId, scopes }) => {
  const headers = [...request.headers].filter(([name]) => /^x[-_]asserta/i.test(name));
  return Response.json({ subject, clientId, scopes, body: await request.json(), headers: Object.fromEntries(headers) });
}, JSON.parse(settings));
console.log("ready");
