/**
 * The documents of registrations: plain objects with the members of the admin API's JSON. What is absent has a safe
 * default, and comes out with it filled in.
 *
 * Written by `make documents` from the types of the server; not by hand.
 */

/** A grant (RFC 7523 section 2.1, RFC 8693 section 2.1). */
export type GrantType =
  | "urn:ietf:params:oauth:grant-type:jwt-bearer"
  | "urn:ietf:params:oauth:grant-type:token-exchange";

/**
 * How an application authenticates (RFC 7591 section 2). Where it has a secret, HTTP Basic always works (RFC 6749
 * section 2.3.1).
 */
export type ClientAuthMethod = "client_secret_basic" | "client_secret_post" | "private_key_jwt";

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
  /**
   * How it authenticates: with its secret, over HTTP in the header alone or in the body as well, or with a JWT that
   * its key signs (`private_key_jwt`), and then with no secret. For that it needs exactly one of `jwks_uri`, `jwks`,
   * `certificate` and `client_assertion_issuer`. Default: `client_secret_basic`.
   */
  token_endpoint_auth_method?: ClientAuthMethod;
  /** With `private_key_jwt`: the only algorithm of its JWTs. Absent: all asymmetric ones that a key's type allows. */
  token_endpoint_auth_signing_alg?: Algorithm;
  /** With `private_key_jwt`: its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes. */
  jwks_uri?: string;
  /** With `private_key_jwt`: its keys as a JWK set (RFC 7517 section 5), at most 64 KiB. */
  jwks?: object;
  /**
   * With `private_key_jwt`: its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at
   * most 64 KiB.
   */
  certificate?: string;
  /** With `private_key_jwt`: the name of the trusted issuer whose JWTs authenticate it, in place of keys of its own. */
  client_assertion_issuer?: string;
  /** The `sub` that these JWTs must have, needed with `client_assertion_issuer`. */
  client_assertion_subject?: string;
  /** The names of the trusted issuers whose assertions it may present. Absent: all. */
  trusted_issuers?: string[];
  /** How long its access tokens are valid, in seconds. From 30 to 86400. Default: 3600. */
  access_token_lifetime?: number;
  /**
   * The resources its tokens are for, 1 to 32: `aud` of the token, and what `resource` may name. Absent: our own
   * issuer identifier.
   */
  audience?: Audience;
  /**
   * Whether its tokens are always bound to a key: a request without a DPoP proof is refused (RFC 9449 section 5.2,
   * R102). A token that was asked for with a proof is bound in any case.
   */
  dpop_bound_access_tokens?: boolean;
  /** Whether it may be used at all. Default: true. */
  enabled?: boolean;
}

/** Members of an organization's metadata that an administrator answers for. No other member can be stated. */
export interface StatedMetadata {
  /**
   * Scopes that clients may ask for, 1 to 256, each once and at most 256 bytes. None is granted because it stands
   * here.
   */
  scopes_supported?: string[];
  /**
   * The resource identifiers of the APIs that take our tokens (RFC 9728), 1 to 64, each once: `https`, no credentials,
   * no fragment, at most 2048 bytes.
   */
  protected_resources?: string[];
  /** Where people read how a client is registered: `https`, no credentials, no fragment, at most 2048 bytes. */
  service_documentation?: string;
  /**
   * For clients that take no metadata without one: `https`, no credentials, no fragment, at most 2048 bytes. Asserta
   * has no grant that uses it, and `response_types_supported` stays empty.
   */
  authorization_endpoint?: string;
}

/** Where an issuer's metadata is: `true` for its well-known addresses, or a URL. */
export type Discovery = boolean | string;

/** How many audiences an assertion may have. */
export type AudienceMode = "any" | "exactly-one";

/** Whether an assertion works again. */
export type Replay = "once" | "allow";

/** What an issuer's assertions are. */
export type Profile = "jwt-bearer" | "id-jag";

/** A value that a claim is compared with. Types count: `"1"` is not `1`. */
export type ClaimValue = string | boolean | number;

/** A test that a claim must not pass: exactly one. */
export interface NegatedTest {
  /** It has another value than this one. */
  equals?: ClaimValue;
  /** It has none of these values, 1 to 1000. */
  one_of?: ClaimValue[];
  /** It is an array without this value. */
  contains?: ClaimValue;
  /** It is an array that lacks one of these values, 1 to 1000. */
  all_of?: ClaimValue[];
  /** It is a text of another form. */
  glob?: string;
  /** It is a text that begins otherwise. */
  prefix?: string;
  /** It is a smaller number. */
  at_least?: number;
  /** It is a greater number. */
  at_most?: number;
}

