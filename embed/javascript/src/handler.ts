/** The HTTP face as a component (`wit/http.wit`): requests in, responses out, as plain values. */

import { instantiate, type ImportObject, type Root } from "./generated/handler.js";
import { loaded } from "./modules.js";
import type { Store } from "./stores.js";
import { world, type Unversioned } from "./world.js";

/** The core WebAssembly modules that the component consists of. */
const FILES = ["handler.core.wasm", "handler.core2.wasm", "handler.core3.wasm"] as const;

/** The compiled modules, by their file names in `asserta/modules/`. */
export type HttpModules = Record<(typeof FILES)[number], WebAssembly.Module>;

/** What an instance exports. */
export type Handler = Root["http"];

/** The modules, compiled at the first call. */
export const modules = loaded(FILES);

/** What an instance gets of the world. */
export interface World {
  modules: HttpModules;
  store: Store;
  clock: () => number;
  onStoreError: (error: unknown) => void;
  onEvent: (event: string) => void;
}

/** Starts an instance. */
export function start({ modules, store, clock, onStoreError, onEvent }: World): Handler {
  const imports: Unversioned<ImportObject> = {
    ...world(store, clock, onStoreError),
    "asserta:exchange/events": { emit: onEvent },
  };
  return instantiate((file) => modules[file as keyof HttpModules], imports as never).http;
}
