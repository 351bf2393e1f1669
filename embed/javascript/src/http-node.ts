/** The entry for Node: whose fetch reads no files, and whose server has requests of its own kind. */

import { readFile } from "node:fs/promises";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { readBody } from "./http-bodies.js";
import type { HttpEndpoint } from "./http.js";
import { useModules } from "./modules.js";

export * from "./http.js";

useModules(async (file) => WebAssembly.compile(await readFile(new URL(`./generated/${file}`, import.meta.url))));

/** Serves by a server of `node:http`, `node:https` or `node:http2`: `createServer(nodeListener(endpoint))`. */
export function nodeListener(endpoint: HttpEndpoint): RequestListener {
  // What can't be written is broken off.
  return (request, response) => void serve(endpoint, request, response).catch(() => response.destroy());
}

async function serve(endpoint: HttpEndpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? "/";
  // The absolute form names a host that does not count (RFC 9112 section 3.2.2).
  const [, path, query] = /^(?:https?:\/\/[^/?]*)?([^?]*)(?:\?([^]*))?$/i.exec(target)!;
  const headers: [string, Uint8Array][] = [];
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    // Those of HTTP/2 that are no header fields.
    if (!name.startsWith(":")) headers.push([name, Buffer.from(rawHeaders[at + 1]!, "latin1")]);
  }
  const body = await readBody(reader(request), request.headers["content-length"]);
  const served = await endpoint.serve({ method: request.method ?? "GET", path: path || "/", query, headers, body });
  if (response.destroyed) return;
  response.statusCode = served.status;
  for (const [name, value] of served.headers) response.appendHeader(name, value);
  response.end(served.body);
  // What is not read of the body would stay in the connection.
  if (body.tag !== "bytes" && request.httpVersionMajor === 1) response.once("finish", () => request.destroy());
}

/** Reads the body in parts; what is left of it the end of the connection takes away. */
function reader(request: IncomingMessage) {
  const parts = request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    read: async () => {
      const { done, value } = await parts.next();
      return { done: done ?? false, value };
    },
    cancel: async () => request.pause(),
  };
}
