/** A store on the SQLite of a Durable Object. */

import type { SqlStorage } from "./cloudflare-platform.js";
import type { Area, Store } from "./stores.js";

const TABLE = `CREATE TABLE IF NOT EXISTS entries (
  area TEXT NOT NULL, key TEXT NOT NULL, value NOT NULL, PRIMARY KEY (area, key)
) WITHOUT ROWID`;
/** Behind every key with this prefix: keys are made of printable characters. */
const END = "\u{10ffff}";

/**
 * Values are text, counters integers: what is no counter is not counted. The table is made by the first write: whoever
 * asks an object about an organization that does not exist leaves nothing in it.
 */
export class SqlStore implements Store {
  readonly #sql: SqlStorage;
  #isMade = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Whether anything was ever written. */
  get isMade(): boolean {
    this.#isMade ||= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray().length > 0;
    return this.#isMade;
  }

  get(area: Area, key: string): string | undefined {
    if (!this.isMade) return undefined;
    const [row] = this.#sql.exec("SELECT value FROM entries WHERE area = ? AND key = ?", area, key).toArray();
    return row && String(row.value);
  }

  set(area: Area, key: string, value: string): void {
    this.#make();
    const write = "INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    this.#sql.exec(write, area, key, value);
  }

  delete(area: Area, key: string): void {
    if (this.isMade) this.#sql.exec("DELETE FROM entries WHERE area = ? AND key = ?", area, key);
  }

  keys(area: Area, prefix: string, after: string | undefined, limit: number): string[] {
    if (!this.isMade) return [];
    // A range, since patterns are limited to 50 bytes here.
    const query = "SELECT key FROM entries WHERE area = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?";
    const rows = this.#sql.exec(query, area, prefix, after ?? "", prefix + END, limit).toArray();
    return rows.map(({ key }) => key as string);
  }

  increment(area: Area, key: string): number {
    this.#make();
    const count = `INSERT INTO entries VALUES (?, ?, 1)
      ON CONFLICT DO UPDATE SET value = value + 1 WHERE typeof(value) = 'integer' RETURNING value`;
    const [row] = this.#sql.exec(count, area, key).toArray();
    if (!row) throw new TypeError("increment of something that is no counter");
    return row.value as number;
  }

  #make(): void {
    if (this.isMade) return;
    this.#sql.exec(TABLE);
    this.#isMade = true;
  }
}
