// What the platform and its bundler bring; as much of it as is used here.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "cloudflare:workers" {
  import type { DurableObjectState } from "./cloudflare-platform.js";

  export abstract class DurableObject<Env = unknown> {
    constructor(ctx: DurableObjectState, env: Env);
    protected ctx: DurableObjectState;
    protected env: Env;
  }
}
