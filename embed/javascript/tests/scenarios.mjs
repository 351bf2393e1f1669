// Carries out the scenarios that all hosts share (host-tests/scenarios/README.md), and prints a line for each:
//   node scenarios.mjs [--host-signatures] target/scenarios.json [topic/name …]

import { readFileSync } from "node:fs";

import { createLocalJWKSet, jwtVerify } from "jose";
import { Exchanger, InvalidMember, Refused, RegistryError } from "asserta";

const STATUSES = {
  "name-taken": 409, "issuer-taken": 409, "not-found": 404, "organization-unknown": 404, invalid: 400, "store-unavailable": 503,
};
const HTTP_FORMS = {
  post: "credentials in the request body exist only over HTTP",
  none: "a call without credentials can't be written",
};
// From this step on a scenario goes another way where the caller supplies the keys.
const STOPS = {
  "jwks-endpoint/unreadable-documents":
    [17, "a stale document is fetched before the exchange here, and not after the answer"],
};

/** The scenario says something that only HTTP can say. */
class Skipped extends Error {}

// JSON.parse has rounded it, so that what the scenario means can't be said here.
function hasUnsafeInteger(value) {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnsafeInteger);
}
/** The rest of the scenario goes another way. */
class Stopped extends Error {}

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const renamed = (record, names) => Object.fromEntries(Object.entries(record).map(([name, value]) => {
  // JavaScript would ignore a member that nobody reads; in JSON it is refused by its name.
  if (!names.includes(name)) throw new InvalidMember(camel(name), "is unknown");
  return [camel(name), value];
}));

const ISSUER = ["name", "issuer", "alias", "jwks_uri", "jwks", "certificate", "enabled", "algorithms", "clock_skew", "max_lifetime",
  "audience_mode", "replay", "require_jti", "typ", "subjects", "claims", "scopes", "claim_mappings"];
const APPLICATION = ["client_name", "grant_types", "scope", "token_endpoint_auth_method", "trusted_issuers",
  "access_token_lifetime", "audience", "enabled"];

class Failed extends Error {}
const check = (holds, message) => {
  if (!holds) throw new Failed(typeof message === "string" ? message : JSON.stringify(message));
};

const { hostSignatures } = process.argv.includes("--host-signatures") ? await import("asserta/host-signatures") : {};

/** One scenario on a fresh exchanger. */
class Run {
  constructor(scenario) {
    this.scenario = scenario;
    this.now = scenario.steps[0].at;
    this.endpoints = new Map();
    for (const [name, { url, answers }] of Object.entries(scenario.key_endpoints)) {
      this.endpoints.set(url, { name, answers: [...answers], fetches: 0 });
    }
    this.known = new Map();
  }

  endpoint(name) {
    return [...this.endpoints.values()].find((endpoint) => endpoint.name === name);
  }

  /** What the scenario's JWKS endpoint answers, in turn. */
  async fetch(uri) {
    const endpoint = this.endpoints.get(uri);
    endpoint.fetches += 1;
    const answer = endpoint.answers.length > 1 ? endpoint.answers.shift() : endpoint.answers[0];
    const size = new TextEncoder().encode(answer.body).length;
    if (answer.status !== 200 || size > 64 * 1024 || answer.delay_ms >= 5000) throw new Error("not within the limits");
    const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const header = headers["cache-control"] ?? "";
    const digits = /max-age=(\d+)/.exec(header)?.[1];
    const maxAge = /no-store|no-cache/.test(header) ? 0 : digits && Number(digits);
    return { text: answer.body, maxAge };
  }

