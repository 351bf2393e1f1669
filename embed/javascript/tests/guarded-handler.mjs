// A fetch handler behind the guard, in Deno or Bun: prints its URL, reads the guard's settings, prints "ready". A WebSocket is
// told who has opened it.

import { createInterface } from "node:readline";

import { guard } from "asserta/guard";

let handler;
const fetch = (request) => handler(request);
const serving = globalThis.Deno
  ? Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, fetch)
  : Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, websocket: { open: (socket) => socket.send(socket.data), message() {} } });
console.log(`http://127.0.0.1:${serving.addr?.port ?? serving.port}`);

const [settings] = await Array.fromAsync(createInterface({ input: process.stdin }));
/** Only the platform's own request can be upgraded. */
function upgrade(original, subject) {
  if (!globalThis.Deno) return void serving.upgrade(original, { data: subject });
  const { socket, response } = Deno.upgradeWebSocket(original);
  socket.onopen = () => socket.send(subject);
  return response;
}

handler = guard(async (request, { subject, clientId, scopes, original }) => {
  if (request.headers.get("upgrade") === "websocket") return upgrade(original, subject);
  const headers = [...request.headers].filter(([name]) => /^x[-_]asserta/i.test(name));
  return Response.json({ subject, clientId, scopes, body: await request.json(), headers: Object.fromEntries(headers) });
}, JSON.parse(settings));
console.log("ready");