/**
 * A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one test. Types count:
 * `"1"` is not `1`. A claim that is absent, null or of another type meets no condition, a negated one neither; of an
 * array one element has to fit.
 */
export interface ClaimCondition {
  /**
   * The name of the claim, or, where it begins with `/`, a JSON Pointer to a nested one: `/kubernetes.io/namespace`; 1
   * to 256 bytes.
   */
  claim: string;
  /** It has exactly this value. */
  equals?: ClaimValue;
  /** It has one of these values, 1 to 1000. */
  one_of?: ClaimValue[];
  /** It is an array with this value in it. */
  contains?: ClaimValue;
  /** It is an array with all of these values in it, 1 to 1000. */
  all_of?: ClaimValue[];
  /**
   * It is a text of this form: `*` stands for one or more characters within a segment of `/ : @ |`, `**` for one or
   * more across.
   */
  glob?: string;
  /** It is a text that begins so. */
  prefix?: string;
  /** It is this number or a greater one. */
  at_least?: number;
  /** It is this number or a smaller one. */
  at_most?: number;
  /** It is there and not null (true), or it is not (false). */
  present?: boolean;
  /** It is of the type that this test wants, and does not pass it. */
  not?: NegatedTest;
}

/** Who a rule is for. */
export type RuleClient = "required" | "none";

/** What a rule does where it fits. */
export type RuleMode = "enforce" | "audit";

/**
 * A rule of a trusted issuer: for which of its assertions, and what they are exchanged for. It only narrows: the
 * issuer's own `subjects` and `claims` must hold as well, and scopes and audiences are cut to those of the application
 * and the issuer.
 */
export interface IssuerRule {
  /**
   * Its name: unique among the rules of the issuer, 1 to 128 bytes without control characters. It stands in the log,
   * in `explain` and in the token (`assertion_rule`).
   */
  name: string;
  /** The subjects it fits, as those of the issuer are written. Absent: all. */
  subjects?: string[];
  /** Conditions on the claims; it fits where all hold. */
  claims?: ClaimCondition[];
  /**
   * Whether it fits applications that have authenticated, or requests without a client alone (`none`). A rule without
   * a client needs `client_id`, `scopes`, and `subjects` or `claims`; whatever `replay` says, an assertion works once
   * under it.
   */
  client?: RuleClient;
  /**
   * With `client: "none"`: the label that stands for the client in the token and in the log, and that a request may
   * name. No application of the organization has it.
   */
  client_id?: string;
  /** The applications it fits, by their `client_id`, 1 to 100. Absent: all. */
  applications?: string[];
  /** The most that it grants. Absent: no cap but those of the application and the issuer. */
  scopes?: string[];
  /**
   * The resources its tokens are for, 1 to 32: where the application has an audience, those that are in both. Absent:
   * the application's.
   */
  audience?: Audience;
  /** How long its tokens are valid at most, in seconds. Absent: as long as the application's. From 30 to 86400. */
  access_token_lifetime?: number;
  /**
   * Claims to carry over besides those of the issuer, written as those are, at most 32; onto the same claim, these
   * win.
   */
  claim_mappings?: Record<string, string>;
  /**
   * Whether it decides where it fits, or is only watched (`audit`): then the log says what it would have granted, and
   * the next rule is tried. Default: `enforce`.
   */
  mode?: RuleMode;
}

/**
 * For whom the tokens of an issuer may be exchanged (RFC 8693), beside the applications that their `aud` names: that
 * an issuer is trusted says nothing of whom it meant.
 */
export interface TokenExchange {
  /**
   * Whether the claim `may_act` of a token says so (RFC 8693 section 4.4): by the application's `client_id`, or by the
   * `sub` of the application or of the actor token. A token that has one is then exchanged for nobody else.
   */
  allow_may_act?: boolean;
  /**
   * The claim that names who got the token, such as `azp`, by its name or, where it begins with `/`, by a JSON
   * Pointer. It needs `allowed_actors`; 1 to 256 bytes.
   */
  actor_claim?: string;
  /** The values of that claim whose tokens may be exchanged, each whole: at most 100 of 1 to 1024 bytes. */
  allowed_actors?: string[];
  /** Whether a token can be exchanged `once`, or again until it expires (`allow`). */
  replay?: Replay;
}

/**
 * A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
 * `jwks_uri`, `jwks`, `certificate` and `discovery`.
 */
