/** The parts of Cloudflare's platform that are used here: its own types come with `wrangler types`. */

/** A value of SQLite. */
export type SqlValue = string | number | null | ArrayBuffer;

/** The database of a Durable Object: private, synchronous. */
export interface SqlStorage {
  exec(query: string, ...bindings: SqlValue[]): { toArray(): Record<string, SqlValue>[] };
}

/** What a Durable Object is given. */
export interface DurableObjectState {
  /** `name` is what the object was found by. */
  id: { name?: string };
  storage: {
    sql: SqlStorage;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
  waitUntil(work: Promise<unknown>): void;
}

/** A class of Durable Objects, by their names. */
export interface DurableObjectNamespace {
  idFromName(name: string): unknown;
  get(id: unknown, options?: { locationHint?: string }): { fetch(request: Request): Promise<Response> };
  jurisdiction(name: string): DurableObjectNamespace;
}
