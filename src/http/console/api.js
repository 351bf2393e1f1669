// The admin API, and nothing else: relative to the page, since the public URL may have a path.

const KEY = "asserta-admin-token";
const ADMIN = new URL("../admin/", document.baseURI);

// For this tab alone: another one asks again, and closing it forgets.
export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  clear: () => sessionStorage.removeItem(KEY),
};

/** A refusal of the admin API (RFC 9457): `field` is the member at fault. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? `The server answered with status ${status}.`);
    this.status = status;
    this.field = document.field ?? null;
  }
}

let signedOut = () => {};
export const onSignedOut = (listener) => { signedOut = listener; };

async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(new URL(path, ADMIN), {
      method,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      headers: { authorization: `Bearer ${token.get()}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { detail: "The server can't be reached. Is it running?" });
  }
  const text = await response.text();
  let document = {};
  try {
    document = text ? JSON.parse(text) : {};
  } catch {
    if (response.ok) throw new Problem(response.status, { detail: "The response is no JSON: is there a proxy in between?" });
  }
  if (response.status === 401) {
    token.clear();
    signedOut();
  }
  if (!response.ok) throw new Problem(response.status, document);
  return document;
}

const path = (...segments) => segments.map(encodeURIComponent).join("/");
const query = (parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

export const get = (...segments) => ask("GET", path(...segments));
export const post = (body, ...segments) => ask("POST", path(...segments), body);
export const put = (body, ...segments) => ask("PUT", path(...segments), body);
export const remove = (...segments) => ask("DELETE", path(...segments));
export const page = (parameters, ...segments) => ask("GET", path(...segments) + query(parameters));

/** All of a list, page by page; at most so many, since a page for people shows no more. */
export async function all(...segments) {
  const items = [];
  let after;
  do {
    const { items: more, next } = await page({ limit: 100, after }, ...segments);
    items.push(...more);
    after = next;
  } while (after && items.length < 2000);
  return items;
}

/** What an organization has: `org(name).get("trusted-issuers", "partner")`. */
export const org = (name) => ({
  name,
  get: (...below) => get("organizations", name, ...below),
  post: (body, ...below) => post(body, "organizations", name, ...below),
  put: (body, ...below) => put(body, "organizations", name, ...below),
  remove: (...below) => remove("organizations", name, ...below),
  page: (parameters, ...below) => page(parameters, "organizations", name, ...below),
  all: (...below) => all("organizations", name, ...below),
});

/** Null where there is no such thing. */
export async function orNull(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** Does the work for each, a few at a time. */
export async function each(items, work, atOnce = 6) {
  const waiting = [...items];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item).catch(() => {});
  }));
}
