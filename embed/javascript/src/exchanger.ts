/** The exchanger: the component with its store and its fetcher. */

import { modules as platformModules, start, type HostSignatures, type Modules, type Root } from "./component.js";
import * as convert from "./convert.js";
import type { TrustDocument } from "./documents.js";
import { KeysNeeded, Refused, RegistryError, Trapped } from "./errors.js";
import { fetchKeys, SIZE_LIMIT, type KeyDocument } from "./fetching.js";
import { Applications, Keys, Organizations, Revocations, TrustedIssuers } from "./registrations.js";
import type { AccessToken } from "./records.js";
import type { ApplyReport, Explanation, Introspection, SigningAlgorithm } from "./reports.js";
import {
  credentialsOf, exchangeRequest, isJwtSvid, jwtBearer, optionsOf, question, tokenExchange, tokenExchangeRequest, tokenRequest,
  type ClientAssertionType, type ExchangeRequest, type Grant, type TokenExchangeRequest, type TokenRequest,
} from "./requests.js";
import { MemoryStore, type Store } from "./stores.js";

const SWEEP_EVERY = 60_000;
/** For one exchange. */
const MAX_FETCHES = 8;

/** Why keys could not be had: anything can be thrown, `undefined` too. */
interface Failure {
  error: unknown;
}

/** How an exchanger works. */
export interface ExchangerOptions {
  /** The URL under which we are known: the issuer of our tokens. */
  publicUrl: string;
  /** Keeps registrations, keys and used assertions. Default: memory. */
  store?: Store;
  /** What signs access tokens. Default: ES256. */
  accessTokenAlgorithm?: SigningAlgorithm;
  /** Allows `http` JWKS endpoints on this machine's loopback. Default: false. */
  dev?: boolean;
  /** Whether a DPoP proof needs a nonce, which a client gets at its first attempt (RFC 9449 section 8). Default: false. */
  dpopNonce?: boolean;
  /**
   * Gets the JWKS documents; whatever it throws means that the keys can't be had. False: an exchange throws
   * {@link KeysNeeded} instead. Default: {@link fetchKeys}.
   */
  fetchKeys?: ((uri: string) => Promise<KeyDocument>) | false;
  /**
   * Told why an issuer's keys could not be had, once for each fetch: {@link FetchFailed}, or what `fetchKeys` threw.
   * Default: nobody; the `cause` of {@link Refused} has it, too.
   */
  onKeysFailed?: (failure: KeysFailed) => void;
  /** The time in seconds since 1970. Default: the platform's. */
  clock?: () => number;
  /** Told what the store threw. Default: console.error. */
  onStoreError?: (error: unknown) => void;
  /**
   * The compiled core modules, where the platform does not compile them itself. Isolates import them:
   * `import core from "asserta/modules/exchanger.core.wasm"`, and likewise `core2` and `core3`.
   */
  modules?: Modules;
  /**
   * Leaves the arithmetic of signatures to the host, outside of the sandbox: faster, for those who trust it. Our
   * private keys pass through it. Default: the component's own.
   */
  hostSignatures?: HostSignatures;
}

const OPTIONS: Record<keyof ExchangerOptions, true> = {
  publicUrl: true, store: true, accessTokenAlgorithm: true, dev: true, dpopNonce: true, fetchKeys: true, onKeysFailed: true,
  clock: true, onStoreError: true, modules: true, hostSignatures: true,
};

/** The keys of an issuer or an application could not be had. */
export interface KeysFailed {
  /** The organization. */
  organization: string;
  /** The name of the trusted issuer. Absent: they are an application's. */
  trustedIssuer?: string;
  /** The application. Absent: they are a trusted issuer's. */
  clientId?: string;
  /** Its JWKS endpoint. */
  uri: string;
  /** Why. */
  error: unknown;
}

/** Exchanges assertions for access tokens, over one store. */
export class Exchanger {
  /** The third parties whose assertions are accepted. */
  readonly trustedIssuers: TrustedIssuers;
  /** The applications that may present assertions. */
  readonly applications: Applications;
  /** The organizations; `default` always exists. */
  readonly organizations: Organizations;
  /** Our own keys. */
  readonly keys: Keys;
  /** What an administrator has revoked. */
  readonly revocations: Revocations;

