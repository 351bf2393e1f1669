/** What a component gets of the world: its store, the time, random numbers. */

import type { Area, Store } from "./stores.js";

/** jco's types name imports with their versions; its code looks for them without. */
export type Unversioned<T> = { [Name in keyof T as Name extends `${infer Bare}@${string}` ? Bare : Name]: T[Name] };

/** The imports that every component has. */
export function world(store: Store, clock: () => number, onStoreError: (error: unknown) => void) {
  /** What a store throws means that it is unavailable. */
  const guarded = <T>(operation: () => T): T => {
    try {
      return operation();
    } catch (error) {
      onStoreError(error);
      throw { payload: "unavailable" };
    }
  };
  return {
    "asserta:exchange/store": {
      get: (area: Area, key: string) => guarded(() => optionalText(store.get(area, key))),
      set: (area: Area, key: string, value: string) => guarded(() => nothing(store.set(area, key, value))),
      delete: (area: Area, key: string) => guarded(() => nothing(store.delete(area, key))),
      keys: (area: Area, prefix: string, after: string | undefined, limit: number) =>
        guarded(() => texts(store.keys(area, prefix, after, limit))),
      increment: (area: Area, key: string) => guarded(() => count(store.increment(area, key))),
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
  if (typeof (value as { then?: unknown } | undefined)?.then === "function") {
    throw new TypeError("a store must answer at once, without a promise");
  }
}
