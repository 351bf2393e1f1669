/**
 * The resource's side: passes requests with a good access token of an Asserta organization on to your API or MCP server, and
 * answers the others (RFC 6750, RFC 9728).
 *
 * {@link guard} wraps a fetch handler (Deno, Bun, Workers), {@link hono} is a middleware of Hono; `express`, for Express and
 * `node:http`, is there in Node. The rules run as a WebAssembly component that has no network: it says when it needs the
 * issuer's keys, and they are fetched here.
 *
 * @module
 */

import * as convert from "./convert.js";
import { InvalidMember } from "./errors.js";
import { fetchKeys, type KeyDocument } from "./fetching.js";
import type * as wit from "./generated/interfaces/asserta-exchange-guard.js";
import { modules as platformModules, start, type Component, type GuardModules } from "./guard-component.js";
import { introspect, type GuardClient } from "./guard-introspection.js";

export { InvalidMember } from "./errors.js";
export { FetchFailed, fetchKeys } from "./fetching.js";
export type { FetchOptions, KeyDocument } from "./fetching.js";
export type { GuardModules } from "./guard-component.js";
export type { GuardClient } from "./guard-introspection.js";

/** How often one request may ask for something before it is decided: keys, then an introspection. */
const ROUNDS = 3;

/** Whose tokens pass, and for what. */
export interface GuardSettings {
  /** The issuer identifier of the organization: `https`, or `http` to this machine. */
  issuer: string;
  /** What `aud` of a token must name; the URL of the resource where it is to have metadata. */
  audience: string;
  /** The scopes that each request needs. Default: none. */
  scopes?: readonly string[];
  /** Where the issuer's keys are. Default: at `/oauth2/jwks` below the issuer. */
  jwksUri?: string;
  /** With it, the issuer is asked about each token, so that a revoked one stops at once (RFC 7662). */
  introspect?: GuardClient;
  /** Whether the issuer may be in a private network or on this machine. Default: false, such addresses are refused. */
  allowPrivate?: boolean;
  /** Gets the JWK set; whatever it throws means that the keys can't be had. Default: {@link fetchKeys}. */
  fetchKeys?: (uri: string) => Promise<KeyDocument>;
  /** The time in seconds since 1970. Default: the platform's. */
  clock?: () => number;
  /** Told what failed here. Default: console.error. */
  onError?: (error: unknown) => void;
  /** The compiled core module, where the platform does not compile it: `asserta/modules/guard-library.core.wasm`. */
  modules?: GuardModules;
}

const SETTINGS: Record<keyof GuardSettings, true> = {
  issuer: true, audience: true, scopes: true, jwksUri: true, introspect: true, allowPrivate: true, fetchKeys: true, clock: true,
  onError: true, modules: true,
};

/** The settings as the component takes them. One that can't be used, or is unknown, is an {@link InvalidMember}. */
function checked(settings: GuardSettings): wit.Settings {
  convert.membersOf("settings", settings, SETTINGS);
  for (const name of ["fetchKeys", "clock", "onError"] as const) convert.callback(name, settings[name]);
  const { introspect } = settings;
  if (introspect !== undefined) {
    convert.membersOf("introspect", introspect, { clientId: true, clientSecret: true });
    convert.text("introspect.clientId", introspect.clientId);
    convert.text("introspect.clientSecret", introspect.clientSecret);
  }
  if (typeof settings.scopes === "string") throw new InvalidMember("scopes", "must be an array of strings");
  return {
    issuer: convert.text("issuer", settings.issuer),
    audience: convert.text("audience", settings.audience),
    scopes: (convert.optional(convert.texts, "scopes", settings.scopes) ?? []).join(" "),
    jwksUri: convert.optional(convert.text, "jwksUri", settings.jwksUri),
    introspect: introspect !== undefined,
  };
}

/** What the guard looks at of a request. */
export interface GuardRequest {
  /** Its method. */
  method: string;
  /** Its path and query, as they were sent. */
  target: string;
  /** The value of each `Authorization` header. */
  authorization: string[];
  /** The value of each `DPoP` header. */
  dpop: string[];
}

/** What the token of a request says, that was verified. */
export interface Passed {
  /** `sub`. */
  subject: string;
  /** `client_id`: the application. */
  clientId: string;
  /** `scope`, as single words. */
  scopes: string[];
  /** All claims. */
  claims: Record<string, unknown>;
  /** `exp`: seconds since 1970. */
  expiresAt: number;
  /** The headers `x-asserta-…` for the resource. */
  headers: [string, string][];
}

