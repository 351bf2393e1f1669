/** What comes back: registrations as they are kept, reports, lists. Plain objects, too. */

import type { ApplicationMetadata, TrustedIssuer } from "./documents.js";

/** The grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** The grant type of RFC 8693 section 2.1. */
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** The algorithms of our own access tokens. */
export type SigningAlgorithm = "ES256" | "EdDSA" | "RS256";

/** A key of a registration that is not used. */
export interface SkippedKey {
  /** Which: `keys[1]`, `block 2`. */
  key: string;
  /** Why. */
  reason: string;
}

/** Something about a registration that may not be meant so. */
export interface IssuerWarning {
  /** The member: `rules[1]`. */
  field: string;
  /** What about it, as a sentence. */
  detail: string;
}

/** A trusted issuer as its registration returns it. */
export interface RegisteredIssuer extends TrustedIssuer {
  /** What of its keys is not used, and why. Absent where all are. */
  skipped_keys?: SkippedKey[];
  /** What about it may not be meant so, and is no error. Absent where nothing is. */
  warnings?: IssuerWarning[];
}

/** A registered application. */
export interface Application extends ApplicationMetadata {
  /** Its identifier. */
  client_id: string;
  /** When it was registered: seconds since 1970-01-01T00:00:00Z. */
  client_id_issued_at?: number;
  /** What of its keys is not used, and why. Absent where all are. */
  skipped_keys?: SkippedKey[];
  /** What about it may not be meant so, and is no error: where it is registered or replaced. */
  warnings?: IssuerWarning[];
}

/** An application with its secret, which is shown here only. */
export interface NewApplication extends Application {
  /** Its secret: 256 random bits, base64url. Absent: it authenticates with `private_key_jwt`. */
  client_secret?: string;
}

/** An organization, with issuers, applications and keys of its own. */
export interface Organization {
  /** Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen. */
  name: string;
  /** Its name for people, at most 256 bytes. */
  display_name?: string;
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
  /** What about it may not be meant so, once the whole document is applied. */
  warnings?: IssuerWarning[];
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
  /** From when on it no longer signs. Absent: it is the newest of its algorithm. */
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

/** Whether a token is active, and what it says (RFC 7662 section 2.2). */
export interface Introspection {
  /** Whether it is. If not, nothing else is told. */
  active: boolean;
  /** The organization that issued it. */
  iss?: string;
  /** The resource owner. */
  sub?: string;
  /** The resources that it is for. */
  aud?: string | string[];
  /** The application that got it. */
  client_id?: string;
  /** Its scopes, separated by single spaces. Absent: it has none. */
  scope?: string;
  /** When it was issued: seconds since 1970-01-01T00:00:00Z. */
  iat?: number;
  /** When it expires: seconds since 1970-01-01T00:00:00Z. */
  exp?: number;
  /** Its identifier. */
  jti?: string;
  /** How it is presented: `Bearer`, or `DPoP` where it is bound to a key. */
  token_type?: string;
  /** The key that it is bound to. */
  cnf?: Record<string, unknown>;
  /** Who acts for the resource owner. */
  act?: Record<string, unknown>;
}

/** All tokens that are to be revoked: exactly one of `trusted_issuer` and `client_id`. */
export interface RevocationRequest {
  /** The name of a trusted issuer: all that came of its assertions, or whose actor it names. */
  trusted_issuer?: string;
  /** An application, registered still or not: all its tokens. */
  client_id?: string;
  /** Those that were issued before this second: since 1970-01-01T00:00:00Z. Absent: all that were issued up to now. */
  issued_before?: number;
}

/** All tokens of an issuer or an application that were issued before a time are revoked. */
export interface Revocation {
  /** The name of the trusted issuer. Absent: it is an application's. */
  trusted_issuer?: string;
  /** The application. Absent: it is a trusted issuer's. */
  client_id?: string;
  /** Seconds since 1970-01-01T00:00:00Z. */
  issued_before: number;
  /** When the last of the tokens has expired: seconds since 1970-01-01T00:00:00Z. */
  expires_at: number;
}
