/** The guard as a component (`wit/guard.wit`). It imports nothing. */

import { instantiate, type Root } from "./generated/guard-library.js";
import { loaded } from "./modules.js";

/** The core WebAssembly modules that the component consists of. */
const FILES = ["guard-library.core.wasm"] as const;

/** The compiled modules, by their file names in `asserta/modules/`. */
export type GuardModules = Record<(typeof FILES)[number], WebAssembly.Module>;

/** What an instance exports. */
export type Component = Root["guard"];

/** The modules, compiled at the first call. */
export const modules = loaded(FILES);

/** Starts an instance. */
export function start(modules: GuardModules): Component {
  return instantiate((file) => modules[file as keyof GuardModules], {} as never).guard;
}
