/** The entry for Node, whose fetch reads no files. */

import { readFile } from "node:fs/promises";

import { useModules } from "./modules.js";

export * from "./index.js";

useModules(async (file) => WebAssembly.compile(await readFile(new URL(`./generated/${file}`, import.meta.url))));
