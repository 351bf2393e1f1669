/**
 * Which Durable Object serves a request: each organization has one, by its name. `default` lists the names of the others.
 *
 * Everything of an organization is in its object alone, so that what is used once is marked in one place.
 */

import type { TrustDocument } from "./documents.js";

/** What serves requests. */
interface Served {
  fetch(request: Request): Promise<Response>;
}

/** The organization at the root. */
export const DEFAULT = "default";
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** An organization of a document, whatever else is in it. */
type Part = NonNullable<TrustDocument["organizations"]>[number];

/** How a document is applied, or looked at: what is asked otherwise the object at the root refuses. */
const AGAINST = "?dry_run=true&against=activity";
const APPLIED = ["", "?dry_run=false", "?dry_run=true", AGAINST];

/** What the decisions of several objects would come to. */
interface Comparison {
  compared: number;
  same: number;
  otherwise: number;
  unknown: number;
  items: unknown[];
}

/** Serves a request by the objects that it is about. */
export async function route(request: Request, object: (organization: string) => Served): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const segments = decoded(pathname);
  const organization = organizationOf(segments);
  if (request.method === "POST" && segments.join("/") === "admin/apply" && APPLIED.includes(search)) {
    return apply(request, object);
  }
  if (request.method === "PUT" && organization !== DEFAULT && segments.length === 3) return put(request, organization, object);
  return object(organization).fetch(request);
}

/** The segments of a path, decoded as the component does it; none where it is malformed. */
function decoded(path: string): string[] {
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Whose path it is. What is nobody's is answered at the root. */
function organizationOf([first, second, third, fourth]: string[]): string {
  let name: string | undefined;
  if (first === "t") name = second;
  else if (first === "admin" && second === "organizations") name = third;
  else if (first === ".well-known" && second === "oauth-authorization-server" && third === "t") name = fourth;
  return name !== undefined && NAME.test(name) ? name : DEFAULT;
}

/** Registers an organization: in its own object, and then in the list. Where the second fails, a repetition mends it. */
async function put(request: Request, organization: string, object: (name: string) => Served): Promise<Response> {
  const copy = request.clone() as Request;
  const response = await object(organization).fetch(request);
  if (!response.ok) {
    void copy.body?.cancel();
    return response;
  }
  const listed = await object(DEFAULT).fetch(copy);
  return listed.ok ? response : listed;
}

/**
 * Applies a document: the object at the root looks at the whole of it first, and each organization's object takes its
 * part. Like a document on one object that fails midway: what was applied before is named, and it can be applied again.
 */
async function apply(request: Request, object: (name: string) => Served): Promise<Response> {
  const { url, headers } = request;
  const copy = request.clone() as Request;
  const dry = new URL(url);
  dry.search = "?dry_run=true";
  const looked = await object(DEFAULT).fetch(new Request(dry, request));
  if (!looked.ok) {
    void copy.body?.cancel();
    return looked;
  }
  const document = JSON.parse(await copy.text(), exactly) as TrustDocument;
  const to = (name: string, organization: Part): Promise<Response> => {
    const sent = new Headers(headers);
    sent.delete("content-length");
    const body = JSON.stringify({ organizations: [organization] });
    return object(name).fetch(new Request(url, { method: "POST", headers: sent, body }));
  };
  const items: unknown[] = [];
  const activity: Comparison = { compared: 0, same: 0, otherwise: 0, unknown: 0, items: [] };
  for (const [index, organization] of (document.organizations ?? []).entries()) {
    const { name } = organization;
    let applied = await to(name, organization);
    const part = applied.ok ? ((await applied.json()) as { items: unknown[]; activity?: Comparison }) : undefined;
    const done = part?.items ?? [];
    if (part?.activity) add(activity, part.activity);
    if (applied.ok && name !== DEFAULT) {
      applied = await to(DEFAULT, bare(organization));
    }
    if (!applied.ok) return failed(applied, index, [...items, ...done]);
    items.push(...done);
  }
  const shape = new Headers(looked.headers);
  shape.delete("content-length");
  const { search } = new URL(url);
  const report = { dry_run: search.startsWith("?dry_run=true"), items, ...(search === AGAINST ? { activity } : {}) };
  return new Response(JSON.stringify(report), { status: looked.status, headers: shape });
}

/** Adds what the decisions of one object would come to. */
function add(sum: Comparison, part: Comparison): void {
  sum.compared += part.compared;
  sum.same += part.same;
  sum.otherwise += part.otherwise;
  sum.unknown += part.unknown;
  sum.items.push(...part.items);
}

/** The problem of one organization, with its place in the whole document, and with what was applied before. */
async function failed(response: Response, index: number, before: unknown[]): Promise<Response> {
  const { status } = response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const place = (text: unknown): unknown => (
    typeof text === "string" ? text.replace(/^organizations\[0\]/, `organizations[${index}]`) : text
  );
  const problem = (await response.json()) as { detail?: unknown; field?: unknown; items?: unknown[] };
  const items = [...before, ...(problem.items ?? [])];
  const body = { ...problem, detail: place(problem.detail), field: place(problem.field), ...(items.length ? { items } : {}) };
  return new Response(JSON.stringify(body), { status, headers });
}

/**
 * The part of a document that an organization's object begins with, undefined where there is none; the root's lists the
 * others. The document has been checked as a whole.
 */
export function partOf(trust: TrustDocument | string, organization: string): TrustDocument | undefined {
  const document = typeof trust === "string" ? (JSON.parse(trust, exactly) as TrustDocument) : trust;
  const organizations = (document.organizations ?? []).flatMap((part) => (
    part.name === organization ? [part] : organization === DEFAULT ? [bare(part)] : []
  ));
  return organizations.length > 0 ? { organizations } : undefined;
}

/** An organization without what it trusts: its line in the list. */
function bare({ name, display_name }: Part): Part {
  return display_name === undefined ? { name } : { name, display_name };
}

/** JSON has integers that JavaScript has not: they pass as they are written. */
function exactly(this: unknown, _: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}
