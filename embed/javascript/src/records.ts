/** The records that go in and come out. What is absent has a safe default. */

/** The grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** The algorithms of assertions. */
export type Algorithm =
  | "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA"
  | "Ed25519";

/** The algorithms of our own access tokens. */
export type SigningAlgorithm = "ES256" | "EdDSA" | "RS256";

/** A value that a claim is compared with. Types count: `"1"` is not `1`. */
export type ClaimValue = string | boolean | number | bigint;

/** A condition on one claim of an assertion: exactly one of the four tests. */
export interface ClaimCondition {
  /** The name of the claim, at the top level of the claims. */
  claim: string;
  /** It has exactly this value. */
  equals?: ClaimValue;
  /** It has one of these values. */
  oneOf?: ClaimValue[];
  /** It is an array with this value in it. */
  contains?: ClaimValue;
  /** It is there (true), or it is not (false). */
  present?: boolean;
}

/** A third party whose assertions are accepted: exactly one of `jwksUri`, `jwks` and `certificate`. */
export interface TrustedIssuer {
  /** Its name in the organization: unique, chosen by people, 1 to 128 bytes. */
  name: string;
  /** The exact value of `iss` in its assertions: unique in the organization. */
  issuer: string;
  /** The name by which it knows us: tried where `aud` does not name us. */
  alias?: string;
  /** Its JWKS endpoint. */
  jwksUri?: string;
  /** Its keys as a JWK set (RFC 7517), as an object or as JSON text. */
  jwks?: object | string;
  /** X.509 certificates or public keys: PEM, several allowed, or DER as base64. */
  certificate?: string;
  /** Whether its assertions are accepted at all. Default: true. */
  enabled?: boolean;
  /** The algorithms it may use. Default: all asymmetric ones that a key's type allows. */
  algorithms?: Algorithm[];
  /** How far its clock may be off, in seconds, at most 600. Default: 60. */
  clockSkew?: number;
  /** How far `exp` may lie ahead and `iat` behind, in seconds, 1 to 172800. Default: 3600. */
  maxLifetime?: number;
  /** How many audiences an assertion may have. Default: any. */
  audienceMode?: "any" | "exactly-one";
  /** Whether an assertion works again. Default: once. */
  replay?: "once" | "allow";
  /** Whether an assertion must have a `jti`. Default: false. */
  requireJti?: boolean;
  /** The `typ` that its assertions must have. */
  typ?: string;
  /** The subjects it may speak for: whole, or with `*` within a segment of `/ : @ |` and `**` across. Default: all. */
  subjects?: string[];
  /** Conditions on its claims; all must hold. */
  claims?: ClaimCondition[];
  /** The most that its assertions can be exchanged for. Default: no cap but the application's. */
  scopes?: string[];
  /** Claims to carry over: name in the assertion to name in the access token. */
  claimMappings?: Record<string, string>;
}

/** What an application may do (RFC 7591 section 2, as far as it has these members). */
export interface ApplicationMetadata {
  /** What people call it. */
  clientName?: string;
  /** The grants it may use: without {@link JWT_BEARER} it gets no token. */
  grantTypes?: string[];
  /** The scopes it may ask for, separated by single spaces. */
  scope?: string;
  /** How it authenticates over HTTP. Default: client_secret_basic. */
  tokenEndpointAuthMethod?: "client_secret_basic" | "client_secret_post";
  /** The names of the trusted issuers whose assertions it may present. Default: all. */
  trustedIssuers?: string[];
  /** How long its access tokens are valid, in seconds, 30 to 86400. Default: 3600. */
  accessTokenLifetime?: number;
  /** The resources its tokens are for. Default: our own issuer identifier. */
  audience?: string | string[];
  /** Whether it may be used at all. Default: true. */
  enabled?: boolean;
}

/** A registered application. */
export interface Application {
  /** Its identifier. */
  clientId: string;
  /** When it was registered: seconds since 1970. */
  createdAt: number;
  /** What it may do. */
  metadata: ApplicationMetadata;
}

/** An application with its secret, which is shown here only. */
export interface NewApplication extends Application {
  /** Its secret: 256 random bits, base64url. */
  clientSecret: string;
}

/** A tenant with its own issuers, applications and keys. */
export interface Organization {
  /** Its name: 1 to 63 lower-case letters, digits and hyphens. */
  name: string;
  /** What people call it. */
  displayName?: string;
}

/** The URLs that stand for an organization in assertions and tokens. */
export interface OrganizationUrls {
  /** Its issuer identifier: what `aud` of an assertion should name. */
  issuer: string;
  /** Its token endpoint: what `aud` may name instead. */
  tokenEndpoint: string;
  /** Where its public keys would be served. */
  jwksUri: string;
}

/** A token that was granted. Its type is always `Bearer`. */
export interface AccessToken {
  /** A signed JWT after RFC 9068. */
  token: string;
  /** Its lifetime in seconds, from now on. */
  expiresIn: number;
  /** The scopes granted, where they differ from what was asked or nothing was asked. */
  scope?: string;
  /** What the token says. It was signed a moment ago in this program, so nothing is verified. */
  readonly claims: Record<string, unknown>;
}

/** One check of an exchange and what came of it. */
export interface Check {
  /** Its name, for people. */
  name: string;
  /** The reason that an exchange would be refused with. Absent: it passed. */
  failed?: string;
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

/** One of our own signing keys, without its secret. */
export interface SigningKey {
  /** Its identifier. */
  kid: string;
  /** Its algorithm. */
  algorithm: SigningAlgorithm;
  /** From when on it signs: seconds since 1970. */
  signsFrom: number;
  /** From when on it no longer signs. Absent: it is the newest. */
  signsUntil?: number;
}

/** How many registrations a document has changed. */
export interface ApplyReport {
  /** So many are new. */
  created: number;
  /** So many were replaced. */
  replaced: number;
  /** So many were already as the document wants them. */
  unchanged: number;
}
