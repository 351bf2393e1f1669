/** The entry for Node: whose fetch reads no files, and whose server has requests of its own kind. */

import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";

import { lazily, type Guard, type GuardSettings, type Passed } from "./guard.js";
import { useModules } from "./modules.js";

export * from "./guard.js";

useModules(async (file) => WebAssembly.compile(await readFile(new URL(`./generated/${file}`, import.meta.url))));

/** A request that passed, as what stands behind the guard finds it. */
export interface GuardedRequest extends IncomingMessage {
  /** What its token says. */
  asserta?: Passed;
  /** The same as `@modelcontextprotocol/sdk` has it (`AuthInfo`): its transports hand it on to tools. */
  auth?: { token: string; clientId: string; scopes: string[]; expiresAt: number; extra: Record<string, unknown> };
}

/**
 * A middleware of Express and of whatever calls `(request, response, next)`: `app.use(express(settings))`. It has to stand
 * before what it guards.
 */
export function express(
  settings: GuardSettings,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  const guarding = lazily(settings);
  return (request, response, next) => {
    guarding()
      .then((guard) => decide(guard, request, response))
      .then((passes) => void (passes && next()), next);
  };
}

/** Whether the request goes on; otherwise it is answered. */
async function decide(guard: Guard, request: GuardedRequest, response: ServerResponse): Promise<boolean> {
  const { originalUrl } = request as { originalUrl?: string };
  // The absolute form names a host that does not count (RFC 9112 section 3.2.2).
  const target = (originalUrl ?? request.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "");
  const { rawHeaders } = request;
  // `headers` keeps the first of several.
  const values = (wanted: string): string[] => {
    const found: string[] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]!.toLowerCase() === wanted) found.push(rawHeaders[at + 1]!);
    }
    return found;
  };
  const authorization = values("authorization");
  const decision = await guard.check({
    method: request.method ?? "GET", target: target || "/", authorization, dpop: values("dpop"),
  });
  if ("answer" in decision) {
    const { status, headers, body } = decision.answer;
    response.statusCode = status;
    for (const [name, value] of headers) response.appendHeader(name, value);
    response.end(body);
    return false;
  }
  const { passed } = decision;
  rewriteHeaders(guard, request, passed);
  request.asserta = passed;
  const token = authorization[0]!.slice(authorization[0]!.indexOf(" ")).trim();
  const { clientId, scopes, expiresAt, claims } = passed;
  request.auth = { token, clientId, scopes, expiresAt, extra: { ...claims } };
  return true;
}

/** In all three forms that Node has of headers: what reads another one must not find what was smuggled in. */
function rewriteHeaders(guard: Guard, request: IncomingMessage, passed: Passed): void {
  const { headers, rawHeaders } = request;
  // A request of HTTP/2 has no such form.
  const headersDistinct = (request.headersDistinct as NodeJS.Dict<string[]> | undefined) ?? {};
  for (const name of Object.keys(headers)) if (guard.isOurs(name)) delete headers[name];
  for (const name of Object.keys(headersDistinct)) if (guard.isOurs(name)) delete headersDistinct[name];
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!guard.isOurs(rawHeaders[at]!)) kept.push(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  for (const [name, value] of passed.headers) {
    headers[name] = value;
    headersDistinct[name] = [value];
    kept.push(name, value);
  }
  rawHeaders.splice(0, rawHeaders.length, ...kept);
}
