/** What is no document: an access token, and the URLs of an organization. */

/** A token that was issued. */
export interface AccessToken {
  /** A signed JWT after RFC 9068. */
  token: string;
  /** How it is presented: `Bearer`, or `DPoP` where it is bound to a key (RFC 9449). */
  tokenType: string;
  /** Its lifetime in seconds, from now on. */
  expiresIn: number;
  /** The scopes granted, where they differ from what was asked or nothing was asked. */
  scope?: string;
  /** The type of the token, where the grant's response has one (RFC 8693 section 2.2.1). */
  issuedTokenType?: string;
  /** The nonce for the client's next proof, where one is needed: for the header `DPoP-Nonce` (RFC 9449 section 8.2). */
  dpopNonce?: string;
  /** What the token says. It was signed a moment ago in this program, so nothing is verified. */
  readonly claims: Record<string, unknown>;
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

/** A registration that was replaced, or is new. */
export interface Replaced<T> {
  /** Whether there was none before. */
  created: boolean;
  /** The registration as it is now. */
  document: T;
}
