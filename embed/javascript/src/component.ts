/** The component: compiled once, instantiated when needed. */

import { instantiate, type ImportObject, type Root } from "./generated/exchanger.js";
import { loaded } from "./modules.js";
import type { Store } from "./stores.js";
import { world, type Unversioned } from "./world.js";

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

/** The modules, compiled at the first call. */
export const modules = loaded(FILES);

/** Modules that are loaded in another way. */
export const compiled = (load: (file: string) => Promise<WebAssembly.Module>): (() => Promise<Modules>) => loaded(FILES, load);

/** Starts an instance: all it gets of the world is its store, the time, random numbers, and signatures if asked for. */
export function start(
  modules: Modules, store: Store, clock: () => number, onStoreError: (error: unknown) => void, signatures?: HostSignatures,
): Root {
  const imports: Unversioned<ImportObject> = world(store, clock, onStoreError);
  const module = (file: string) => modules[file as keyof Modules];
  if (!signatures) return instantiate(module, imports as never);
  return signatures.instantiate(module, { ...imports, "asserta:exchange/signatures": signatures } as never);
}
