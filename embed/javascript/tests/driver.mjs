// Carries out on this package what the scenario runner asks for (host-tests/README.md). Runs in Node and browsers:
// node-driver.mjs and browser-driver.mjs bring the lines.

import { Exchanger, InvalidMember, KeysNeeded, Refused, RegistryError } from "asserta";

const ISSUER = ["name", "issuer", "alias", "jwks_uri", "jwks", "certificate", "enabled", "algorithms", "clock_skew", "max_lifetime",
  "audience_mode", "replay", "require_jti", "typ", "subjects", "claims", "scopes", "claim_mappings"];
const CONDITION = ["claim", "equals", "one_of", "contains", "present"];
const APPLICATION = ["client_name", "grant_types", "scope", "token_endpoint_auth_method", "trusted_issuers",
  "access_token_lifetime", "audience", "enabled"];

let host; // the exchanger
let now; // what its clock shows

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
// JavaScript ignores a member that nobody reads; in JSON it is refused by its name.
const record = (document, names) => Object.fromEntries(Object.entries(document).map(([name, value]) => {
  if (!names.includes(name)) throw new InvalidMember(name, "is unknown");
  return [camel(name), value];
}));
const application = (document) => record(document, APPLICATION);
const issuer = ({ claims, ...document }) =>
  ({ ...record(document, ISSUER), claims: claims?.map((condition) => record(condition, CONDITION)) });
const secret = ({ clientId, clientSecret }) => ({ client_id: clientId, client_secret: clientSecret });

const OPERATIONS = {
  async start(settings, options) {
    host = await Exchanger.create({ ...record(settings, Object.keys(settings)), clock: () => now, ...options });
  },
  apply: ({ document }) => host.apply(JSON.stringify(document)),
  replace_organization: ({ organization }) => host.organizations.replace({ name: organization }),
  register_issuer: ({ document, ...where }) => host.trustedIssuers.register(issuer(document), where),
  replace_issuer: ({ document, ...where }) => host.trustedIssuers.replace(issuer(document), where),
  remove_issuer: ({ name, ...where }) => host.trustedIssuers.remove(name, where),
  register_application: ({ document, ...where }) => secret(host.applications.register(application(document), where)),
  replace_application({ client_id, document, ...where }) {
    host.applications.replace(client_id, application(document), where);
  },
  remove_application: ({ client_id, ...where }) => host.applications.remove(client_id, where),
  renew_secret: ({ client_id, ...where }) => secret(host.applications.renewSecret(client_id, where)),
  rotate_keys(where) {
    const item = ({ kid, signsFrom, signsUntil }) => ({ kid, signs_from: signsFrom, signs_until: signsUntil });
    return { items: host.keys.rotate(where).map(item) };
  },
  jwks: (where) => JSON.parse(host.keys.jwks(where)),
  async exchange(request) {
    const { token, expiresIn, scope } = await host.exchange(record(request, Object.keys(request)));
    return { access_token: token, token_type: "Bearer", expires_in: expiresIn, scope };
  },
  explain({ assertion, client_id, organization }) {
    const { accepted, checks } = host.explain(assertion, { organization, clientId: client_id });
    return { accepted, checks: checks.map(({ name, failed, saw }) => ({ check: name, passed: !failed, reason: failed, saw })) };
  },
  supply_keys: ({ trusted_issuer, document, max_age, ...where }) =>
    host.trustedIssuers.supplyKeys(trusted_issuer, { text: document, maxAge: max_age }, where),
  keys_unavailable: ({ trusted_issuer, ...where }) => host.trustedIssuers.reportKeysUnavailable(trusted_issuer, where),
};

export const HELLO = { protocol: 1, exact_integers: false };

/** What a request comes to. `options` are those of the exchanger that the place decides. */
export async function respond({ id, at, do: operation, ...members }, options) {
  now = at;
  try {
    return { id, ok: (await OPERATIONS[operation](members, options)) ?? null };
  } catch (error) {
    if (error instanceof Refused) {
      return { id, refused: { error: error.code, reason: error.reason, error_description: error.sentence } };
    }
    if (error instanceof KeysNeeded) return { id, keys_needed: { trusted_issuer: error.trustedIssuer, uri: error.uri } };
    if (!(error instanceof RegistryError)) throw error;
    return { id, rejected: { problem: error.problem, field: error.member && snake(error.member) } };
  }
}
