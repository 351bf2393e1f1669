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
    options?: { cause?: unknown; detail?: string; dpopNonce?: string },
  ) {
    super(`${code}: ${sentence}`, options);
    this.detail = options?.detail;
    this.dpopNonce = options?.dpopNonce;
  }

  /** What lies behind it, where more is known. For your log, never for the client. */
  readonly detail?: string;

  /** With `use_dpop_nonce`: the nonce that the client's proof needs, for the header `DPoP-Nonce` (RFC 9449 section 8). */
  readonly dpopNonce?: string;
}

/**
 * A document with keys is needed, and the exchanger was told to fetch none. Hand it to `Exchanger.supplyKeys` and repeat
 * the exchange. Nothing was consumed.
 */
export class KeysNeeded extends Error {
  override name = "KeysNeeded";
  constructor(
    /** The organization of the exchange. */
    readonly organization: string,
    /** The name of the trusted issuer whose keys they are. Absent: they are an application's. */
    readonly trustedIssuer: string | undefined,
    /** Which kind of document: `jwks`, or `metadata`, which says where the keys are. */
    readonly kind: string,
    /** Where it is. */
    readonly uri: string,
    /** The application whose keys they are. Absent: they are a trusted issuer's. */
    readonly clientId?: string,
  ) {
    const owner = clientId === undefined ? `the trusted issuer ${trustedIssuer}` : `the application ${clientId}`;
    super(`the keys of ${owner} are needed: ${uri}`);
  }
}

/** The component was stopped: for want of memory, or by a clock that threw. The store stays as it is; the next call runs on a fresh instance. */
export class Trapped extends Error {
  override name = "Trapped";
}

/** The kinds of errors of registrations. */
export type RegistryErrorKind =
  | "invalid"
  | "taken"
  | "organization-unknown"
  | "not-found"
  | "busy"
  | "store-unavailable"
  | "record-unreadable"
  | "not-configured";

/** What each kind says by itself. */
const SENTENCES: Record<Exclude<RegistryErrorKind, "invalid" | "taken" | "record-unreadable">, string> = {
  "organization-unknown": "the organization is not registered",
  "not-found": "there is none of this name",
  busy: "registrations are being changed by somebody else: try again",
  "store-unavailable": "the store does not answer",
  "not-configured": "the exchanger was not configured",
};

/** A registration, or a question about one, failed. */
export class RegistryError extends Error {
  override name = "RegistryError";
  constructor(
    /** Which kind of error it is, for programs. */
    readonly kind: RegistryErrorKind,
    message: string = (SENTENCES as Partial<Record<RegistryErrorKind, string>>)[kind] ?? kind,
  ) {
    super(message);
  }
}

/** A member of a document, or an argument, can't be accepted. */
export class InvalidMember extends RegistryError {
  override name = "InvalidMember";
  constructor(
    /** Its path: `jwks_uri`, `claims[0].equals`. */
    readonly field: string,
    /** What is wrong with it, as the second half of a sentence. */
    readonly problem: string,
  ) {
    super("invalid", `${field}: ${problem}`);
  }
}

/** A value that must be unique in the organization is taken. */
export class Taken extends RegistryError {
  override name = "Taken";
  constructor(
    /** Which: `name`, `issuer` or `client_id`. */
    readonly field: string,
    /** What is wrong with it, as the second half of a sentence. */
    readonly problem: string,
  ) {
    super("taken", `${field}: ${problem}`);
  }
}

/** The store holds a record that can't be read, and which is needed. */
export class RecordUnreadable extends RegistryError {
  override name = "RecordUnreadable";
  constructor(message: string) {
    super("record-unreadable", message);
  }
}
