/** Registering trusted issuers, applications and organizations, and our own keys. */

import type { Root } from "./component.js";
import * as convert from "./convert.js";
import type { ApplicationMetadata, StatedMetadata, TrustedIssuer } from "./documents.js";
import type { OrganizationUrls, Replaced } from "./records.js";
import type {
  Application, NewApplication, Organization, Page, RegisteredIssuer, Revocation, RevocationRequest, SigningKey,
} from "./reports.js";

/** Calls a function of the component and turns its errors into exceptions. */
type Call = <T>(use: (root: Root) => T) => T;

/** The organization that is meant. Default: `default`. */
interface In {
  organization?: string;
}

/** Which part of a list is wanted. Default: the first hundred. */
interface Part {
  limit?: number;
  after?: string;
}

const nameOf = (where: In = {}): string => (
  convert.text("organization", convert.membersOf("options", where, { organization: true }).organization ?? "default")
);

/** The organization, of which a part of a list is wanted. */
const nameBeside = ({ limit: _, after: __, ...where }: In & Part = {}): string => nameOf(where);

const partOf = (part: Part = {}): Part => ({
  limit: convert.optional(convert.whole, "limit", part.limit),
  after: convert.optional(convert.text, "after", part.after),
});

/** Walks through all pages of a list. What can't be read is left out: `page` names it. */
function* pages<T>(page: (part: Part) => Page<T>): Generator<T> {
  let after: string | undefined;
  do {
    const { items, next } = page({ after });
    yield* items;
    after = next ?? undefined;
  } while (after !== undefined);
}

const replaced = <T>({ created, document }: { created: boolean; document: string }): Replaced<T> => (
  { created, document: JSON.parse(document) as T }
);

