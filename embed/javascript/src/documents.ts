/**
 * The documents in which registrations go in and come out: plain objects with the members of the admin API's JSON.
 * What is absent has a safe default, and comes out with it filled in.
 */

/** The grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** The algorithms of assertions (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864). */
export type Algorithm =
  | "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA"
  | "Ed25519";

/** The algorithms of our own access tokens. */
export type SigningAlgorithm = "ES256" | "EdDSA" | "RS256";

/** A value that a claim is compared with. Types count: `"1"` is not `1`. Integers beyond 2^53 take JSON text. */
export type ClaimValue = string | boolean | number;

/** A condition on one claim of an assertion: exactly one of the four tests. */
export interface ClaimCondition {
  /** The name of the claim, at the top level of the claims: 1 to 256 bytes. */
  claim: string;
  /** It has exactly this value. */
  equals?: ClaimValue;
  /** It has one of these values. */
  one_of?: ClaimValue[];
  /** It is an array with this value in it. */
  contains?: ClaimValue;
  /** It is there (true), or it is not (false). */
  present?: boolean;
}

/** A key of a registration that is not used. */
export interface SkippedKey {
  /** Which: `keys[1]`, `block 2`. */
  key: string;
  /** Why. */
  reason: string;
}

/** A third party whose assertions are accepted: exactly one of `jwks_uri`, `jwks` and `certificate`. */
export interface TrustedIssuer {
  /** Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters. */
  name: string;
  /** The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes. */
  issuer: string;
  /** The name by which it knows us: tried where `aud` does not name us. */
  alias?: string;
  /** Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes. */
  jwks_uri?: string;
  /** Its keys as a JWK set (RFC 7517 section 5). */
  jwks?: object;
  /** X.509 certificates or public keys: PEM, several allowed, or DER as base64. */
  certificate?: string;
  /** Whether its assertions are accepted at all. Default: true. */
  enabled?: boolean;
  /** The algorithms it may use. Default: all asymmetric ones that a key's type allows. */
  algorithms?: Algorithm[];
  /** How far its clock may be off, in seconds, at most 600. Default: 60. */
  clock_skew?: number;
  /** How far `exp` may lie ahead and `iat` behind, in seconds, 1 to 172800. Default: 3600. */
  max_lifetime?: number;
  /** How many audiences an assertion may have. Default: any. */
  audience_mode?: "any" | "exactly-one";
  /** Whether an assertion works again. Default: once. */
  replay?: "once" | "allow";
  /** Whether an assertion must have a `jti`. Default: false. */
  require_jti?: boolean;
  /** The `typ` that its assertions must have. */
  typ?: string;
  /** The subjects it may speak for: whole, or with `*` within a segment of `/ : @ |` and `**` across. Default: all. */
  subjects?: string[];
  /** Conditions on its claims, at most 32; all must hold. */
  claims?: ClaimCondition[];
  /** The most that its assertions can be exchanged for. Default: no cap but the application's. */
  scopes?: string[];
  /** Claims to carry over: name in the assertion to name in the access token, at most 32. */
  claim_mappings?: Record<string, string>;
}

/** A trusted issuer as its registration returns it. */
export interface RegisteredIssuer extends TrustedIssuer {
  /** What of its keys is not used, and why. Absent where all are. */
  skipped_keys?: SkippedKey[];
}

/** What an application may do (RFC 7591 section 2, as far as it has these members). */
export interface ApplicationMetadata {
  /** Its name for people, at most 256 bytes. */
  client_name?: string;
  /** The grants it may use: without {@link JWT_BEARER} it gets no token. */
  grant_types?: string[];
  /** The scopes it may ask for, separated by single spaces, at most 4096 bytes. */
  scope?: string;
  /** How it authenticates over HTTP. Default: client_secret_basic. */
  token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post";
  /** The names of the trusted issuers whose assertions it may present. Default: all. */
  trusted_issuers?: string[];
  /** How long its access tokens are valid, in seconds, 30 to 86400. Default: 3600. */
  access_token_lifetime?: number;
  /** The resources its tokens are for, 1 to 32. Default: our own issuer identifier. */
  audience?: string | string[];
  /** Whether it may be used at all. Default: true. */
  enabled?: boolean;
}

