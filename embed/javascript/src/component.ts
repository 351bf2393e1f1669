/** The component: compiled once, instantiated when needed. */

import { instantiate, type ImportObject, type Root } from "./generated/exchanger.js";
import type { Area, Store } from "./stores.js";

/** The core WebAssembly modules that the component consists of. */
const FILES = ["exchanger.core.wasm", "exchanger.core2.wasm", "exchanger.core3.wasm"] as const;

/** The compiled modules, by their file names in `asserta/modules/`. */
export type Modules = Record<(typeof FILES)[number], WebAssembly.Module>;

export type { Root };

/** Signatures by the host instead of inside the component. `asserta/host-signatures` has them for Node. */
export interface HostSignatures {
  /** The compiled modules of the component that asks for them. */
  modules(): Promise<Modules>;
  /** Starts that component. */
  instantiate(module: (file: string) => WebAssembly.Module, imports: never): Root;
  /** Whether a signature verifies. `key` is a DER-encoded SubjectPublicKeyInfo. Never throws. */
  verify(algorithm: string, key: Uint8Array, signingInput: Uint8Array, signature: Uint8Array): boolean;
  /** Signs, or throws an object whose `payload` is a `signing-error`. `key` is a DER-encoded PKCS#8 document. */
  sign(algorithm: string, key: Uint8Array, signingInput: Uint8Array): Uint8Array;
}

let ofPlatform: () => Promise<Modules>;

/** Says how this platform loads a module. */
export function useModules(load: (file: string) => Promise<WebAssembly.Module>): void {
  ofPlatform = compiled(load);
}

/** The modules, compiled at the first call. */
export function modules(): Promise<Modules> {
  return ofPlatform();
}

/** Modules that are loaded at the first call. */
export function compiled(load: (file: string) => Promise<WebAssembly.Module>): () => Promise<Modules> {
  let loaded: Promise<Modules> | undefined;
  return () => {
    loaded ??= Promise.all(FILES.map(async (file) => [file, await load(file)])).then(Object.fromEntries);
    // A download that failed is tried again by the next call.
    loaded.catch(() => (loaded = undefined));
    return loaded!;
  };
}

/** jco's types name imports with their versions; its code looks for them without. */
type Unversioned<T> = { [Name in keyof T as Name extends `${infer Bare}@${string}` ? Bare : Name]: T[Name] };

/** Starts an instance: all it gets of the world is its store, the time, random numbers, and signatures if asked for. */
export function start(
  modules: Modules, store: Store, clock: () => number, onStoreError: (error: unknown) => void, signatures?: HostSignatures,
): Root {
  /** What a store throws means that it is unavailable. */
  const guarded = <T>(operation: () => T): T => {
    try {
      return operation();
    } catch (error) {
      onStoreError(error);
      throw { payload: "unavailable" };
    }
  };
  const imports: Unversioned<ImportObject> = {
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
  const module = (file: string) => modules[file as keyof Modules];
  if (!signatures) return instantiate(module, imports as never);
  return signatures.instantiate(module, { ...imports, "asserta:exchange/signatures": signatures } as never);
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
