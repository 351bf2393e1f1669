// An API behind the guard, in a Worker. The module is compiled where the Worker is deployed.

import library from "asserta/modules/guard-library.core.wasm";
import { guard } from "asserta/guard";

/** wrangler.jsonc beside it names one. */
export class Asserta {}

let handler;

export default {
  fetch(request, { ISSUER, AUDIENCE, JWKS_URI }) {
    handler ??= guard((request, { subject, clientId }) => Response.json({ subject, clientId }), {
      issuer: ISSUER, audience: AUDIENCE, jwksUri: JWKS_URI, modules: { "guard-library.core.wasm": library },
    });
    return handler(request);
  },
};
