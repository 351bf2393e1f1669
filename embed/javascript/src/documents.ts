/**
 * The documents of registrations: plain objects with the members of the admin API's JSON. What is absent has a safe
 * default, and comes out with it filled in.
 *
 * Written by `make documents` from the types of the server; not by hand.
 */

/** A grant (RFC 7523 section 2.1). */
export type GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** How an application sends its credentials (RFC 7591 section 2). HTTP Basic always works (RFC 6749 section 2.3.1). */
export type ClientAuthMethod = "client_secret_basic" | "client_secret_post";

/** The audience of an application: one resource or several, as JSON documents of this field often have it. */
export type Audience = string | string[];

/** What an application may do, with the names of RFC 7591 section 2 as far as it has them. */
export interface ApplicationMetadata {
  /** Its name for people, at most 256 bytes. */
  client_name?: string;
  /** The grants it may use; without the JWT bearer grant it gets no token. */
  grant_types?: GrantType[];
  /** The scopes it may ask for, separated by single spaces, at most 4096 bytes. */
  scope?: string;
  /** How it authenticates over HTTP: in the header alone, or in the body as well. Default: `client_secret_basic`. */
  token_endpoint_auth_method?: ClientAuthMethod;
  /** The names of the trusted issuers whose assertions it may present. Absent: all. */
  trusted_issuers?: string[];
  /** How long its access tokens are valid, in seconds. From 30 to 86400. Default: 3600. */
  access_token_lifetime?: number;
  /**
   * The resources its tokens are for, 1 to 32: `aud` of the token, and what `resource` may name. Absent: our own
   * issuer identifier.
   */
  audience?: Audience;
  /** Whether it may be used at all. Default: true. */
  enabled?: boolean;
}

/** An algorithm of assertions (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864). */
export type Algorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519";

/** How many audiences an assertion may have. */
export type AudienceMode = "any" | "exactly-one";

/** Whether an assertion works again. */
export type Replay = "once" | "allow";

/** A value that a claim is compared with. Types count: `"1"` is not `1`. */
export type ClaimValue = string | boolean | number;

/**
 * A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one of the four tests.
 * Types count: `"1"` is not `1`.
 */
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

/**
 * A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
 * `jwks_uri`, `jwks` and `certificate`.
 */
export interface TrustedIssuer {
  /** Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters. */
  name: string;
  /** The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes. */
  issuer: string;
  /** The name by which it knows us, tried where `aud` names neither our issuer identifier nor our token endpoint. */
  alias?: string;
  /** Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes. */
  jwks_uri?: string;
  /** Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB. */
  jwks?: object;
  /** Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB. */
  certificate?: string;
  /** Whether its assertions are accepted at all. Default: true. */
  enabled?: boolean;
  /** The algorithms it may use. Absent: all asymmetric ones that a key's type allows. */
  algorithms?: Algorithm[];
  /** How far its clock may be off, in seconds. From 0 to 600. Default: 60. */
  clock_skew?: number;
  /** How far `exp` may lie ahead and `iat` behind, in seconds. From 1 to 172800. Default: 3600. */
  max_lifetime?: number;
  /** Whether `aud` may name others besides us (`any`), or us alone (`exactly-one`). Default: `any`. */
  audience_mode?: AudienceMode;
  /** Whether an assertion works `once`, or again until it expires (`allow`). Default: `once`. */
  replay?: Replay;
  /** Whether an assertion must have a `jti`. Default: false. */
  require_jti?: boolean;
  /** The `typ` that its assertions must have. Absent: any that names no other use. */
  typ?: string;
  /**
   * The subjects it may speak for: whole, or with `*` for one or more characters within a segment of `/ : @ |` and
   * `**` for one or more across. Absent: all.
   */
  subjects?: string[];
  /** Conditions on its claims; all must hold. */
  claims?: ClaimCondition[];
  /** The most that its assertions can be exchanged for. Absent: no cap but the application's. */
  scopes?: string[];
  /** Claims to carry over: name in the assertion to name in the access token, at most 32. */
  claim_mappings?: Record<string, string>;
}

/**
 * An application of a document of registrations: what it may do, its identifier, and at most one of the two members
 * for its secret. Neither: the secret of the application that is there stays.
 */
export interface TrustDocumentApplication extends ApplicationMetadata {
  /** Its identifier: 1 to 128 letters, digits, `-`, `.`, `_` or `~`. */
  client_id: string;
  /** Its secret, 32 to 256 bytes, which should hold 256 random bits. */
  client_secret?: string;
  /** The SHA-256 of its secret, as 64 hexadecimal digits. */
  client_secret_sha256?: string;
  /** When it was registered. It is read and left aside. */
  client_id_issued_at?: unknown;
}

/** An organization of a document of registrations. */
export interface TrustDocumentOrganization {
  /** Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen. */
  name: string;
  /** Its name for people, at most 256 bytes. */
  display_name?: string;
  /** Its trusted issuers. */
  trusted_issuers?: TrustedIssuer[];
  /** Its applications. */
  applications?: TrustDocumentApplication[];
}

/** Organizations with all that they trust. */
export interface TrustDocument {
  /** The organizations. */
  organizations?: TrustDocumentOrganization[];
}
