/** Asks the issuer about a token (RFC 7662). */

import { readText, TIME_LIMIT } from "./fetching.js";

/** Who asks: an application of the organization, with a secret. */
export interface GuardClient {
  /** Its `client_id`. */
  clientId: string;
  /** Its secret. */
  clientSecret: string;
}

/** The body of the issuer's response. Throws where it can't be had; only status 200 counts. */
export async function introspect(endpoint: string, token: string, client: GuardClient): Promise<Uint8Array> {
  // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
  const encoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${encoded(client.clientId)}:${encoded(client.clientSecret)}`)}`,
      accept: "application/json",
      "accept-encoding": "identity",
    },
    body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    redirect: "manual",
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the introspection endpoint answered ${response.status}`);
  }
  return new TextEncoder().encode(await readText(response));
}
