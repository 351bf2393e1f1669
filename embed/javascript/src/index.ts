/**
 * Exchanges a third party's JWT assertion for an OAuth 2.0 access token (RFC 7523), inside your program.
 *
 * The rules run as a WebAssembly component that has no network: it sees the store that you hand over, the
 * time, and random numbers. Start with {@link Exchanger.create}.
 *
 * @module
 */

export type { HostSignatures } from "./component.js";
export type * from "./documents.js";
export { InvalidMember, KeysNeeded, RecordUnreadable, Refused, RegistryError, Taken, Trapped } from "./errors.js";
export type { RegistryErrorKind } from "./errors.js";
export { Exchanger } from "./exchanger.js";
export type { ExchangerOptions, KeysFailed } from "./exchanger.js";
export { FetchFailed, fetchKeys } from "./fetching.js";
export type { FetchCause, FetchOptions, KeyDocument } from "./fetching.js";
export type * from "./records.js";
export { JWT_BEARER, TOKEN_EXCHANGE } from "./reports.js";
export type * from "./reports.js";
export type { ClientAssertionType, ExchangeRequest, TokenExchangeRequest, TokenRequest } from "./requests.js";
export { MemoryStore } from "./stores.js";
export type { Area, Store } from "./stores.js";