export interface TrustedIssuer {
  /**
   * Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters, and neither `.`
   * nor `..`.
   */
  name: string;
  /** The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes. */
  issuer: string;
  /**
   * The name by which it knows us, tried where `aud` names neither our issuer identifier nor our token endpoint;
   * neither of these of another organization.
   */
  alias?: string;
  /** Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes. */
  jwks_uri?: string;
  /** Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB. */
  jwks?: object;
  /** Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB. */
  certificate?: string;
  /**
   * Its metadata says where its keys are: `true` where that is at the well-known addresses of `issuer`, else the URL
   * of the metadata, as for `jwks_uri`.
   */
  discovery?: Discovery;
  /**
   * The certificate authorities of the endpoints of its keys and metadata, in place of all others: certificates in
   * PEM, at most 64 KiB.
   */
  jwks_ca?: string;
  /** Whether these endpoints may be in a private network. The operator of a native host has to allow that too. */
  allow_private?: boolean;
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
  /** Whether an access token is valid for no longer than the assertion that it was got for. */
  limit_to_assertion?: boolean;
  /**
   * The claim that becomes `sub` of the access token, by its name or, where it begins with `/`, by a JSON Pointer to a
   * nested one: a text of 1 to 1024 bytes, without which an assertion is refused. `subjects` and conditions on `sub`
   * look at the assertion's own `sub` all the same. By default `sub`; 1 to 256 bytes.
   */
  subject_claim?: string;
  /**
   * The SPIFFE trust domain that it speaks for, such as `prod.example.org`: the `sub` of each assertion must be a
   * SPIFFE ID of it, and keys with `use: jwt-svid`, as SPIFFE bundles have them, count. Absent: `sub` may be anything,
   * and such keys are not used.
   */
  trust_domain?: string;
  /** The `typ` that its assertions must have. Absent: any that names no other use. */
  typ?: string;
  /**
   * What its assertions are: any JWT for the JWT bearer grant (`jwt-bearer`, the default), or ID-JAGs alone
   * (`id-jag`). Those have `typ` `oauth-id-jag+jwt`, are for us by our issuer identifier and nobody else, name the
   * client that presents them, have `jti` and `iat`, and work once. So `alias`, another `typ`, `replay: "allow"` and
   * rules with `client: "none"` can't stand beside it.
   */
  profile?: Profile;
  /**
   * The subjects it may speak for: whole, or with `*` for one or more characters within a segment of `/ : @ |` and
   * `**` for one or more across. Absent: all.
   */
  subjects?: string[];
  /** Conditions on its claims; all must hold. */
  claims?: ClaimCondition[];
  /** The most that its assertions can be exchanged for. Absent: no cap but the application's. */
  scopes?: string[];
  /**
   * Claims to carry over, at most 32: the claim in the assertion, by its name or, where it begins with `/`, by a JSON
   * Pointer to a nested one, to the name in the access token; 1 to 256 bytes each.
   */
  claim_mappings?: Record<string, string>;
  /**
   * Rules, 1 to 64, each for a part of its assertions: the first that fits decides, and where none does nothing is
   * granted. Absent: the members above are the one rule.
   */
  rules?: IssuerRule[];
  /** Whether its tokens can be exchanged (RFC 8693), and for whom. Absent: they can't. */
  token_exchange?: TokenExchange;
  /** Whether an issuer that many tenants share may be trusted without a condition on the tenant. */
  allow_any_tenant?: boolean;
}

/**
 * An application of a document of registrations: what it may do, its identifier, and at most one of the two members
 * for its secret. Neither: the secret of the application that is there stays, or it authenticates with
 * `private_key_jwt`.
 */
export interface TrustDocumentApplication extends ApplicationMetadata {
  /** Its identifier: 1 to 128 letters, digits, `-`, `.`, `_` or `~`, and neither `.` nor `..`. */
  client_id: string;
  /** Its secret, 32 to 256 bytes, which should hold 256 random bits. */
  client_secret?: string;
  /** The SHA-256 of its secret, as 64 hexadecimal digits. */
  client_secret_sha256?: string;
  /** When it was registered. It is read and left aside. */
  client_id_issued_at?: unknown;
  /** What of its keys is not used. It is read and left aside. */
  skipped_keys?: unknown;
  /** What about it may not be meant so. It is read and left aside. */
  warnings?: unknown;
}

/** An organization of a document of registrations. */
export interface TrustDocumentOrganization {
  /** Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen. */
  name: string;
  /** Its name for people, at most 256 bytes. */
  display_name?: string;
  /** What its administrator states in its metadata, in the place of what was stated before. Absent: that stays. */
  metadata?: StatedMetadata;
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