/** What is answered in place of the resource. */
export interface Answer {
  /** Why, as a stable name such as `expired`; `metadata` where the metadata was asked for. */
  reason: string;
  /** The HTTP status. */
  status: number;
  /** The headers, `www-authenticate` of a challenge among them. */
  headers: [string, string][];
  /** The body: JSON, or empty. */
  body: string;
}

/** Either a request passes, or it is answered. */
export type Decision = { passed: Passed } | { answer: Answer };

const FAILED: Decision = {
  answer: { reason: "failed", status: 503, headers: [["cache-control", "no-store"]], body: "" },
};

/** How many characters what it looks at of a request may have together: nobody can make the component run out of memory. */
const MAX_HEAD = 64 * 1024;
const TOO_LARGE: Decision = {
  answer: { reason: "head-too-large", status: 431, headers: [["cache-control", "no-store"]], body: "" },
};

/** Decides about requests to one resource. */
export class Guard {
  readonly #modules: GuardModules;
  readonly #settings: wit.Settings;
  readonly #client: GuardClient | undefined;
  readonly #fetch: (uri: string) => Promise<KeyDocument>;
  readonly #clock: () => number;
  readonly #onError: (error: unknown) => void;
  #component: Component;
  #fetching: Promise<void> | undefined;

  /** Loads the component and starts it. Throws {@link InvalidMember} where the settings can't be used. */
  static async create(settings: GuardSettings): Promise<Guard> {
    checked(settings);
    return new Guard(settings, settings.modules ?? (await platformModules()));
  }

  private constructor(settings: GuardSettings, modules: GuardModules) {
    this.#modules = modules;
    this.#client = settings.introspect;
    this.#settings = checked(settings);
    const allowPrivate = convert.flag("allowPrivate", settings.allowPrivate ?? false);
    // That http goes to this machine alone, the component has seen to.
    this.#fetch = settings.fetchKeys ?? ((uri) => fetchKeys(uri, { dev: uri.startsWith("http://"), allowPrivate }));
    this.#clock = settings.clock ?? (() => Date.now() / 1000);
    this.#onError = settings.onError ?? ((error) => console.error("asserta:", error));
    this.#component = this.#start();
  }

  /** Decides about a request; may wait for the issuer. Never rejects: what fails here is answered with 503. */
  async check({ method, target, ...headers }: GuardRequest): Promise<Decision> {
    // Two of one are as many as are needed to see that there is more than one.
    const [authorization, dpop] = [headers.authorization.slice(0, 2), headers.dpop.slice(0, 2)];
    const request = { method, target, authorization, dpop };
    if ([method, target, ...authorization, ...dpop].reduce((sum, part) => sum + part.length, 0) > MAX_HEAD) return TOO_LARGE;
    try {
      let introspection: wit.Introspection = { tag: "not-asked" };
      for (let round = 0; round < ROUNDS; round += 1) {
        const outcome = this.#call((component) => component.check(request, introspection, this.#now()));
        switch (outcome.tag) {
          case "passed":
            this.#refreshIfDue();
            return { passed: passed(outcome.val) };
          case "answered":
            return { answer: outcome.val };
          case "keys-needed":
            await this.#supply(outcome.val);
            break;
          case "introspection-needed":
            introspection = await this.#introspect(outcome.val, request.authorization[0] ?? "");
        }
      }
    } catch (error) {
      this.#tell(error);
    }
    return FAILED;
  }

  /** Whether a header of a request has a name of ours, which the resource must not see. */
  isOurs(name: string): boolean {
    return this.#call((component) => component.isOurHeader(name));
  }

