/** What is asked for, and the same as the component takes it. */

import type { Root } from "./component.js";
import * as convert from "./convert.js";
import { InvalidMember } from "./errors.js";

export type Grant = Parameters<Root["exchange"]["exchange"]>[1];

/** The type of a token that is a JWT (RFC 8693 section 3). */
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

/**
 * What a client says that its JWT is: the end of `client_assertion_type`. `jwt-bearer` was made to authenticate with (RFC 7523
 * section 2.2); `jwt-spiffe` is a JWT-SVID, which needs the application's identifier, may lack `iss` and `jti`, and without
 * `jti` works until it expires (draft-ietf-oauth-spiffe-client-auth).
 */
export type ClientAssertionType = "jwt-bearer" | "jwt-spiffe";

/** An exchange that is asked for. */
export interface ExchangeRequest {
  /** The assertion: a signed JWT in compact form. */
  assertion: string;
  /** The application's identifier. */
  clientId?: string;
  /**
   * Its secret. Absent, and no `clientAssertion` either: nobody authenticates. That works only under a rule of the issuer
   * with `client: "none"`, whose `client_id` may be given as `clientId`.
   */
  clientSecret?: string;
  /**
   * A JWT that its key signs, in place of a secret (RFC 7523 section 2.2). It works once. `clientId` may be left out then,
   * unless a trusted issuer vouches for the application.
   */
  clientAssertion?: string;
  /** What the client says that this JWT is. Default: `jwt-bearer`. */
  clientAssertionType?: ClientAssertionType;
  /** The organization. Default: `default`. */
  organization?: string;
  /** Scopes, separated by single spaces. Default: all that may be granted. */
  scope?: string;
  /** What the token is for (RFC 8707): one of the application's audience, or up to eight. Default: all of it. */
  resource?: string | string[];
  /**
   * The value of the header `DPoP` in the client's request, if it has one: the token is bound to its key then (RFC 9449).
   */
  dpopProof?: string;
  /** The URL that the client has sent that request to, which the proof must name. Default: our token endpoint. */
  dpopUrl?: string;
}

/** A token, and the application that brings it. */
export interface TokenRequest {
  /** The token, whatever it is. */
  token: string;
  /** The application's identifier. */
  clientId?: string;
  /** Its secret. */
  clientSecret?: string;
  /**
   * A JWT that its key signs, in place of a secret (RFC 7523 section 2.2). It works once. `clientId` may be left out then,
   * unless a trusted issuer vouches for the application.
   */
  clientAssertion?: string;
  /** What the client says that this JWT is. Default: `jwt-bearer`. */
  clientAssertionType?: ClientAssertionType;
  /** The organization. Default: `default`. */
  organization?: string;
}

/** An exchange of another issuer's token that is asked for (RFC 8693). There is always a client. */
export interface TokenExchangeRequest extends Omit<ExchangeRequest, "assertion"> {
  /**
   * Whose rights the new token is to have: of an issuer that is registered with `token_exchange`, and meant for the
   * application.
   */
  subjectToken: string;
  /**
   * Its type (RFC 8693 section 3). Default: `urn:ietf:params:oauth:token-type:jwt`; others are `…:id_token` and, of issuers
   * that are registered with the `typ` `at+jwt`, `…:access_token`.
   */
  subjectTokenType?: string;
  /** Who acts for the subject. Default: nobody but the client. */
  actorToken?: string;
  /** Its type. Default: the same. */
  actorTokenType?: string;
  /** What is wanted, which can be `urn:ietf:params:oauth:token-type:access_token` alone. Default: that. */
  requestedTokenType?: string;
  /** What the token is for, like `resource` and together with it: up to eight. */
  audience?: string | string[];
}

// Their members, each.

