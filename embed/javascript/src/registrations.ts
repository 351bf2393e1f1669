/** Registering trusted issuers, applications and organizations, and looking after our keys. */

import type { Root } from "./component.js";
import * as convert from "./convert.js";
import { SIZE_LIMIT, type KeyDocument } from "./fetching.js";
import type {
  Application, ApplicationMetadata, NewApplication, Organization, OrganizationUrls, SigningKey, TrustedIssuer,
} from "./records.js";

/** Calls a function of the component and turns its errors into exceptions. */
type Call = <T>(use: (root: Root) => T) => T;

/** The organization that is meant. Default: `default`. */
interface In {
  organization?: string;
}

const nameOf = (where?: In): string => convert.text("organization", where?.organization ?? "default");

/** Walks through all pages of a list. */
function* pages<T>(list: (page: { limit: number; after?: string }) => { items: T[]; next?: string }): Generator<T> {
  let after: string | undefined;
  do {
    const page = list({ limit: 100, after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** The third parties whose assertions an organization accepts. */
export class TrustedIssuers {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers a new trusted issuer. */
  register(issuer: TrustedIssuer, where?: In): void {
    this.#call((root) => root.trustedIssuers.register(nameOf(where), convert.trustedIssuer(issuer)));
  }

  /** Registers it, or replaces the one of the same name. True: it is new. */
  replace(issuer: TrustedIssuer, where?: In): boolean {
    return this.#call((root) => root.trustedIssuers.replace(nameOf(where), convert.trustedIssuer(issuer)));
  }

  /** The trusted issuer of this name. */
  get(name: string, where?: In): TrustedIssuer {
    const found = this.#call((root) => root.trustedIssuers.get(nameOf(where), convert.text("name", name)));
    return convert.fromTrustedIssuer(found);
  }

  /** The organization's trusted issuers, by name. */
  *list(where?: In): Generator<TrustedIssuer> {
    const found = pages((page) => this.#call((root) => root.trustedIssuers.list(nameOf(where), page)));
    for (const issuer of found) yield convert.fromTrustedIssuer(issuer);
  }

  /** Removes a trusted issuer: its assertions are refused from now on. */
  remove(name: string, where?: In): void {
    this.#call((root) => root.trustedIssuers.remove(nameOf(where), convert.text("name", name)));
  }

  /** Hands over the JWKS document of an issuer, and says how many of its keys are usable. */
  supplyKeys(name: string, document: KeyDocument, where?: In): number {
    const text = convert.boundedText("document", document?.text, SIZE_LIMIT);
    const maxAge = convert.optional(convert.seconds, "maxAge", document.maxAge);
    return this.#call((root) => root.trustedIssuers.supplyKeys(nameOf(where), convert.text("name", name), text, maxAge));
  }

  /** Says that the JWKS document that was asked for can't be had. */
  reportKeysUnavailable(name: string, where?: In): void {
    this.#call((root) => root.trustedIssuers.reportKeysUnavailable(nameOf(where), convert.text("name", name)));
  }
}

/** The applications (OAuth clients) that may present assertions. */
export class Applications {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers an application. Its secret is shown here only. */
  register(metadata: ApplicationMetadata, where?: In): NewApplication {
    const made = this.#call((root) => root.applications.register(nameOf(where), convert.applicationMetadata(metadata)));
    return { ...convert.fromApplication(made.application), clientSecret: made.clientSecret };
  }

  /** Replaces what an application may do. Its secret stays. */
  replace(clientId: string, metadata: ApplicationMetadata, where?: In): Application {
    const id = convert.text("clientId", clientId);
    const record = convert.applicationMetadata(metadata);
    return convert.fromApplication(this.#call((root) => root.applications.replace(nameOf(where), id, record)));
  }

  /** Gives an application a new secret. The old one stops working. */
  renewSecret(clientId: string, where?: In): NewApplication {
    const id = convert.text("clientId", clientId);
    const made = this.#call((root) => root.applications.renewSecret(nameOf(where), id));
    return { ...convert.fromApplication(made.application), clientSecret: made.clientSecret };
  }

  /** The application with this identifier. */
  get(clientId: string, where?: In): Application {
    const id = convert.text("clientId", clientId);
    return convert.fromApplication(this.#call((root) => root.applications.get(nameOf(where), id)));
  }

  /** The organization's applications, by identifier. */
  *list(where?: In): Generator<Application> {
    const found = pages((page) => this.#call((root) => root.applications.list(nameOf(where), page)));
    for (const application of found) yield convert.fromApplication(application);
  }

  /** Removes an application. */
  remove(clientId: string, where?: In): void {
    this.#call((root) => root.applications.remove(nameOf(where), convert.text("clientId", clientId)));
  }
}

/** Tenants with their own issuers, applications and keys. */
export class Organizations {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers it, or replaces its display name. True: it is new. */
  replace(organization: Organization): boolean {
    const record = {
      name: convert.text("name", organization.name),
      displayName: convert.optional(convert.text, "displayName", organization.displayName),
    };
    return this.#call((root) => root.organizations.replace(record));
  }

  /** The organization of this name. */
  get(name: string): Organization {
    return this.#call((root) => root.organizations.get(convert.text("name", name)));
  }

  /** The registered organizations, by name. */
  list(): Generator<Organization> {
    return pages((page) => this.#call((root) => root.organizations.list(page)));
  }

  /** The URLs that stand for an organization in assertions and tokens. */
  urls(name = "default"): OrganizationUrls {
    return this.#call((root) => root.organizations.urls(convert.text("name", name)));
  }
}

/** Our own keys, which sign access tokens. */
export class Keys {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** The public keys as a JWK set, as JSON text. */
  jwks(where?: In): string {
    return this.#call((root) => root.keys.jwks(nameOf(where)));
  }

  /** The keys, oldest first. */
  list(where?: In): SigningKey[] {
    return this.#call((root) => root.keys.list(nameOf(where))).map(convert.fromSigningKey);
  }

  /** Adds a key, which signs in ten minutes, and answers all. */
  rotate(where?: In): SigningKey[] {
    return this.#call((root) => root.keys.rotate(nameOf(where))).map(convert.fromSigningKey);
  }
}
