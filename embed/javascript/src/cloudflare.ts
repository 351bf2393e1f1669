/**
 * The endpoint on Cloudflare Workers. A whole program:
 *
 * ```js
 * export { Asserta, default } from "asserta/cloudflare";
 * ```
 *
 * The Worker hands each request to the Durable Object of its organization, whose SQLite is the store: private,
 * transactional, and synchronous. Which settings and bindings it takes, {@link Env} says.
 *
 * @module
 */

import { DurableObject } from "cloudflare:workers";

import type { DurableObjectNamespace, DurableObjectState } from "./cloudflare-platform.js";
import { partOf, route } from "./cloudflare-routes.js";
import core from "./generated/handler.core.wasm";
import core2 from "./generated/handler.core2.wasm";
import core3 from "./generated/handler.core3.wasm";
import { HttpEndpoint, InvalidMember, type HttpEvent, type HttpSettings } from "./http.js";
import { SqlStore } from "./sql-store.js";

/** How long after a response the work begins that no response waits for; how soon it goes on where more is left. */
const WORK_AFTER = 10_000;
const WORK_AGAIN = 2_000;
/** How often it is done while assertions are remembered and no request comes. */
const WORK_EVERY = 600_000;

/** Bindings, variables and secrets of the Worker. */
export interface Env {
  /** The binding of the class `Asserta`. */
  ENDPOINT: DurableObjectNamespace;
  /** The URL under which clients reach the Worker, such as `https://tokens.example.com`: the issuer of our tokens. */
  PUBLIC_URL: string;
  /** The bearer token of the admin API, at least 32 bytes: a secret. Absent: there is no admin API. */
  ADMIN_TOKEN?: string;
  /** What signs access tokens: `ES256`, which is the default, `EdDSA` or `RS256`. */
  ACCESS_TOKEN_ALGORITHM?: HttpSettings["accessTokenAlgorithm"];
  /** `true`: DPoP proofs need a nonce (RFC 9449 section 8). */
  DPOP_NONCE?: string;
  /** A document of registrations that the first request brings in, as text or as JSON. */
  TRUST?: HttpSettings["trust"];
  /** `true`: `http` JWKS endpoints on this machine are allowed. Only for trials. */
  DEV?: string;
  /** `off`: the last decisions of an organization are not kept for the admin API. */
  ACTIVITY?: string;
  /** Where an object is made, at its first request: a location hint, such as `weur`. It stays there. */
  LOCATION?: string;
  /** Where the objects have to stay: a jurisdiction, such as `eu`. With another one they are others, and empty. */
  JURISDICTION?: string;
}

