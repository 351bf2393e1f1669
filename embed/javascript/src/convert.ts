/** From the records of this package to those of the component, and back. */

import { InvalidMember, KeysNeeded, Refused, RegistryError, type RegistryProblem } from "./errors.js";
import type * as exchange from "./generated/interfaces/asserta-exchange-exchange.js";
import type * as issuers from "./generated/interfaces/asserta-exchange-trusted-issuers.js";
import type * as applications from "./generated/interfaces/asserta-exchange-applications.js";
import type * as types from "./generated/interfaces/asserta-exchange-types.js";
import type * as keys from "./generated/interfaces/asserta-exchange-keys.js";
import type {
  Algorithm, Application, ApplicationMetadata, ClaimCondition, ClaimValue, SigningAlgorithm, SigningKey, TrustedIssuer,
} from "./records.js";

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;
const SIGNING_ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;

// What goes in. Everything is checked here that JavaScript would silently turn into something else.

/** A text that can be encoded. */
export function text(member: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidMember(member, "must be a string");
  if (/\p{Surrogate}/u.test(value)) throw new InvalidMember(member, "must not contain lone surrogates");
  return value;
}

/** A text that is small enough to be handed over at all. */
export function boundedText(member: string, value: unknown, most: number): string {
  const tooLong = (): InvalidMember => new InvalidMember(member, `must not exceed ${most / 1024} KiB`);
  if (typeof value === "string" && value.length > most) throw tooLong();
  const bounded = text(member, value);
  if (new TextEncoder().encode(bounded).byteLength > most) throw tooLong();
  return bounded;
}

/** A whole number of seconds, as 64 bits. */
export function seconds(member: string, value: unknown): bigint {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidMember(member, "must be a whole number of seconds");
  }
  return BigInt(value);
}

function texts(member: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw new InvalidMember(member, "must be an array of strings");
  return value.map((element, index) => text(`${member}[${index}]`, element));
}

/** A boolean, and not merely something truthy. */
export function flag(member: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new InvalidMember(member, "must be true or false");
  return value;
}

/** A whole number of at most 32 bits. */
export function whole(member: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidMember(member, "must be a whole number from 0 to 4294967295");
  }
  return value;
}

function choice<T extends string>(member: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) throw new InvalidMember(member, `must be one of ${choices.join(", ")}`);
  return value as T;
}

/** Leaves out what is absent. */
export function optional<T>(convert: (member: string, value: unknown) => T, member: string, value: unknown): T | undefined {
  return value === undefined || value === null ? undefined : convert(member, value);
}

/** The name of an algorithm of ours. */
export function signingAlgorithm(member: string, value: unknown): types.SigningAlgorithm {
  return choice(member, value, SIGNING_ALGORITHMS).toLowerCase() as types.SigningAlgorithm;
}

/** A trusted issuer. */
export function trustedIssuer(issuer: TrustedIssuer): issuers.TrustedIssuer {
  const algorithms = issuer.algorithms?.map(
    // Ed25519 is the name of EdDSA after RFC 9864.
    (name, index) =>
      choice(`algorithms[${index}]`, name === "Ed25519" ? "EdDSA" : name, ALGORITHMS).toLowerCase() as types.Algorithm,
  );
  return {
    name: text("name", issuer.name),
    issuer: text("issuer", issuer.issuer),
    alias: optional(text, "alias", issuer.alias),
    keys: keySource(issuer),
    enabled: optional(flag, "enabled", issuer.enabled),
    algorithms,
    clockSkew: optional(whole, "clockSkew", issuer.clockSkew),
    maxLifetime: optional(whole, "maxLifetime", issuer.maxLifetime),
    audienceMode: optional((at, value) => choice(at, value, ["any", "exactly-one"]), "audienceMode", issuer.audienceMode),
    replay: optional((at, value) => choice(at, value, ["once", "allow"]), "replay", issuer.replay),
    requireJti: optional(flag, "requireJti", issuer.requireJti),
    typ: optional(text, "typ", issuer.typ),
    subjects: optional(texts, "subjects", issuer.subjects),
    claims: (issuer.claims ?? []).map((condition, index) => claimCondition(`claims[${index}]`, condition)),
    scopes: optional(texts, "scopes", issuer.scopes),
    claimMappings: Object.entries(issuer.claimMappings ?? {}).map(([from, to]) => ({
      assertionClaim: text("claimMappings", from),
      tokenClaim: text(`claimMappings.${from}`, to),
    })),
  };
}

function keySource(issuer: TrustedIssuer): issuers.KeySource {
  const jwks = typeof issuer.jwks === "object" ? JSON.stringify(issuer.jwks) : issuer.jwks;
  const sources = [
    ["jwksUri", "jwks-uri", issuer.jwksUri],
    ["jwks", "jwks", jwks],
    ["certificate", "certificate", issuer.certificate],
  ] as const;
  const given = sources.filter(([, , value]) => value !== undefined && value !== null);
  const [only] = given;
  if (!only || given.length > 1) {
    throw new InvalidMember("jwksUri", "exactly one of jwksUri, jwks and certificate is needed");
  }
  return { tag: only[1], val: text(only[0], only[2]) };
}

