/** Fetches JWKS documents with `fetch`, under strict limits. */

import { isLoopback, reach } from "./addresses.js";
import { membersOf } from "./convert.js";

/** A JWKS document as its endpoint served it. */
export interface KeyDocument {
  /** The body. */
  text: string;
  /** `max-age` of its `Cache-Control` header less its `Age`, in seconds. */
  maxAge?: number;
}

/** Why a document can't be had, as one word: `unknown` where a fetcher of your own does not say. */
export type FetchCause =
  | "bad-address" | "name-unknown" | "address-refused" | "unreachable" | "tls" | "certificate" | "timed-out" | "incomplete"
  | "redirect" | "status" | "too-large" | "encoded" | "unknown";

/** The document can't be had. `problem` is one word for programs, `cause` what the platform threw, if it did. */
export class FetchFailed extends Error {
  override name = "FetchFailed";
  constructor(
    message: string, readonly problem: FetchCause = "unknown", options?: { cause?: unknown; status?: number },
  ) {
    super(message, options);
    this.status = options?.status;
  }

  /** The HTTP status, of a `redirect` or another `status` than 200, where it is known. */
  readonly status?: number;
}

export const TIME_LIMIT = 5_000;
export const SIZE_LIMIT = 64 * 1024;
// `URL` forgives what is none: credentials, a backslash, no host at all, white space.
const WELL_FORMED = /^https?:\/\/[^/?#\\@\s]+([/?#]\S*)?$/i;

/** What may be fetched. */
export interface FetchOptions {
  /** `http` on this machine's loopback. Default: false. */
  dev?: boolean;
  /** A private network, or this machine: for an endpoint that its operator has named. Default: false. */
  allowPrivate?: boolean;
}

/**
 * GETs a JWKS document: https only (http to this machine's loopback with `dev`), no redirect followed,
 * status 200 only, at most 64 KiB and 5 seconds. Throws {@link FetchFailed}.
 *
 * `fetch` does not tell which address a name leads to. So this refuses only hosts that are written as a
 * private address; where issuers are registered by strangers, let your network refuse the rest.
 */
export async function fetchKeys(uri: string, options: FetchOptions = {}): Promise<KeyDocument> {
  const url = address(uri, membersOf("options", options, { dev: true, allowPrivate: true }));
  try {
    return await get(url);
  } catch (error) {
    throw told(error);
  }
}

/** The URL, if it is one that may be fetched. */
function address(uri: string, { dev = false, allowPrivate = false }: FetchOptions): URL {
  const bad = (problem: string): FetchFailed => new FetchFailed(problem, "bad-address");
  if (typeof uri !== "string" || !WELL_FORMED.test(uri)) throw bad("its URL must begin with https:// and name a host alone");
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    throw bad("its URL can't be fetched");
  }
  const isHere = isLoopback(url.hostname);
  if (url.protocol !== "https:" && !(dev && isHere)) throw bad("its URL must begin with https://");
  const from = reach(url.hostname);
  const isAllowed = from === "public" || (isHere && (dev || allowPrivate)) || (from === "private" && allowPrivate);
  if (!isAllowed) {
    throw new FetchFailed("its host has a private or special address, which is refused", "address-refused");
  }
  return url;
}

async function get(url: URL): Promise<KeyDocument> {
  const response = await fetch(url, {
    // In a browser it says itself what it decompresses.
    headers: { accept: "application/jwk-set+json, application/json", "accept-encoding": "identity" },
    redirect: "manual",
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      // A browser keeps the status of a redirect to itself.
      throw new FetchFailed(`it answered ${status ? `${status}, ` : "with "}a redirect, which is not followed`, "redirect", { status });
    }
    throw new FetchFailed(`it answered ${status} instead of 200`, "status", { status });
  }
  const [cacheControl, age] = ["cache-control", "age"].map((name) => response.headers.get(name) ?? "");
  return { text: await readText(response), maxAge: maxAge(cacheControl, age) };
}

/** What the platform threw, in the words that every host has for it. Node names a code; browsers say no more. */
function told(error: unknown): FetchFailed {
  if (error instanceof FetchFailed) return error;
  const { name, cause } = error as { name?: string; cause?: { code?: unknown; errors?: { code?: unknown }[] } };
  const code = String(cause?.code ?? cause?.errors?.[0]?.code ?? "");
  const failed = (problem: FetchCause, message: string): FetchFailed => new FetchFailed(message, problem, { cause: error });
  if (name === "TimeoutError" || /TIMEDOUT|TIMEOUT/.test(code)) return failed("timed-out", "no complete answer within 5 seconds");
  if (/^(ENOTFOUND|EAI_)/.test(code)) return failed("name-unknown", "DNS knows no address of its host");
  if (/CERT|SELF_SIGNED|UNABLE_TO|^(CRL|HOSTNAME)_/.test(code)) {
    return failed("certificate", "TLS with it fails: its certificate is not accepted");
  }
  if (/SSL|TLS/.test(code)) return failed("tls", "TLS with it fails");
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code)) return failed("unreachable", "no connection to it");
  if (/^(ECONNRESET|EPIPE|UND_ERR_|HPE_)/.test(code)) return failed("incomplete", "its answer is incomplete or not HTTP");
  return failed("unknown", "the fetch failed");
}

export async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value);
    size += part.value.byteLength;
    if (size > SIZE_LIMIT) {
      await reader?.cancel();
      throw new FetchFailed("its document exceeds 64 KiB", "too-large");
    }
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FetchFailed("its document is not UTF-8", "encoded", { cause });
  }
}

/** `max-age` less the `Age` (RFC 9111 sections 4.2.3 and 5.2.2); 0 where caching is forbidden. */
function maxAge(header = "", ages = ""): number | undefined {
  let seconds: number | undefined;
  for (const directive of header.toLowerCase().split(",")) {
    const [name, value] = directive.trim().split("=");
    if (name === "no-store" || name === "no-cache") return 0;
    const digits = /^"?([0-9]{1,15})"?$/.exec(value ?? "")?.[1];
    if (name === "max-age" && digits) seconds = Number(digits);
  }
  // How long caches on the way have had it: the first one counts.
  const age = /^\s*([0-9]{1,15})\s*(,|$)/.exec(ages)?.[1];
  return seconds === undefined ? undefined : Math.max(0, seconds - Number(age ?? 0));
}