/** The third parties whose assertions an organization accepts. A document may be handed over as JSON text, too. */
export class TrustedIssuers {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers a new trusted issuer. */
  register(issuer: TrustedIssuer | string, where?: In): RegisteredIssuer {
    const document = convert.document(issuer);
    return JSON.parse(this.#call((root) => root.trustedIssuers.register(nameOf(where), document))) as RegisteredIssuer;
  }

  /** Registers it, or replaces the one of the same name. */
  replace(issuer: TrustedIssuer | string, where?: In): Replaced<RegisteredIssuer> {
    const document = convert.document(issuer);
    return replaced(this.#call((root) => root.trustedIssuers.replace(nameOf(where), document)));
  }

  /** The trusted issuer of this name. */
  get(name: string, where?: In): TrustedIssuer {
    const found = this.#call((root) => root.trustedIssuers.get(nameOf(where), convert.text("name", name)));
    return JSON.parse(found) as TrustedIssuer;
  }

  /** The organization's trusted issuers, by name. What can't be read is left out: {@link TrustedIssuers.page} names it. */
  list(where?: In): Generator<TrustedIssuer> {
    return pages((part) => this.page({ ...where, ...part }));
  }

  /** A part of the list, with what can't be read. */
  page(part?: In & Part): Page<TrustedIssuer> {
    const page = this.#call((root) => root.trustedIssuers.list(nameBeside(part), partOf(part)));
    return JSON.parse(page) as Page<TrustedIssuer>;
  }

  /** Removes a trusted issuer: its assertions are refused from now on. */
  remove(name: string, where?: In): void {
    this.#call((root) => root.trustedIssuers.remove(nameOf(where), convert.text("name", name)));
  }
}

/** The applications (OAuth clients) that may present assertions. A document may be handed over as JSON text, too. */
export class Applications {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers an application. Its secret is shown here only. */
  register(metadata: ApplicationMetadata | string, where?: In): NewApplication {
    const document = convert.document(metadata);
    return JSON.parse(this.#call((root) => root.applications.register(nameOf(where), document))) as NewApplication;
  }

  /**
   * Replaces what the application of this `client_id` may do. Its secret stays, unless the document brings another one
   * as `client_secret` or `client_secret_sha256`; then an application that does not exist is registered.
   */
  replace(application: Application | string, where?: In): Replaced<Application> {
    const document = convert.document(application);
    return replaced(this.#call((root) => root.applications.replace(nameOf(where), document)));
  }

  /** Gives an application a new secret. The old one stops working. */
  renewSecret(clientId: string, where?: In): NewApplication {
    const id = convert.text("clientId", clientId);
    return JSON.parse(this.#call((root) => root.applications.renewSecret(nameOf(where), id))) as NewApplication;
  }

  /** The application with this identifier. */
  get(clientId: string, where?: In): Application {
    const id = convert.text("clientId", clientId);
    return JSON.parse(this.#call((root) => root.applications.get(nameOf(where), id))) as Application;
  }

  /** The organization's applications, by identifier. What can't be read is left out: {@link Applications.page} names it. */
  list(where?: In): Generator<Application> {
    return pages((part) => this.page({ ...where, ...part }));
  }

  /** A part of the list, with what can't be read. */
  page(part?: In & Part): Page<Application> {
    const page = this.#call((root) => root.applications.list(nameBeside(part), partOf(part)));
    return JSON.parse(page) as Page<Application>;
  }

  /** Removes an application. */
  remove(clientId: string, where?: In): void {
    this.#call((root) => root.applications.remove(nameOf(where), convert.text("clientId", clientId)));
  }
}

/** Organizations, each with issuers, applications and keys of its own. */
export class Organizations {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Registers it, or replaces the one of the same name. */
  replace(organization: Organization | string): Replaced<Organization> {
    const document = convert.document(organization);
    return replaced(this.#call((root) => root.organizations.replace(document)));
  }

  /** The organization of this name. */
  get(name: string): Organization {
    return JSON.parse(this.#call((root) => root.organizations.get(convert.text("name", name)))) as Organization;
  }

  /** The registered organizations, by name. What can't be read is left out: {@link Organizations.page} names it. */
  list(): Generator<Organization> {
    return pages((part) => this.page(part));
  }

  /** A part of the list, with what can't be read. */
  page(part?: Part): Page<Organization> {
    convert.membersOf("options", part ?? {}, { limit: true, after: true });
    return JSON.parse(this.#call((root) => root.organizations.list(partOf(part)))) as Page<Organization>;
  }

  /** States members of the metadata that is served for it, in the place of what was stated before. */
  replaceMetadata(metadata: StatedMetadata | string, name = "default"): Replaced<StatedMetadata> {
    const document = convert.document(metadata);
    return replaced(this.#call((root) => root.organizations.replaceMetadata(convert.text("name", name), document)));
  }

  /** What is stated in its metadata. A `RegistryError` of the kind `not-found`: nothing is. */
  getMetadata(name = "default"): StatedMetadata {
    const found = this.#call((root) => root.organizations.getMetadata(convert.text("name", name)));
    return JSON.parse(found) as StatedMetadata;
  }

  /** Takes back what is stated in its metadata. */
  removeMetadata(name = "default"): void {
    this.#call((root) => root.organizations.removeMetadata(convert.text("name", name)));
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
    return items(this.#call((root) => root.keys.list(nameOf(where))));
  }

  /** Adds a key, which signs in ten minutes, and returns all. */
  rotate(where?: In): SigningKey[] {
    return items(this.#call((root) => root.keys.rotate(nameOf(where))));
  }
}

/** All tokens that a trusted issuer or an application got before a time. */
export class Revocations {
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /** Revokes them. It can't be taken back: an earlier time changes nothing. */
  add(revocation: RevocationRequest | string, where?: In): Revocation {
    const document = convert.document(revocation);
    return JSON.parse(this.#call((root) => root.tokens.revokeAll(nameOf(where), document))) as Revocation;
  }

  /** The revocations that have not expired. What can't be read is left out: {@link Revocations.page} names it. */
  list(where?: In): Generator<Revocation> {
    return pages((part) => this.page({ ...where, ...part }));
  }

  /** A part of the list, with what can't be read. */
  page(part?: In & Part): Page<Revocation> {
    const page = this.#call((root) => root.tokens.listRevocations(nameBeside(part), partOf(part)));
    return JSON.parse(page) as Page<Revocation>;
  }
}

const items = (keys: string): SigningKey[] => (JSON.parse(keys) as Page<SigningKey>).items;
