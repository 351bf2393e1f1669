/** The component: compiled once, instantiated when needed. */

import { instantiate, type ImportObject, type Root } from "./generated/exchanger.js";
import type { Area, Store } from "./stores.js";

/** The core WebAssembly modules that the component consists of. */
const FILES = ["exchanger.core.wasm", "exchanger.core2.wasm", "exchanger.core3.wasm"] as const;

/** The compiled modules, by their file names in `asserta/modules/`. */
export type Modules = Record<(typeof FILES)[number], WebAssembly.Module>;

export type { Root };

let load: (file: string) => Promise<WebAssembly.Module>;
let loaded: Promise<Modules> | undefined;

/** Says how this platform loads a module. */
export function useModules(loader: (file: string) => Promise<WebAssembly.Module>): void {
  load = loader;
  loaded = undefined;
}

/** The modules, compiled at the first call. */
export function modules(): Promise<Modules> {
  loaded ??= Promise.all(FILES.map(async (file) => [file, await load(file)])).then(Object.fromEntries);
  // A download that failed is tried again by the next call.
  loaded.catch(() => (loaded = undefined));
  return loaded!;
}

/** jco's types name imports with their versions; its code looks for them without. */
type Unversioned<T> = { [Name in keyof T as Name extends `${infer Bare}@${string}` ? Bare : Name]: T[Name] };

/** Starts an instance: all it gets of the world is its store, the time and random numbers. */
export function start(modules: Modules, store: Store, clock: () => number, onStoreError: (error: unknown) => void): Root {
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
      get: (area: Area, key: string) => guarded(() => store.get(area, key) ?? undefined),
      set: (area: Area, key: string, value: string) => guarded(() => store.set(area, key, value)),
      delete: (area: Area, key: string) => guarded(() => store.delete(area, key)),
      keys: (area: Area, prefix: string) => guarded(() => store.keys(area, prefix)),
      increment: (area: Area, key: string) => guarded(() => BigInt(store.increment(area, key))),
    },
    "wasi:clocks/wall-clock": { now: () => datetime(clock()) },
    "wasi:random/random": {
      getRandomBytes: (length: bigint) => crypto.getRandomValues(new Uint8Array(Number(length))),
    },
  };
  return instantiate((file) => modules[file as keyof Modules], imports as unknown as ImportObject);
}

function datetime(seconds: number): { seconds: bigint; nanoseconds: number } {
  const whole = Math.floor(seconds);
  return { seconds: BigInt(whole), nanoseconds: Math.floor((seconds - whole) * 1e9) };
}
