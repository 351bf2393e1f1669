/**
 * A token endpoint inside your program: the routes of the Asserta server (token endpoint after RFC 6749 section 3.2 and
 * RFC 7523, JWKS after RFC 7517, metadata after RFC 8414, health, admin API) as one function from `Request` to `Response`.
 *
 * The rules run as a WebAssembly component that has no network: it sees the store that you hand over, the time, and
 * random numbers. Start with {@link HttpEndpoint.create}.
 *
 * @module
 */

import { callback, membersOf } from "./convert.js";
import { Trapped } from "./errors.js";
import { fetchKeys, type KeyDocument } from "./fetching.js";
import type * as wit from "./generated/interfaces/asserta-exchange-http.js";
import { modules as platformModules, start, type Handler, type HttpModules, type World } from "./handler.js";
import { readBody } from "./http-bodies.js";
import { SharedFetches } from "./http-keys.js";
import { badSetting, pairs, type HttpSettings } from "./http-settings.js";
import { MemoryStore, type Store } from "./stores.js";

export { InvalidMember, Trapped } from "./errors.js";
export { FetchFailed, fetchKeys } from "./fetching.js";
export type { FetchCause, FetchOptions, KeyDocument } from "./fetching.js";
export type { HttpModules } from "./handler.js";
export type { HttpSettings } from "./http-settings.js";
export { MemoryStore } from "./stores.js";
export type { Area, Store } from "./stores.js";

/** For one request. A document is fetched once; a second time, if the half minute in which it is asked for once ends. */
const MAX_FETCHES = 10;

/** How an HTTP endpoint works. */
export interface HttpEndpointOptions {
  /** What it is told of its place: its public URL above all. */
  settings: HttpSettings;
  /** Keeps registrations, keys and used assertions. Default: memory. */
  store?: Store;
  /** Gets the JWKS documents; whatever it throws means that the keys can't be had. Default: {@link fetchKeys}. */
  fetchKeys?: (uri: string) => Promise<KeyDocument>;
  /** The time in seconds since 1970. Default: the platform's. */
  clock?: () => number;
  /**
   * Told what happens, for your log: an object whose member `event` says which it is, such as `exchange`. Nothing in it
   * is secret or personal. Default: nobody.
   */
  onEvent?: (event: HttpEvent) => void;
  /** Told what the store threw. Default: console.error. */
  onStoreError?: (error: unknown) => void;
  /** Told why a request failed here: {@link Trapped}. Default: console.error. */
  onError?: (error: unknown) => void;
  /**
   * Runs the work that no response waits for: deleting what has expired, renewing keys. Cloudflare Workers need
   * `(work) => context.waitUntil(work())`. Default: soon after, by a timer.
   */
  afterResponse?: (work: () => Promise<void>) => void;
  /**
   * The compiled core modules, where the platform does not compile them itself. Isolates import them:
   * `import core from "asserta/modules/handler.core.wasm"`, and likewise `core2` and `core3`.
   */
  modules?: HttpModules;
}

const OPTIONS: Record<keyof HttpEndpointOptions, true> = {
  settings: true, store: true, fetchKeys: true, clock: true, onEvent: true, onStoreError: true, onError: true, afterResponse: true,
  modules: true,
};

/** Something that happened. New events and new members may come with any version. */
export interface HttpEvent {
  /** Which it is: `exchange`, `introspection`, `revocation`, `keys-fetched`, `keys-failed`, `record-unreadable`, and those of the admin API. */
  event: string;
  [member: string]: unknown;
}

/** A request whose body is read: the component's own form. */
export type PlainRequest = wit.Request;
/** A response, complete. */
export type PlainResponse = wit.Response;

/** A token endpoint over one store. */
export class HttpEndpoint {
  readonly #world: World;
  readonly #settings: wit.Setting[];
  readonly #documents: SharedFetches;
  readonly #onError: (error: unknown) => void;
  readonly #afterResponse: (work: () => Promise<void>) => void;
  #handler: Handler | undefined;
  #isWorkDue = false;

  /** Loads the component and starts it. Throws {@link InvalidMember} where a setting can't be used. */
  static async create(options: HttpEndpointOptions): Promise<HttpEndpoint> {
    membersOf("options", options, OPTIONS);
    for (const name of ["fetchKeys", "clock", "onEvent", "onStoreError", "onError", "afterResponse"] as const) callback(name, options[name]);
    return new HttpEndpoint(options, options.modules ?? (await platformModules()));
  }

