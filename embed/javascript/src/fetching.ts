/** Fetches JWKS documents with `fetch`, under strict limits. */

/** A JWKS document as its endpoint served it. */
export interface KeyDocument {
  /** The body. */
  text: string;
  /** `max-age` of its `Cache-Control` header, in seconds. */
  maxAge?: number;
}

/** The document can't be had. */
export class FetchFailed extends Error {
  override name = "FetchFailed";
}

const TIME_LIMIT = 5_000;
const SIZE_LIMIT = 64 * 1024;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * GETs a JWKS document: https only (http to this machine's loopback with `dev`), no redirect followed,
 * status 200 only, at most 64 KiB and 5 seconds.
 *
 * `fetch` does not tell which address a name leads to. So this refuses only hosts that are written as a
 * private address; where issuers are registered by strangers, let your network refuse the rest.
 */
export async function fetchKeys(uri: string, options: { dev?: boolean } = {}): Promise<KeyDocument> {
  const url = new URL(uri);
  const loopback = LOOPBACK.test(url.hostname);
  if (url.username || url.password) throw new FetchFailed("the URL must not contain credentials");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && options.dev && loopback)) {
    throw new FetchFailed("the URL must begin with https://");
  }
  if (isPrivate(url.hostname) && !(options.dev && loopback)) {
    throw new FetchFailed("the host is an address of a private network");
  }
  const response = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "error",
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new FetchFailed("the status is not 200");
  }
  return { text: await read(response), maxAge: maxAge(response.headers.get("cache-control") ?? "") };
}

async function read(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = response.body?.getReader();
  let text = "";
  let size = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > SIZE_LIMIT) {
      await reader?.cancel();
      throw new FetchFailed("the document exceeds 64 KiB");
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/** `max-age` (RFC 9111 section 5.2.2); 0 where caching is forbidden. */
function maxAge(header: string): number | undefined {
  let seconds: number | undefined;
  for (const directive of header.toLowerCase().split(",")) {
    const [name, value] = directive.trim().split("=");
    if (name === "no-store" || name === "no-cache") return 0;
    const digits = /^"?([0-9]{1,15})"?$/.exec(value ?? "")?.[1];
    if (name === "max-age" && digits) seconds = Number(digits);
  }
  return seconds;
}

/** Whether a host is written as an address that the public Internet does not route. URL has made it canonical. */
function isPrivate(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const four = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  if (four) {
    const [first, second] = [Number(four[1]), Number(four[2])];
    return (
      first === 0 || first === 10 || first === 127 || first >= 224 ||
      (first === 100 && second >= 64 && second < 128) || (first === 169 && second === 254) ||
      (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168) ||
      (first === 198 && (second === 18 || second === 19))
    );
  }
  // Of IPv6 only 2000::/3 is global unicast.
  return host.startsWith("[") && !/^\[[23][0-9a-f]{3}:/.test(host);
}
