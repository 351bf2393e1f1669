/** The core modules of a component: how a platform loads them. */

type Load = (file: string) => Promise<WebAssembly.Module>;

// In browsers, and wherever fetch reads what lies beside this file. Isolates that may not compile hand the modules over.
let ofPlatform: Load = (file) => WebAssembly.compileStreaming(fetch(new URL(`./generated/${file}`, import.meta.url)));

/** Says how this platform loads a module. */
export function useModules(load: Load): void {
  ofPlatform = load;
}

/** Modules that are loaded at the first call: by the platform, unless there is another way. */
export function loaded<File extends string>(
  files: readonly File[], load: Load = (file) => ofPlatform(file),
): () => Promise<Record<File, WebAssembly.Module>> {
  let modules: Promise<Record<File, WebAssembly.Module>> | undefined;
  return () => {
    modules ??= Promise.all(files.map(async (file) => [file, await load(file)])).then(Object.fromEntries);
    // A download that failed is tried again by the next call.
    modules.catch(() => (modules = undefined));
    return modules!;
  };
}