  readonly #start: () => Root;
  readonly #fetchKeys: ((uri: string) => Promise<KeyDocument>) | undefined;
  readonly #onKeysFailed: (failure: KeysFailed) => void;
  readonly #supplies = new Map<string, Promise<Failure | undefined>>();
  #root: Root | undefined;
  #nextSweep = Date.now() + SWEEP_EVERY;

  /** Loads the component and starts it. */
  static async create(options: ExchangerOptions): Promise<Exchanger> {
    convert.membersOf("options", options, OPTIONS);
    return new Exchanger(options, options.modules ?? (await (options.hostSignatures?.modules() ?? platformModules())));
  }

  private constructor(options: ExchangerOptions, modules: Modules) {
    const store = options.store ?? new MemoryStore();
    const dev = convert.flag("dev", options.dev ?? false);
    const settings = {
      publicUrl: convert.text("publicUrl", options.publicUrl),
      accessTokenAlgorithm: convert.optional(convert.text, "accessTokenAlgorithm", options.accessTokenAlgorithm),
      dev,
      dpopNonce: convert.flag("dpopNonce", options.dpopNonce ?? false),
    };
    for (const name of ["onKeysFailed", "clock", "onStoreError"] as const) convert.callback(name, options[name]);
    if (options.fetchKeys !== false) convert.callback("fetchKeys", options.fetchKeys);
    const clock = options.clock ?? (() => Date.now() / 1000);
    const onStoreError = options.onStoreError ?? ((error) => console.error("asserta: the store failed:", error));
    this.#fetchKeys = options.fetchKeys === false ? undefined : options.fetchKeys ?? ((uri) => fetchKeys(uri, { dev }));
    this.#onKeysFailed = options.onKeysFailed ?? (() => {});
    this.#start = () => {
      const root = start(modules, store, clock, onStoreError, options.hostSignatures);
      try {
        root.configuration.configure(settings);
      } catch (error) {
        throw withPayload(error, convert.invalidSetting);
      }
      return root;
    };
    const call = this.#call.bind(this);
    this.trustedIssuers = new TrustedIssuers(call);
    this.applications = new Applications(call);
    this.organizations = new Organizations(call);
    this.keys = new Keys(call);
    this.revocations = new Revocations(call);
    this.#root = this.#start();
  }

  /** Exchanges an assertion for an access token, or throws {@link Refused}. */
  async exchange(request: ExchangeRequest): Promise<AccessToken> {
    return this.#exchange(jwtBearer(exchangeRequest(request).assertion), request);
  }

  /** Exchanges a token of another issuer for an access token (RFC 8693), or throws {@link Refused}. */
  async exchangeToken(request: TokenExchangeRequest): Promise<AccessToken> {
    return this.#exchange(tokenExchange(tokenExchangeRequest(request)), request);
  }

  async #exchange(grant: Grant, request: Omit<ExchangeRequest, "assertion">): Promise<AccessToken> {
    const organization = convert.text("organization", request.organization ?? "default");
    const credentials = credentialsOf(request);
    const options = optionsOf(request);
    const granted = await this.#withKeys(
      organization, (root) => root.exchange.exchange(organization, grant, credentials, options),
    );
    this.#sweepIfDue();
    return { ...granted, expiresIn: Number(granted.expiresIn), claims: claimsOf(granted.token) };
  }

  /**
   * Says whether a token is active (RFC 7662), or throws {@link Refused} where the application does not authenticate. What
   * the token says is told to the application that got it, and to one that has an `audience` of the token among its own.
   * To others no token is active.
   */
  async introspect(request: TokenRequest): Promise<Introspection> {
    const organization = convert.text("organization", tokenRequest(request).organization ?? "default");
    const [token, credentials] = [convert.text("token", request.token), credentialsOf(request)];
    const told = await this.#withKeys(
      organization, (root) => root.tokens.introspect(organization, token, credentials),
    );
    return JSON.parse(told) as Introspection;
  }

  /**
   * Revokes a token of the application (RFC 7009), at once in every instance that shares the store. There is nothing to do
   * about a text that is no valid token, and that is no error; the token of another application throws {@link Refused}.
   */
  async revoke(request: TokenRequest): Promise<void> {
    const organization = convert.text("organization", tokenRequest(request).organization ?? "default");
    const [token, credentials] = [convert.text("token", request.token), credentialsOf(request)];
    await this.#withKeys(organization, (root) => root.tokens.revoke(organization, token, credentials));
  }

  /** Calls a function that may need keys, with these keys. */
  async #withKeys<T>(organization: string, use: (root: Root) => T): Promise<T> {
    // The metadata of an issuer at two places, and its keys; once more, since the half minute in which each is asked for
    // once may end in between; and as many for who vouches for the client.
    let failure: Failure | undefined;
    for (let fetches = 0; ; fetches++) {
      try {
        return this.#call(
          use, (payload: Parameters<typeof convert.exchangeError>[0]) => convert.exchangeError(payload, organization),
        );
      } catch (error) {
        if (!(error instanceof KeysNeeded) || !this.#fetchKeys) throw withCause(error, failure);
        if (fetches === MAX_FETCHES) {
          const sentence = "The keys that are needed can not be obtained at the moment.";
          throw withCause(new Refused("temporarily_unavailable", "keys-unavailable", sentence), failure);
        }
        failure = await this.#supply(error, this.#fetchKeys);
      }
    }
  }

  /** Fetches and hands over. Exchanges that need the same document meanwhile share the fetch. */
  #supply(needed: KeysNeeded, fetch: (uri: string) => Promise<KeyDocument>): Promise<Failure | undefined> {
    const key = JSON.stringify([needed.organization, needed.trustedIssuer, needed.clientId, needed.uri]);
    let supply = this.#supplies.get(key);
    if (!supply) {
      supply = this.#fetchAndSupply(needed, fetch).finally(() => this.#supplies.delete(key));
      this.#supplies.set(key, supply);
    }
    return supply;
  }

  async #fetchAndSupply(
    needed: KeysNeeded, fetch: (uri: string) => Promise<KeyDocument>,
  ): Promise<Failure | undefined> {
    const { organization, trustedIssuer, clientId, uri } = needed;
    try {
      this.supplyKeys(needed, await fetch(uri));
      return undefined;
    } catch (error) {
      // Whatever it was, the document can't be had: the exchange goes on with the last good one, if it may.
      try {
        this.reportKeysUnavailable(needed, error instanceof Error ? error.message : undefined);
      } catch {
        // The store failed, or the issuer is gone: the exchange says so.
      }
      try {
        const owner = clientId === undefined ? { trustedIssuer } : { clientId };
        this.#onKeysFailed({ organization, ...owner, uri, error });
      } catch {
        // Who listens decides nothing.
      }
      return { error };
    }
  }

  /** Hands over the document that {@link KeysNeeded} asked for, and says how many of its keys are usable. */
  supplyKeys(needed: KeysNeeded, document: KeyDocument): number {
    const organization = convert.text("organization", needed.organization);
    const text = convert.boundedText("document", document?.text, SIZE_LIMIT);
    const maxAge = convert.optional(convert.seconds, "maxAge", document.maxAge);
    return this.#call((root) => root.exchange.supplyKeys(organization, convert.keysNeeded(needed), text, maxAge));
  }

  /** Says that the document that was asked for can't be had, and why: {@link Exchanger.explain} repeats the cause. */
  reportKeysUnavailable(needed: KeysNeeded, cause?: string): void {
    const organization = convert.text("organization", needed.organization);
    const told = cause === undefined ? undefined : convert.line(String(cause));
    this.#call((root) => root.exchange.reportKeysUnavailable(organization, convert.keysNeeded(needed), told));
  }

  /** Looks into an assertion, and into what is asked for with it, as an exchange would. Nothing is consumed. */
  explain(
    assertion: string, request: Omit<ExchangeRequest, "assertion" | "clientSecret" | "clientAssertion"> = {},
  ): Explanation {
    const clientId = convert.optional(convert.text, "clientId", question(request).clientId);
    return this.#explain(jwtBearer(assertion), clientId, request);
  }

  /** Looks into a subject token, and into what comes with it, as an exchange would. Nothing is consumed. */
  explainToken(
    request: Omit<TokenExchangeRequest, "clientSecret" | "clientAssertion"> & { clientId: string },
  ): Explanation {
    const grant = tokenExchange(tokenExchangeRequest(request));
    return this.#explain(grant, convert.text("clientId", request.clientId), request);
  }

  #explain(grant: Grant, clientId: string | undefined, request: Omit<ExchangeRequest, "assertion">): Explanation {
    const organization = convert.text("organization", request.organization ?? "default");
    const options = optionsOf(request);
    const explained = this.#call((root) => root.exchange.explainRequest(organization, grant, clientId, options));
    return JSON.parse(explained) as Explanation;
  }

  /** Looks into a JWT of a client as an exchange would. Nothing is consumed. */
  explainClient(
    clientAssertion: string,
    options: { organization?: string; clientId?: string; clientAssertionType?: ClientAssertionType } = {},
  ): Explanation {
    convert.membersOf("options", options, { organization: true, clientId: true, clientAssertionType: true });
    const organization = convert.text("organization", options.organization ?? "default");
    const clientId = convert.optional(convert.text, "clientId", options.clientId);
    const assertion = convert.text("clientAssertion", clientAssertion);
    const isSvid = isJwtSvid(options.clientAssertionType);
    return JSON.parse(this.#call((root) => isSvid
      ? root.exchange.explainJwtSvid(organization, assertion, clientId)
      : root.exchange.explainClient(organization, assertion, clientId))) as Explanation;
  }

  /**
   * Brings all registrations to what one document says, or JSON text of it; doing it again changes nothing. With
   * `dryRun` nothing is stored.
   */
  apply(document: TrustDocument | string, options: { dryRun?: boolean } = {}): ApplyReport {
    convert.membersOf("options", options, { dryRun: true });
    const text = convert.document(document);
    const dryRun = convert.flag("dryRun", options.dryRun ?? false);
    return JSON.parse(this.#call((root) => root.configuration.apply(text, dryRun))) as ApplyReport;
  }

  /** Forgets used assertions that have expired. Exchanges do it by themselves once a minute. */
  sweep(): number {
    return Number(this.#call((root) => root.exchange.sweep()));
  }

  #sweepIfDue(): void {
    if (Date.now() < this.#nextSweep) return;
    this.#nextSweep = Date.now() + SWEEP_EVERY;
    try {
      this.sweep();
    } catch (error) {
      // The token is granted; what was not swept now is swept in a minute.
      if (!(error instanceof RegistryError || error instanceof Trapped)) throw error;
    }
  }

  #call<T, E = Parameters<typeof convert.registryError>[0]>(
    use: (root: Root) => T,
    convertError: (payload: E) => Error = convert.registryError as (payload: E) => Error,
  ): T {
    this.#root ??= this.#start();
    try {
      return use(this.#root);
    } catch (error) {
      const converted = withPayload(error, convertError);
      if (converted instanceof Trapped) this.#root = undefined;
      throw converted;
    }
  }
}

/** A refusal for want of keys, with why they could not be had. */
function withCause(error: unknown, failure: Failure | undefined): unknown {
  const keysAreMissing = error instanceof Refused && ["keys-unavailable", "key-unknown"].includes(error.reason);
  if (!failure || !keysAreMissing) return error;
  const { code, reason, sentence, retryAfter, detail } = error;
  return new Refused(code, reason, sentence, retryAfter, { cause: failure.error, detail });
}

/** An error of the component carries its payload. Anything of WebAssembly's own is a trap. */
function withPayload<E>(error: unknown, convertError: (payload: E) => Error): unknown {
  if (error instanceof RegistryError) return error;
  if (typeof error === "object" && error !== null && "payload" in error) return convertError(error.payload as E);
  return new Trapped("the component was stopped", { cause: error });
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}