/** A registered application. */
export interface Application extends ApplicationMetadata {
  /** Its identifier. */
  client_id: string;
  /** When it was registered: seconds since 1970-01-01T00:00:00Z. */
  client_id_issued_at?: number;
}

/** An application with its secret, which is shown here only. */
export interface NewApplication extends Application {
  /** Its secret: 256 random bits, base64url. */
  client_secret: string;
}

/** An organization, with issuers, applications and keys of its own. */
export interface Organization {
  /** Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen. */
  name: string;
  /** Its name for people, at most 256 bytes. */
  display_name?: string;
}

/** An application of a trust document, with one of the two members for its secret. */
export interface TrustDocumentApplication extends ApplicationMetadata {
  /** Its identifier: 1 to 128 letters, digits, `-`, `.`, `_` or `~`. */
  client_id: string;
  /** Its secret: 32 to 256 bytes. */
  client_secret?: string;
  /** The SHA-256 of its secret, as 64 hexadecimal digits. */
  client_secret_sha256?: string;
}

/** An organization of a trust document. */
export interface TrustDocumentOrganization extends Organization {
  /** Its trusted issuers. */
  trusted_issuers?: TrustedIssuer[];
  /** Its applications. */
  applications?: TrustDocumentApplication[];
}

/** Organizations with all that they trust, for `Exchanger.apply`. */
export interface TrustDocument {
  /** The organizations. */
  organizations?: TrustDocumentOrganization[];
}

/** A registration of a trust document, and what became of it. */
export interface Applied {
  /** What it registers. */
  kind: "organization" | "trusted_issuer" | "application";
  /** The name of its organization. */
  organization: string;
  /** The name of the trusted issuer, the `client_id` of the application. */
  name?: string;
  /** What became of it, or would become of it. */
  outcome: "created" | "replaced" | "unchanged";
  /** Which members are others than before. */
  changed?: string[];
}

/** What became of the registrations of a trust document, in its order. */
export interface ApplyReport {
  /** Whether nothing was stored. */
  dry_run: boolean;
  /** The registrations. */
  items: Applied[];
}

/** One of our own signing keys, without its secret. */
export interface SigningKey {
  /** Its identifier: its thumbprint (RFC 7638). */
  kid: string;
  /** Its algorithm. */
  alg: SigningAlgorithm;
  /** From when on it signs: seconds since 1970-01-01T00:00:00Z. */
  signs_from: number;
  /** From when on it no longer signs. Absent: it is the newest. */
  signs_until?: number | null;
}

/** One check of an exchange and what came of it. */
export interface Check {
  /** The rules behind it. */
  rule: string;
  /** Its name, for people. */
  check: string;
  /** Whether it passed. */
  passed: boolean;
  /** The reason that an exchange would be refused with. Absent: it passed. */
  reason?: string;
  /** What it looked at. Nothing secret or personal. */
  saw: string;
}

/** What an exchange would come to. */
export interface Explanation {
  /** Whether every check passed. */
  accepted: boolean;
  /** The checks, in the order of an exchange. */
  checks: Check[];
}

/** An item of a list whose record can't be read. It can be replaced and removed. */
export interface Unreadable {
  /** Its name. */
  name: string;
  /** What is wrong with its record, with nothing of its content. */
  problem: string;
}

/** A part of a list, in ascending order of the names. */
export interface Page<T> {
  /** The items. */
  items: T[];
  /** The `after` of the next page. Null: this is the end. */
  next: string | null;
  /** Those whose records can't be read. Absent where all can. */
  unreadable?: Unreadable[];
}