function claimCondition(at: string, condition: ClaimCondition): issuers.ClaimCondition {
  const claim = text(`${at}.claim`, condition.claim);
  const tests: issuers.ClaimTest[] = [];
  if (condition.equals !== undefined) tests.push({ tag: "equals", val: claimValue(`${at}.equals`, condition.equals) });
  if (condition.contains !== undefined) tests.push({ tag: "contains", val: claimValue(`${at}.contains`, condition.contains) });
  if (condition.present !== undefined) tests.push({ tag: "present", val: flag(`${at}.present`, condition.present) });
  if (condition.oneOf !== undefined) {
    if (!Array.isArray(condition.oneOf)) throw new InvalidMember(`${at}.oneOf`, "must be an array");
    tests.push({ tag: "one-of", val: condition.oneOf.map((value, index) => claimValue(`${at}.oneOf[${index}]`, value)) });
  }
  const [test] = tests;
  if (!test || tests.length > 1) throw new InvalidMember(at, "needs exactly one of equals, oneOf, contains and present");
  return { claim, test };
}

function claimValue(member: string, value: ClaimValue): issuers.ClaimValue {
  switch (typeof value) {
    case "string":
      return { tag: "text", val: text(member, value) };
    case "boolean":
      return { tag: "boolean", val: value };
    case "bigint":
      if (BigInt.asIntN(64, value) !== value) return { tag: "decimal", val: Number(value) };
      return { tag: "integer", val: value };
    case "number":
      return Number.isSafeInteger(value) ? { tag: "integer", val: BigInt(value) } : { tag: "decimal", val: value };
    default:
      throw new InvalidMember(member, "must be a string, a number or a boolean");
  }
}

/** What an application may do. */
export function applicationMetadata(metadata: ApplicationMetadata): applications.ApplicationMetadata {
  const methods = ["client_secret_basic", "client_secret_post"] as const;
  const method = optional(
    (at, value) => choice(at, value, methods), "tokenEndpointAuthMethod", metadata.tokenEndpointAuthMethod,
  );
  const audience = typeof metadata.audience === "string" ? [metadata.audience] : metadata.audience;
  return {
    clientName: optional(text, "clientName", metadata.clientName),
    grantTypes: texts("grantTypes", metadata.grantTypes ?? []),
    scope: optional(text, "scope", metadata.scope),
    tokenEndpointAuthMethod: method?.replaceAll("_", "-") as applications.AuthMethod | undefined,
    trustedIssuers: optional(texts, "trustedIssuers", metadata.trustedIssuers),
    accessTokenLifetime: optional(whole, "accessTokenLifetime", metadata.accessTokenLifetime),
    audience: optional(texts, "audience", audience),
    enabled: optional(flag, "enabled", metadata.enabled),
  };
}

// What comes out.

const algorithm = (name: types.Algorithm): Algorithm => ALGORITHMS.find((known) => known.toLowerCase() === name)!;

/** A registered trusted issuer. */
export function fromTrustedIssuer(found: issuers.TrustedIssuer): TrustedIssuer {
  const { keys, algorithms, claims, claimMappings, ...same } = found;
  const source = {
    "jwks-uri": (value: string) => ({ jwksUri: value }),
    jwks: (value: string) => ({ jwks: JSON.parse(value) as object }),
    certificate: (value: string) => ({ certificate: value }),
  }[keys.tag](keys.val);
  return {
    ...same,
    ...source,
    algorithms: algorithms?.map(algorithm),
    claims: claims.map(({ claim, test }) => ({ claim, ...fromTest(test) })),
    claimMappings: Object.fromEntries(claimMappings.map((mapping) => [mapping.assertionClaim, mapping.tokenClaim])),
  };
}

function fromTest(test: issuers.ClaimTest): Omit<ClaimCondition, "claim"> {
  switch (test.tag) {
    case "equals":
      return { equals: fromValue(test.val) };
    case "contains":
      return { contains: fromValue(test.val) };
    case "one-of":
      return { oneOf: test.val.map(fromValue) };
    case "present":
      return { present: test.val };
  }
}

function fromValue(value: issuers.ClaimValue): ClaimValue {
  if (value.tag !== "integer") return value.val;
  const number = Number(value.val);
  return Number.isSafeInteger(number) ? number : value.val;
}

/** A registered application. */
export function fromApplication(found: applications.Application): Application {
  const { tokenEndpointAuthMethod, ...same } = found.metadata;
  const method = tokenEndpointAuthMethod?.replaceAll("-", "_") as ApplicationMetadata["tokenEndpointAuthMethod"];
  return {
    clientId: found.clientId,
    createdAt: Number(found.createdAt),
    metadata: { ...same, tokenEndpointAuthMethod: method },
  };
}

/** One of our keys. */
export function fromSigningKey(key: keys.SigningKey): SigningKey {
  return {
    kid: key.kid,
    algorithm: algorithm(key.algorithm) as SigningAlgorithm,
    signsFrom: Number(key.signsFrom),
    signsUntil: key.signsUntil === undefined ? undefined : Number(key.signsUntil),
  };
}

// What went wrong.

/** A member that the component refused. */
export function invalidMember(invalid: types.InvalidMember): InvalidMember {
  const [first, ...rest] = invalid.member.split(".");
  const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  // What follows claim-mappings is the name of a claim.
  const path = first === "claim-mappings" ? [camel(first), ...rest].join(".") : camel(invalid.member);
  return new InvalidMember(path, invalid.problem);
}

/** A registry-error. */
export function registryError(error: types.RegistryError): RegistryError {
  return error.tag === "invalid" ? invalidMember(error.val) : new RegistryError(error.tag as RegistryProblem);
}

/** An exchange-error. */
export function exchangeError(error: exchange.ExchangeError): Error {
  switch (error.tag) {
    case "keys-needed":
      return new KeysNeeded(error.val.trustedIssuer, error.val.uri);
    case "refusal": {
      const { code, reason, sentence, retryAfter } = error.val;
      const after = retryAfter === undefined ? undefined : Number(retryAfter);
      return new Refused(code.replaceAll("-", "_"), reason, sentence, after);
    }
    default:
      return new RegistryError("not-configured");
  }
}