  async run() {
    const { settings, steps, topic, name } = this.scenario;
    this.exchanger = await Exchanger.create({
      publicUrl: settings.public_url, accessTokenAlgorithm: settings.access_token_algorithm, dev: settings.dev ?? true,
      fetchKeys: (uri) => this.fetch(uri), clock: () => this.now, hostSignatures,
    });
    if (settings.trust) this.exchanger.apply(JSON.stringify(settings.trust));
    const [stop, reason] = STOPS[`${topic}/${name}`] ?? [];
    for (const step of steps) {
      if (stop !== undefined && step.number === stop) throw new Stopped(`until step ${stop}: ${reason}`);
      this.now = step.at;
      const action = Object.keys(step).find((key) => !["number", "at", "label", "expect"].includes(key));
      try {
        await this[action](step[action], step);
        for (const [endpoint, expected] of Object.entries(step.expect.fetches ?? {})) {
          const { fetches } = this.endpoint(endpoint);
          check(fetches === expected, `${fetches} fetches of ${endpoint}, expected ${expected}`);
        }
      } catch (error) {
        if (error instanceof Failed) error.message = `step ${step.number ?? "before"}: ${action}: ${error.message}`;
        throw error;
      }
    }
  }

  filled(text) {
    return text.replace(/\$\{([^}]*)\}/g, (_, name) => this.known.get(name));
  }

  // Registrations.

  registration(step, act) {
    const { expect } = step;
    let made;
    try {
      made = act();
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      check(STATUSES[error.problem] === expect.status, `${error}, expected ${JSON.stringify(expect)}`);
      if (expect.field && error instanceof InvalidMember) {
        // What follows claim_mappings is the name of a claim.
        const field = expect.field.replace(/^claim_mappings\.(.*)$/, "claimMappings.$1");
        check(error.member === (field === expect.field ? camel(field) : field), `${error.member}, expected ${expect.field}`);
      }
      return undefined;
    }
    check(expect.status < 300, `it was taken, expected ${JSON.stringify(expect)}`);
    return made;
  }

  register_organization(name, step) {
    this.registration(step, () => this.exchanger.organizations.replace({ name }));
  }

  issuer(record) {
    const claims = record.claims?.map((one) => renamed(one, ["claim", "equals", "one_of", "contains", "present"]));
    return { ...renamed(record, ISSUER), ...(claims && { claims }) };
  }

  register_issuer({ record, organization }, step) {
    this.registration(step, () => this.exchanger.trustedIssuers.register(this.issuer(record), { organization }));
  }

  replace_issuer({ record, organization }, step) {
    this.registration(step, () => this.exchanger.trustedIssuers.replace(this.issuer(record), { organization }));
  }

  remove_issuer({ name, organization }, step) {
    this.registration(step, () => this.exchanger.trustedIssuers.remove(name, { organization }));
  }

  remember(name, made) {
    if (!made) return;
    const before = this.known.get(`client_secret:${name}`);
    if (before) this.known.set(`previous_client_secret:${name}`, before);
    this.known.set(`client_id:${name}`, made.clientId).set(`client_secret:${name}`, made.clientSecret);
  }

  register_application({ record, organization, name }, step) {
    const act = () => this.exchanger.applications.register(renamed(record, APPLICATION), { organization });
    this.remember(name, this.registration(step, act));
  }

  replace_application({ record, organization, name }, step) {
    const id = this.known.get(`client_id:${name}`);
    this.registration(step, () => this.exchanger.applications.replace(id, renamed(record, APPLICATION), { organization }));
  }

  remove_application({ organization, name }, step) {
    this.registration(step, () => this.exchanger.applications.remove(this.known.get(`client_id:${name}`), { organization }));
  }

  renew_secret({ organization, name }, step) {
    const id = this.known.get(`client_id:${name}`);
    this.remember(name, this.registration(step, () => this.exchanger.applications.renewSecret(id, { organization })));
  }

  rotate_keys({ organization }, step) {
    this.registration(step, () => this.exchanger.keys.rotate({ organization }));
  }

  key_endpoint({ name, answers }) {
    this.endpoint(name).answers = [...answers];
  }

  advance() {} // `at` has moved on

  http({ method, path }, step) {
    const found = /^(?:\/t\/([^/]+))?\/oauth2\/jwks$/.exec(path);
    if (method !== "GET" || !found) throw new Skipped("a step is an HTTP request");
    const jwks = JSON.parse(this.exchanger.keys.jwks({ organization: found[1] ?? "default" }));
    check(this.matches(step.expect.body ?? {}, jwks), jwks);
  }

  /** Whether everything is there that the scenario names. */
  matches(expected, found) {
    if (expected === "${any}") return true;
    if (typeof expected === "string") return this.filled(expected) === found;
    if (typeof expected !== "object" || expected === null) return expected === found;
    if (Array.isArray(expected) && expected.length !== found?.length) return false;
    return Object.entries(expected).every(([name, value]) => found?.[name] !== undefined && this.matches(value, found[name]));
  }

  // Exchanges.

  async exchange(given, step) {
    if (given.credentials in HTTP_FORMS) throw new Skipped(HTTP_FORMS[given.credentials]);
    const one = (assertion) => this.exchanger.exchange({
      assertion: this.filled(assertion), clientId: this.filled(given.client_id), clientSecret: this.filled(given.client_secret),
      organization: given.organization, scope: given.scope, resource: given.resource,
    }).catch((error) => {
      if (error instanceof Refused) return error;
      throw error;
    });
    const outcomes = [];
    if (given.at_once) outcomes.push(...(await Promise.all(given.assertions.map(one))));
    else for (const assertion of given.assertions) outcomes.push(await one(assertion));
    const { expect } = step;
    for (const outcome of outcomes) {
      if (expect.error) {
        check(outcome instanceof Refused, `granted, expected ${JSON.stringify(expect)}`);
        const told = `${outcome} (${outcome.reason}), expected ${JSON.stringify(expect)}`;
        check(outcome.code === expect.error && outcome.reason === (expect.reason ?? outcome.reason), told);
      } else {
        check(!(outcome instanceof Error), `${outcome}, expected a token`);
        await this.checkToken(given.organization, outcome, step);
      }
    }
  }

  async checkToken(organization, token, { expect, label }) {
    const keys = createLocalJWKSet(JSON.parse(this.exchanger.keys.jwks({ organization })));
    const { issuer } = this.exchanger.organizations.urls(organization);
    const options = { issuer, typ: "at+jwt", currentDate: new Date(this.now * 1000) };
    const { payload } = await jwtVerify(token.token, keys, options);
    check(payload.exp - payload.iat === token.expiresIn, payload);
    // Numbers beyond what JavaScript can hold are compared by the hosts that can.
    check(this.matches(expect.token ?? {}, payload), payload);
    for (const name of expect.token_without ?? []) check(!(name in payload), payload);
    const body = { access_token: token.token, token_type: "Bearer", expires_in: token.expiresIn, scope: token.scope };
    check(this.matches(expect.body ?? {}, body), body);
    for (const name of expect.without ?? []) check(body[name] === undefined, body);
    if (label) this.known.set(`access_token:${label}`, token.token);
  }
}

const [path, ...only] = process.argv.slice(2).filter((argument) => argument !== "--host-signatures");
let failed = 0;
for (const scenario of JSON.parse(readFileSync(path, "utf8")).scenarios) {
  const identity = `${scenario.topic}/${scenario.name}`;
  if (only.length > 0 && !only.includes(identity)) continue;
  let outcome = "ok";
  try {
    if (scenario.http_only) throw new Skipped(scenario.http_only);
    if (scenario.steps.some((step) => hasUnsafeInteger(step.register_issuer))) throw new Skipped("a number in JavaScript is no integer beyond 2^53");
    await new Run(scenario).run();
  } catch (error) {
    if (error instanceof Skipped) outcome = `skipped: ${error.message}`;
    else if (error instanceof Stopped) outcome = `ok ${error.message}`;
    else {
      outcome = `FAILED: ${error.name}: ${error.message}`;
      failed += 1;
    }
  }
  console.log(`${identity}\t${outcome}`);
}
process.exitCode = failed > 0 ? 1 : 0;