/** The Durable Object of an organization: an endpoint, and its store. Its name is that of the organization. */
export class Asserta extends DurableObject<Env> {
  readonly #store: SqlStore;
  readonly #endpoint: Promise<HttpEndpoint>;
  #hasSwept = false;
  /** When the next alarm comes, in milliseconds since 1970, as far as this instance knows. */
  #alarm = Infinity;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SqlStore(ctx.storage.sql);
    this.#endpoint = this.#create();
    // Each request meets it.
    this.#endpoint.catch((error) => tell(
      error instanceof InvalidMember
        ? { event: "bad-setting", setting: error.field, problem: error.problem }
        : { event: "request-failed", cause: causes(error) },
    ));
  }

  async #create(): Promise<HttpEndpoint> {
    const { env, ctx } = this;
    const create = (trust: HttpSettings["trust"]): Promise<HttpEndpoint> => HttpEndpoint.create({
      settings: { ...settings(env), trust },
      store: this.#store,
      modules: { "handler.core.wasm": core, "handler.core2.wasm": core2, "handler.core3.wasm": core3 },
      onEvent: (event) => {
        this.#hasSwept ||= event.event === "swept";
        tell(event);
      },
      onStoreError: (error) => tell({ event: "store-failure", cause: String(error) }),
      onError: (error) => tell({ event: "request-failed", cause: causes(error) }),
      // The alarm does it: what runs here would hold the response back.
      afterResponse: () => {},
    });
    if (!env.TRUST) return create(undefined);
    // Checked as a whole, by whoever reads it strictly.
    await create(env.TRUST);
    if (ctx.id.name === undefined) throw new InvalidMember("trust", "can't be used: this runtime does not tell an object its name");
    return create(partOf(env.TRUST, ctx.id.name));
  }

  /** Serves a request. */
  async fetch(request: Request): Promise<Response> {
    let endpoint: HttpEndpoint;
    try {
      endpoint = await this.#endpoint;
    } catch {
      return misconfigured();
    }
    const response = await endpoint.handle(request);
    // Where nothing was ever written nothing is to be done, and an alarm would be the first thing that is.
    if (this.#store.isMade) await this.#workWithin(WORK_AFTER);
    return response;
  }

  /** Deletes what has expired, and renews keys. */
  async alarm(): Promise<void> {
    this.#alarm = Infinity;
    this.#hasSwept = false;
    // Where a setting is unusable, nothing works until it is mended, and then the next request sets an alarm again.
    const endpoint = await this.#endpoint.catch(() => undefined);
    if (!endpoint) return;
    await endpoint.afterResponse();
    if (this.#hasSwept) await this.#workWithin(WORK_AGAIN);
    else if (this.#store.keys("replay", "", undefined, 1).length > 0) await this.#workWithin(WORK_EVERY);
  }

  async #workWithin(milliseconds: number): Promise<void> {
    const at = Date.now() + milliseconds;
    if (this.#alarm <= at) return;
    this.#alarm = at;
    try {
      const known = await this.ctx.storage.getAlarm();
      if (known === null || known > at) await this.ctx.storage.setAlarm(at);
      else this.#alarm = known;
    } catch (error) {
      this.#alarm = Infinity;
      tell({ event: "store-failure", operation: "alarm", cause: String(error) });
    }
  }
}

/** The Worker: hands each request to the object of its organization. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const objects = env.JURISDICTION ? env.ENDPOINT.jurisdiction(env.JURISDICTION) : env.ENDPOINT;
    const options = env.LOCATION ? { locationHint: env.LOCATION } : undefined;
    try {
      return await route(request, (organization) => objects.get(objects.idFromName(organization), options));
    } catch (error) {
      // An object that is overloaded, or was stopped: whoever asks may ask again.
      tell({ event: "request-failed", cause: causes(error) });
      return brokenOff();
    }
  },
};

function settings(env: Env): HttpSettings {
  return {
    publicUrl: env.PUBLIC_URL,
    adminToken: env.ADMIN_TOKEN || undefined,
    accessTokenAlgorithm: env.ACCESS_TOKEN_ALGORITHM || undefined,
    dev: env.DEV === "true",
    activity: env.ACTIVITY !== "off",
    dpopNonce: env.DPOP_NONCE === "true",
  };
}

/** One line for each event: Workers Logs finds their members. */
function tell(event: HttpEvent): void {
  console.log(JSON.stringify(event));
}

/** An error and what lies behind it. */
function causes(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(error)}: ${causes(cause)}`;
}

/** What the endpoint answers where a setting is unusable. */
function misconfigured(): Response {
  const problem = {
    type: "urn:asserta:problem:misconfigured", title: "The server has an unusable setting; its log names it", status: 503,
  };
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "5" };
  return new Response(JSON.stringify(problem), { status: 503, headers });
}

/** What the endpoint answers where a request is broken off. */
function brokenOff(): Response {
  const body = { error: "temporarily_unavailable", error_description: "the request was broken off; try again" };
  const headers = { "content-type": "application/json", "cache-control": "no-store", "retry-after": "1" };
  return new Response(JSON.stringify(body), { status: 503, headers });
}
