// Carries out on this package what the scenario runner asks for (host-tests/README.md). Runs in Node and browsers:
// node-driver.mjs and browser-driver.mjs bring the lines.

import { Exchanger, KeysNeeded, Refused, RegistryError } from "asserta";

let host; // the exchanger
let now; // what its clock shows

const camel = (members) => Object.fromEntries(Object.entries(members).map(
  ([name, value]) => [name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()), value]));
const needed = ({ organization, trusted_issuer, client_id, uri }) =>
  new KeysNeeded(organization, trusted_issuer ?? undefined, "jwks", uri, client_id ?? undefined);

const OPERATIONS = {
  async start(settings, options) {
    host = await Exchanger.create({ ...camel(settings), clock: () => now, ...options });
  },
  apply: ({ document }) => host.apply(document),
  replace_organization: ({ organization }) => host.organizations.replace({ name: organization }),
  register_issuer: ({ document, ...where }) => host.trustedIssuers.register(document, where),
  replace_issuer: ({ document, ...where }) => host.trustedIssuers.replace(document, where),
  remove_issuer: ({ name, ...where }) => host.trustedIssuers.remove(name, where),
  register_application: ({ document, ...where }) => host.applications.register(document, where),
  replace_application: ({ client_id, document, ...where }) => host.applications.replace({ ...document, client_id }, where),
  remove_application: ({ client_id, ...where }) => host.applications.remove(client_id, where),
  renew_secret: ({ client_id, ...where }) => host.applications.renewSecret(client_id, where),
  rotate_keys: (where) => ({ items: host.keys.rotate(where) }),
  introspect: (question) => host.introspect(camel(question)),
  revoke: (question) => host.revoke(camel(question)),
  revoke_all: ({ document, ...where }) => host.revocations.add(document, where),
  jwks: (where) => JSON.parse(host.keys.jwks(where)),
  async exchange({ token_exchange, ...request }) {
    const { assertion, ...rest } = camel(request);
    const { token, tokenType, expiresIn, scope, issuedTokenType, dpopNonce } = token_exchange
      ? await host.exchangeToken({ ...rest, subjectToken: assertion, ...camel(token_exchange) })
      : await host.exchange({ ...rest, assertion });
    return {
      access_token: token, token_type: tokenType, expires_in: expiresIn, scope, issued_token_type: issuedTokenType,
      dpop_nonce: dpopNonce,
    };
  },
  explain: ({ assertion, token_exchange, ...who }) => token_exchange
    ? host.explainToken({ ...camel(who), subjectToken: assertion, ...camel(token_exchange) })
    : host.explain(assertion, camel(who)),
  explain_client: ({ client_assertion, ...who }) => host.explainClient(client_assertion, camel(who)),
  supply_keys: ({ document, max_age, ...which }) => host.supplyKeys(needed(which), { text: document, maxAge: max_age }),
  keys_unavailable: (which) => host.reportKeysUnavailable(needed(which)),
};

export const HELLO = { protocol: 1, exact_integers: false };

/** What a request comes to. `options` are those of the exchanger that the place decides. */
export async function respond({ id, at, do: operation, ...members }, options) {
  now = at;
  try {
    return { id, ok: (await OPERATIONS[operation](members, options)) ?? null };
  } catch (error) {
    if (error instanceof Refused) {
      const { code, reason, sentence, dpopNonce } = error;
      return { id, refused: { error: code, reason, error_description: sentence, dpop_nonce: dpopNonce } };
    }
    if (error instanceof KeysNeeded) {
      const { trustedIssuer: trusted_issuer, clientId: client_id, uri } = error;
      return { id, keys_needed: { trusted_issuer, client_id, uri } };
    }
    if (!(error instanceof RegistryError)) throw error;
    return { id, rejected: { problem: error.kind, field: error.field } };
  }
}
