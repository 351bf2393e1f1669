/** From arguments to what the component takes, and back. */

import { InvalidMember, KeysNeeded, RecordUnreadable, Refused, RegistryError, Taken, type RegistryErrorKind } from "./errors.js";
import type * as exchange from "./generated/interfaces/asserta-exchange-exchange.js";
import type * as types from "./generated/interfaces/asserta-exchange-types.js";

// What goes in. Everything is checked here that JavaScript would silently turn into something else.

/**
 * An object that has these members alone: one that is misspelled would not count, and nobody would see it. The compiler sees to
 * it that the table has every member of the type.
 */
export function membersOf<T extends object>(what: string, value: T, known: Record<keyof T, true>): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidMember(what, "must be an object");
  const unknown = Object.keys(value).find((member) => !Object.hasOwn(known, member));
  if (unknown !== undefined) throw new InvalidMember(unknown, `is unknown; known are ${Object.keys(known).join(", ")}`);
  return value;
}

/** A function, or nothing. */
export function callback<T>(field: string, value: T): T {
  if (value !== undefined && value !== null && typeof value !== "function") throw new InvalidMember(field, "must be a function");
  return value;
}

/** A text that can be encoded. */
export function text(field: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidMember(field, "must be a string");
  if (/\p{Surrogate}/u.test(value)) throw new InvalidMember(field, "must not contain lone surrogates");
  return value;
}

/** A text that is small enough to be handed over at all. */
export function boundedText(field: string, value: unknown, most: number): string {
  const tooLong = (): InvalidMember => new InvalidMember(field, `must not exceed ${most / 1024} KiB`);
  if (typeof value === "string" && value.length > most) throw tooLong();
  const bounded = text(field, value);
  if (new TextEncoder().encode(bounded).byteLength > most) throw tooLong();
  return bounded;
}

/** One text, or several. */
export function texts(field: string, value: unknown): string[] {
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) throw new InvalidMember(field, "must be a string or an array of strings");
  return list.map((element, index) => text(`${field}[${index}]`, element));
}

/** A whole number of seconds, as 64 bits. */
export function seconds(field: string, value: unknown): bigint {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidMember(field, "must be a whole number of seconds");
  }
  return BigInt(value);
}

/** A whole number of 32 bits. */
export function whole(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidMember(field, "must be a whole number from 0 to 4294967295");
  }
  return value;
}

/** A boolean, and not merely something truthy. */
export function flag(field: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new InvalidMember(field, "must be true or false");
  return value;
}

/** Leaves out what is absent. */
export function optional<T>(convert: (field: string, value: unknown) => T, field: string, value: unknown): T | undefined {
  return value === undefined || value === null ? undefined : convert(field, value);
}

/** A document as JSON text: of an object, or of JSON text as it is. */
export function document(value: unknown): string {
  if (typeof value === "string") return text("document", value);
  let written: string | undefined;
  try {
    written = JSON.stringify(value, exactly);
  } catch (error) {
    if (error instanceof InvalidMember) throw error;
    throw new InvalidMember("document", `can't be written as JSON: ${(error as Error).message}`);
  }
  return text("document", written);
}

/** What JSON.stringify would turn into null, or into an error of its own. */
function exactly(member: string, value: unknown): unknown {
  const isExact = typeof value === "number" ? Number.isFinite(value) : typeof value !== "bigint";
  if (!isExact) throw new InvalidMember("document", `${member || "it"} has no exact form in JSON: hand over JSON text`);
  return value;
}

/** A text in one line of 256 bytes at most, for people. */
export function line(value: string): string {
  const words = value.replaceAll(/[\p{Cc}\p{Surrogate}\s]+/gu, " ").trim();
  const { read } = new TextEncoder().encodeInto(words, new Uint8Array(256));
  return words.slice(0, read);
}

/** What an exchange has asked for. */
export function keysNeeded(needed: KeysNeeded): exchange.KeysNeeded {
  return {
    owner: needed.clientId === undefined
      ? { tag: "trusted-issuer", val: text("trustedIssuer", needed.trustedIssuer) }
      : { tag: "application", val: text("clientId", needed.clientId) },
    kind: text("kind", needed.kind),
    uri: text("uri", needed.uri),
  };
}

// What went wrong.

/** Names of documents stay as they are; settings have the names of this package. */
export function invalidSetting(error: types.FieldError): InvalidMember {
  const field = error.field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return new InvalidMember(field, error.problem);
}

/** A registry-error. */
export function registryError(error: types.RegistryError): RegistryError {
  switch (error.tag) {
    case "invalid":
      return new InvalidMember(error.val.field, error.val.problem);
    case "taken":
      return new Taken(error.val.field, error.val.problem);
    case "record-unreadable":
      return new RecordUnreadable(error.val);
    default:
      return new RegistryError(error.tag as RegistryErrorKind);
  }
}

/** An exchange-error. */
export function exchangeError(error: exchange.ExchangeError, organization: string): Error {
  switch (error.tag) {
    case "keys-needed": {
      const { owner, kind, uri } = error.val;
      return owner.tag === "application"
        ? new KeysNeeded(organization, undefined, kind, uri, owner.val)
        : new KeysNeeded(organization, owner.val, kind, uri);
    }
    case "refusal": {
      const { code, reason, sentence, retryAfter, cause, dpopNonce } = error.val;
      const after = retryAfter === undefined ? undefined : Number(retryAfter);
      return new Refused(code, reason, sentence, after, { detail: cause, dpopNonce });
    }
    default:
      return new RegistryError("not-configured");
  }
}