  private constructor(options: HttpEndpointOptions, modules: HttpModules) {
    this.#settings = pairs(options.settings);
    const dev = options.settings.dev ?? false;
    this.#documents = new SharedFetches(options.fetchKeys ?? ((uri) => fetchKeys(uri, { dev })));
    this.#onError = options.onError ?? ((error) => console.error("asserta:", error));
    this.#afterResponse = options.afterResponse ?? ((work) => void setTimeout(work, 0));
    const { onEvent } = options;
    this.#world = {
      modules,
      store: options.store ?? new MemoryStore(),
      clock: options.clock ?? (() => Date.now() / 1000),
      onStoreError: options.onStoreError ?? ((error) => console.error("asserta: the store failed:", error)),
      onEvent: (event) => {
        try {
          onEvent?.(JSON.parse(event) as HttpEvent);
        } catch {
          // Who listens decides nothing.
        }
      },
    };
    this.#handler = this.#start();
  }

  /**
   * Serves a request: `Deno.serve(endpoint.handle)`, `Bun.serve({ fetch: endpoint.handle })`, a route of a framework.
   * Of its URL the path and the query count. Never rejects: what fails here is a response with status 500 or 503.
   */
  readonly handle = async (request: Request): Promise<Response> => {
    try {
      const { pathname, search } = new URL(request.url);
      const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
      const length = request.headers.get("content-length") ?? undefined;
      return response(await this.serve({
        method: request.method,
        path: pathname,
        query: search ? search.slice(1) : undefined,
        headers: [...request.headers].map(([name, value]) => [name, latin1(value)]),
        body: await readBody(request.body?.getReader(), length),
      }));
    } catch (error) {
      // Somebody else has read the body, or what came is no Request.
      this.#tell(error);
      return response(FAILED);
    }
  };

  /**
   * Serves a request in the component's own form.
   * @internal
   */
  async serve(request: PlainRequest): Promise<PlainResponse> {
    try {
      const response = await this.#toItsEnd((handler) => handler.handle(request));
      if (!response) throw new Trapped("there is no response");
      this.#scheduleWork();
      return response;
    } catch (error) {
      this.#tell(error);
      return error instanceof Abandoned ? ABANDONED : FAILED;
    }
  }

  /**
   * Does the work that no response waits for, a bounded part of it: what the option `afterResponse` is handed. Where
   * requests come seldom, call it every minute or so.
   */
  async afterResponse(): Promise<void> {
    this.#isWorkDue = false;
    try {
      await this.#toItsEnd((handler) => handler.afterResponse());
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Once for all responses until it begins. */
  #scheduleWork(): void {
    if (this.#isWorkDue) return;
    this.#isWorkDue = true;
    try {
      this.#afterResponse(() => this.afterResponse());
    } catch (error) {
      this.#isWorkDue = false;
      this.#tell(error);
    }
  }

  /** Waits and fetches for the component, until it is done. Meanwhile the instance serves others. */
  async #toItsEnd(begin: (handler: Handler) => wit.Outcome): Promise<PlainResponse | undefined> {
    const handler = (this.#handler ??= this.#start());
    let outcome = this.#call(handler, begin);
    for (let fetches = 0; ;) {
      let fetched: wit.Fetched | undefined;
      switch (outcome.tag) {
        case "response":
          return outcome.val;
        case "done":
          return undefined;
        case "later":
          await sleep(outcome.val.milliseconds);
          break;
        case "fetch":
          fetches += 1;
          // `fetch` takes no authorities: what only certain ones are to vouch for is not fetched (R55).
          if (outcome.val.authorities !== undefined) fetched = AUTHORITIES;
          else fetched = fetches > MAX_FETCHES ? UNKNOWN : await this.#documents.get(outcome.val.uri);
      }
      const { ticket } = outcome.val;
      // Its tickets are good on this instance alone.
      if (handler !== this.#handler) throw new Abandoned("the instance was stopped by another request");
      outcome = this.#call(handler, () => handler.resume(ticket, fetched));
    }
  }

  /** Calls the component. Whatever it throws is a trap: nobody calls that instance again. */
  #call(handler: Handler, use: (handler: Handler) => wit.Outcome): wit.Outcome {
    try {
      return use(handler);
    } catch (error) {
      if (this.#handler === handler) this.#handler = undefined;
      throw new Trapped("the component was stopped", { cause: error });
    }
  }

  #start(): Handler {
    let handler: Handler;
    try {
      handler = start(this.#world);
      handler.configure(this.#settings);
    } catch (error) {
      const payload = (error as { payload?: wit.BadSetting } | undefined)?.payload;
      throw payload ? badSetting(payload) : new Trapped("the component does not start", { cause: error });
    }
    return handler;
  }

  #tell(error: unknown): void {
    try {
      this.#onError(error);
    } catch {
      // Who listens decides nothing.
    }
  }
}

function response({ status, headers, body }: PlainResponse): Response {
  // Some statuses may have no body, not even an empty one.
  const init: ResponseInit & { encodeBody?: "manual" } = { status, headers };
  // Workers would compress once more what is compressed already: the console's files.
  if (headers.some(([name]) => name === "content-encoding")) init.encodeBody = "manual";
  return new Response(body.byteLength ? (body as Uint8Array<ArrayBuffer>) : null, init);
}

const UNKNOWN: wit.Fetched = { tag: "err", val: { tag: "unknown" } };
const AUTHORITIES: wit.Fetched = { tag: "err", val: { tag: "authorities" } };

const sleep = (milliseconds: number): Promise<void> => new Promise((done) => void setTimeout(done, milliseconds));

/** The instance of a request that waited is gone. */
class Abandoned extends Trapped {
  override name = "Abandoned";
}

/** What our own server answers in this case, too. */
function fault(status: number, body: Record<string, string>, headers: [string, string][] = []): PlainResponse {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return {
    status,
    headers: [
      ["content-type", "application/json"], ["cache-control", "no-store"], ["pragma", "no-cache"],
      ["content-length", String(bytes.byteLength)], ...headers,
    ],
    body: bytes,
  };
}

const FAILED = fault(500, {
  error: "server_error", error_description: "the request failed here; the log says why",
});
const ABANDONED = fault(503, {
  error: "temporarily_unavailable", error_description: "the request was broken off; try again",
}, [["retry-after", "1"]]);
