/** Where registrations, keys and used assertions are kept. */

/** `registry`: registrations, keys, JWKS documents. `replay`: used assertions. No key is in both. */
export type Area = "registry" | "replay";

/**
 * A key-value store of text. Its functions answer at once: the component can't wait. Anything it throws
 * counts as: the store is unavailable; the exchange is refused then.
 */
export interface Store {
  /** The value of a key; of a counter its decimal number; undefined where there is none. */
  get(area: Area, key: string): string | undefined;
  /** Writes a value, whether the key exists or not. */
  set(area: Area, key: string, value: string): void;
  /** Removes a key; no error where it does not exist. */
  delete(area: Area, key: string): void;
  /** The keys that begin with `prefix`, in ascending order: at most `limit`, and only those after `after`, if given. */
  keys(area: Area, prefix: string, after: string | undefined, limit: number): string[];
  /**
   * Adds one to a counter (absent counts as 0) and returns the new number. Atomic among all that use the
   * store: that an assertion works only once rests on it.
   */
  increment(area: Area, key: string): number;
}

/** A store that lives as long as this object. */
export class MemoryStore implements Store {
  readonly #areas = { registry: new Map<string, string>(), replay: new Map<string, string>() };

  get(area: Area, key: string): string | undefined {
    return this.#areas[area].get(key);
  }

  set(area: Area, key: string, value: string): void {
    this.#areas[area].set(key, value);
  }

  delete(area: Area, key: string): void {
    this.#areas[area].delete(key);
  }

  keys(area: Area, prefix: string, after: string | undefined, limit: number): string[] {
    const found = [...this.#areas[area].keys()].filter((key) => key.startsWith(prefix) && key > (after ?? ""));
    return found.sort().slice(0, limit);
  }

  increment(area: Area, key: string): number {
    const number = Number(this.#areas[area].get(key) ?? "0") + 1;
    if (!Number.isSafeInteger(number)) throw new TypeError("increment of something that is no counter");
    this.#areas[area].set(key, String(number));
    return number;
  }
}
