/** What can go wrong. */

/**
 * An exchange was refused: nothing was issued. Where it fetched the issuer's keys and could not have them, `cause` is
 * what went wrong: `FetchFailed`, or what a fetcher of your own threw.
 */
export class Refused extends Error {
  override name = "Refused";
  constructor(
    /** The OAuth error code, such as `invalid_grant` (RFC 6749 section 5.2). */
    readonly code: string,
    /** Why: stable, for programs, logs and metrics, such as `assertion-expired`. */
    readonly reason: string,
    /** The same as a sentence. It never echoes what the caller handed over. */
    readonly sentence: string,
    /** After how many seconds trying again makes sense, where that is known. */
    readonly retryAfter?: number,
    options?: { cause?: unknown },
  ) {
    super(`${code}: ${sentence}`, options);
  }
}

/**
 * An issuer's JWKS document is needed, and the exchanger was told to fetch none. Hand it to
 * `trustedIssuers.supplyKeys` and repeat the exchange. Nothing was consumed.
 */
export class KeysNeeded extends Error {
  override name = "KeysNeeded";
  constructor(
    /** The name of the trusted issuer. */
    readonly trustedIssuer: string,
    /** Its JWKS endpoint. */
    readonly uri: string,
  ) {
    super(`the keys of the trusted issuer ${trustedIssuer} are needed: ${uri}`);
  }
}

/** The component was stopped, for want of memory. The store stays as it is; the next call runs on a fresh instance. */
export class Trapped extends Error {
  override name = "Trapped";
}

/** What can be wrong with a registration. */
export type RegistryProblem =
  | "invalid"
  | "name-taken"
  | "issuer-taken"
  | "organization-unknown"
  | "not-found"
  | "busy"
  | "store-unavailable"
  | "not-configured";

/** A registration, or a question about one, failed. Nothing was stored. */
export class RegistryError extends Error {
  override name = "RegistryError";
  constructor(
    /** What is wrong. */
    readonly problem: RegistryProblem,
    message: string = problem,
  ) {
    super(message);
  }
}

/** A member of a record, or an argument, can't be accepted. */
export class InvalidMember extends RegistryError {
  override name = "InvalidMember";
  constructor(
    /** Its path: `jwksUri`, `claims[0].equals`. */
    readonly member: string,
    /** What is wrong with it, as the second half of a sentence. */
    readonly sentence: string,
  ) {
    super("invalid", `${member}: ${sentence}`);
  }
}