  /** One fetch for all who wait. */
  #supply(uri: string): Promise<void> {
    this.#fetching ??= this.#fetchAndSupply(uri).finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetchAndSupply(uri: string): Promise<void> {
    let document: Uint8Array | undefined;
    let age: bigint | undefined;
    try {
      const { text, maxAge } = await this.#fetch(uri);
      document = new TextEncoder().encode(text);
      age = Number.isSafeInteger(maxAge) && maxAge! >= 0 ? BigInt(maxAge!) : undefined;
    } catch (error) {
      this.#tell(error);
    }
    this.#call((component) => component.supplyKeys(document, age, this.#now()));
  }

  #refreshIfDue(): void {
    const uri = this.#call((component) => component.refreshDue(this.#now()));
    if (uri !== undefined) this.#supply(uri).catch((error) => this.#tell(error));
  }

  async #introspect(endpoint: string, authorization: string): Promise<wit.Introspection> {
    try {
      const token = authorization.slice(authorization.indexOf(" ")).trim();
      return { tag: "response", val: await introspect(endpoint, token, this.#client!) };
    } catch (error) {
      this.#tell(error);
      return { tag: "failed" };
    }
  }

  #now(): bigint {
    return BigInt(Math.floor(this.#clock()));
  }

  #start(): Component {
    const component = start(this.#modules);
    try {
      component.configure(this.#settings);
    } catch (error) {
      const { payload } = error as { payload?: unknown };
      throw typeof payload === "string" ? new InvalidMember("settings", payload) : error;
    }
    return component;
  }

  #call<T>(ask: (component: Component) => T): T {
    try {
      return ask(this.#component);
    } catch (error) {
      // A trap, or whatever it is: nobody can tell what state it is in.
      this.#component = this.#start();
      throw error;
    }
  }

  #tell(error: unknown): void {
    try {
      this.#onError(error);
    } catch {
      // Who listens decides nothing.
    }
  }
}

function passed(record: wit.Passed): Passed {
  return {
    subject: record.subject,
    clientId: record.clientId,
    scopes: record.scope.split(" ").filter((scope) => scope !== ""),
    claims: JSON.parse(record.claims) as Record<string, unknown>,
    expiresAt: Number(record.expiresAt),
    headers: record.headers,
  };
}

/**
 * A guard that is made at the first request, and again at the next one where that failed.
 * @internal
 */
export function lazily(settings: GuardSettings): () => Promise<Guard> {
  let made: Promise<Guard> | undefined;
  return () => {
    made ??= Guard.create(settings);
    made.catch(() => (made = undefined));
    return made;
  };
}

/** What a handler behind the guard learns. */
export interface PassedRequest extends Passed {
  /**
   * The platform's own request, for what takes no other: `server.upgrade` of Bun, `Deno.upgradeWebSocket`. Its headers are as they
   * came, those that begin with `x-asserta-` included, which anybody may have sent.
   */
  original: Request;
}

/** What a guarded handler gets: the request, what its token says, and whatever else the platform hands over. */
export type GuardedHandler<More extends unknown[]> = (
  request: Request, passed: PassedRequest, ...more: More
) => Response | Promise<Response>;

/**
 * A fetch handler that lets only good requests through to another one: `Deno.serve(guard(handler, settings))`. Rejects where
 * the settings can't be used.
 */
export function guard<More extends unknown[]>(
  handler: GuardedHandler<More>, settings: GuardSettings,
): (request: Request, ...more: More) => Promise<Response> {
  const guarding = lazily(settings);
  return async (request, ...more) => {
    const through = await letThrough(await guarding(), request);
    return through instanceof Response ? through : handler(through.request, through.passed, ...more);
  };
}

/** What the middleware needs of Hono's context. */
interface HonoContext {
  req: { raw: Request };
  set(name: string, value: unknown): void;
}

/** A middleware of Hono: `app.use(hono(settings))`. The handlers find what passed with `c.get("asserta")`. */
export function hono(settings: GuardSettings): (context: never, next: () => Promise<void>) => Promise<Response | void> {
  const guarding = lazily(settings);
  return async (untyped: unknown, next) => {
    const context = untyped as HonoContext;
    const through = await letThrough(await guarding(), context.req.raw);
    if (through instanceof Response) return through;
    context.req.raw = through.request;
    context.set("asserta", through.passed);
    await next();
  };
}

async function letThrough(guard: Guard, request: Request): Promise<Response | { request: Request; passed: PassedRequest }> {
  const { pathname, search } = new URL(request.url);
  // Repeated headers come joined by commas, and are refused as no token.
  const values = (name: string): string[] => [request.headers.get(name)].filter((value) => value !== null);
  const decision = await guard.check({
    method: request.method,
    target: pathname + search,
    authorization: values("authorization"),
    dpop: values("dpop"),
  });
  if ("answer" in decision) {
    const { status, headers, body } = decision.answer;
    return new Response(body === "" ? null : body, { status, headers });
  }
  const headers = new Headers([...request.headers].filter(([name]) => !guard.isOurs(name)));
  for (const [name, value] of decision.passed.headers) headers.set(name, value);
  return { request: withHeaders(request, headers), passed: { ...decision.passed, original: request } };
}

/** The same request with other headers. Where somebody has read the body before, there is none: whoever read it has it. */
function withHeaders(request: Request, headers: Headers): Request {
  if (!request.bodyUsed) return new Request(request, { headers });
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}