const TOKEN: Record<keyof TokenRequest, true> = {
  token: true, clientId: true, clientSecret: true, clientAssertion: true, clientAssertionType: true, organization: true,
};
const COMMON: Record<Exclude<keyof ExchangeRequest, "assertion">, true> = {
  clientId: true, clientSecret: true, clientAssertion: true, clientAssertionType: true, organization: true, scope: true,
  resource: true, dpopProof: true, dpopUrl: true,
};
const EXCHANGE: Record<keyof ExchangeRequest, true> = { assertion: true, ...COMMON };
const EXCHANGE_TOKEN: Record<keyof TokenExchangeRequest, true> = {
  subjectToken: true, subjectTokenType: true, actorToken: true, actorTokenType: true, requestedTokenType: true, audience: true,
  ...COMMON,
};

export const tokenRequest = (request: TokenRequest): TokenRequest => convert.membersOf("request", request, TOKEN);
export const exchangeRequest = (request: ExchangeRequest): ExchangeRequest => convert.membersOf("request", request, EXCHANGE);
export const tokenExchangeRequest = (request: TokenExchangeRequest): TokenExchangeRequest => (
  convert.membersOf("request", request, EXCHANGE_TOKEN)
);
/** A question about an exchange, for which nobody has to authenticate. */
export const question = (request: Omit<ExchangeRequest, "assertion">): Omit<ExchangeRequest, "assertion"> => (
  convert.membersOf("request", request, COMMON)
);

/** An assertion. */
export function jwtBearer(assertion: string): Grant {
  return { tag: "jwt-bearer", val: convert.text("assertion", assertion) };
}

/** A token to be exchanged. */
export function tokenExchange(request: TokenExchangeRequest): Grant {
  const typed = (field: string, token: unknown, tokenType: unknown) => ({
    token: convert.text(field, token),
    tokenType: convert.text(`${field}Type`, tokenType ?? JWT_TYPE),
  });
  const { subjectToken, subjectTokenType, actorToken, actorTokenType, requestedTokenType, audience } = request;
  const actor = actorToken === undefined || actorToken === null ? undefined : typed("actorToken", actorToken, actorTokenType);
  const subject = typed("subjectToken", subjectToken, subjectTokenType);
  const wanted = convert.optional(convert.text, "requestedTokenType", requestedTokenType);
  const targets = convert.optional(convert.texts, "audience", audience) ?? [];
  return { tag: "token-exchange", val: { subject, actor, requestedTokenType: wanted, audience: targets } };
}

/** Whether the client says that its JWT is a JWT-SVID. */
export function isJwtSvid(given: ClientAssertionType | undefined): boolean {
  const type = given ?? "jwt-bearer";
  if (type !== "jwt-bearer" && type !== "jwt-spiffe") {
    throw new InvalidMember("clientAssertionType", "must be jwt-bearer or jwt-spiffe");
  }
  return type === "jwt-spiffe";
}

/** Those of the application, or of nobody: then at most the `client_id` of a rule. */
export function credentialsOf({ clientId, clientSecret, clientAssertion, clientAssertionType }: Omit<TokenRequest, "token">) {
  const secret = convert.optional(convert.text, "clientSecret", clientSecret);
  const assertion = convert.optional(convert.text, "clientAssertion", clientAssertion);
  if (assertion !== undefined) {
    if (secret !== undefined) throw new InvalidMember("clientAssertion", "must not be given beside clientSecret");
    const val = { clientId: convert.optional(convert.text, "clientId", clientId), assertion };
    return isJwtSvid(clientAssertionType) ? { tag: "jwt-svid", val } as const : { tag: "client-assertion", val } as const;
  }
  if (secret === undefined) {
    return { tag: "no-client", val: convert.optional(convert.text, "clientId", clientId) } as const;
  }
  const val = { clientId: convert.text("clientId", clientId), clientSecret: secret };
  return { tag: "client-secret", val } as const;
}

/** What a client asks for, and by what it proves to have a key, if it does. */
export function optionsOf({ scope, resource, dpopProof, dpopUrl }: Omit<ExchangeRequest, "assertion">) {
  const proof = convert.optional(convert.text, "dpopProof", dpopProof);
  return {
    scope: convert.optional(convert.text, "scope", scope),
    resources: convert.optional(convert.texts, "resource", resource) ?? [],
    proof: proof === undefined ? undefined : { proof, url: convert.optional(convert.text, "dpopUrl", dpopUrl) },
  };
}

