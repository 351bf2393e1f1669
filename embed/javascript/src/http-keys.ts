/** Fetches the documents that the component asks for: each once, however many wait for it. */

import { FetchFailed, SIZE_LIMIT, type KeyDocument } from "./fetching.js";
import type { FetchProblem, Fetched } from "./generated/interfaces/asserta-exchange-http.js";

/** In milliseconds: so long may a fetcher of the user's own take. The package's own takes 5 seconds at most. */
const FETCH_TIMEOUT = 10_000;

/** A fetcher whose fetches are shared. */
export class SharedFetches {
  readonly #fetch: (uri: string) => Promise<KeyDocument>;
  readonly #underWay = new Map<string, Promise<Fetched>>();

  constructor(fetch: (uri: string) => Promise<KeyDocument>) {
    this.#fetch = fetch;
  }

  /** The document, or why there is none. Never throws. */
  get(uri: string): Promise<Fetched> {
    let fetched = this.#underWay.get(uri);
    if (!fetched) {
      fetched = this.#get(uri).finally(() => this.#underWay.delete(uri));
      this.#underWay.set(uri, fetched);
    }
    return fetched;
  }

  async #get(uri: string): Promise<Fetched> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const failed = new FetchFailed("no document in time", "timed-out");
      timer = setTimeout(() => reject(failed), FETCH_TIMEOUT);
    });
    try {
      return fetched(await Promise.race([this.#fetch(uri), late]));
    } catch (error) {
      return { tag: "err", val: problem(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A document in the component's terms. What a fetcher of the user's own makes up is refused here. */
function fetched({ text, maxAge }: KeyDocument): Fetched {
  if (typeof text !== "string") throw new FetchFailed("a document must be a text");
  if (text.length > SIZE_LIMIT) throw new FetchFailed("its document exceeds 64 KiB", "too-large");
  const body = new TextEncoder().encode(text);
  if (body.byteLength > SIZE_LIMIT) throw new FetchFailed("its document exceeds 64 KiB", "too-large");
  const isAge = maxAge !== undefined && Number.isSafeInteger(maxAge) && maxAge >= 0;
  return { tag: "ok", val: { body, maxAge: isAge ? BigInt(maxAge) : undefined } };
}

/** Why there is none, in the component's terms. */
function problem(error: unknown): FetchProblem {
  if (!(error instanceof FetchFailed)) return { tag: "unknown" };
  const tag = error.problem;
  // A browser keeps the status of a redirect to itself.
  return tag === "redirect" || tag === "status" ? { tag, val: error.status ?? 0 } : { tag };
}
