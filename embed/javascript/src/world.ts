/** What a component gets of the world: its store, the time, random numbers. */

import type { Area, Store } from "./stores.js";

/** jco's types name imports with their versions; its code looks for them without. */
export type Unversioned<T> = { [Name in keyof T as Name extends `${infer Bare}@${string}` ? Bare : Name]: T[Name] };

/** The imports that every component has. */
export function world(store: Store, clock: () => number, onStoreError: (error: unknown) => void) {
  const tell = (error: unknown): void => {
    try {
      onStoreError(error);
    } catch {
      // Who listens decides nothing.
    }
  };
  /** What a store throws, and whatever it answers that is no answer, means that it is unavailable. */
  const guarded = <T>(operation: () => unknown, read: (answer: unknown) => T): T => {
    try {
      const answer = operation();
      // A promise that is rejected and that nobody waits for ends the process.
      if (isThenable(answer)) answer.then(undefined, tell);
      return read(answer);
    } catch (error) {
      tell(error);
      throw { payload: "unavailable" };
    }
  };
  return {
    "asserta:exchange/store": {
      get: (area: Area, key: string) => guarded(() => store.get(area, key), optionalText),
      set: (area: Area, key: string, value: string) => guarded(() => store.set(area, key, value), nothing),
      delete: (area: Area, key: string) => guarded(() => store.delete(area, key), nothing),
      keys: (area: Area, prefix: string, after: string | undefined, limit: number) =>
        guarded(() => store.keys(area, prefix, after, limit), texts),
      increment: (area: Area, key: string) => guarded(() => store.increment(area, key), count),
    },
    "wasi:clocks/wall-clock": { now: () => datetime(clock()) },
    "wasi:random/random": {
      getRandomBytes: (length: bigint) => crypto.getRandomValues(new Uint8Array(Number(length))),
    },
  };
}

function datetime(seconds: number): { seconds: bigint; nanoseconds: number } {
  const whole = Math.floor(seconds);
  return { seconds: BigInt(whole), nanoseconds: Math.floor((seconds - whole) * 1e9) };
}

// What a store answers. Anything else, a promise above all, is a store that does not work.

function optionalText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new TypeError("get must return a string or undefined, at once");
  return value;
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === "string")) {
    throw new TypeError("keys must return an array of strings, at once");
  }
  return value;
}

function count(value: unknown): bigint {
  if (typeof value === "bigint" && value > 0n) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return BigInt(value);
  throw new TypeError("increment must return a number from 1 on, at once");
}

function nothing(value: unknown): void {
  if (isThenable(value)) throw new TypeError("a store must answer at once, without a promise");
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
