// The class as it is shipped, with a look into its storage from outside: for the tests alone.

import { Asserta as Shipped } from "asserta/cloudflare";

export { default } from "asserta/cloudflare";

export class Asserta extends Shipped {
  #longest = 0;

  constructor(ctx, env) {
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = (query, ...bindings) => {
      const cursor = exec(query, ...bindings);
      return query.startsWith("SELECT key") ? this.#measured(cursor.toArray()) : cursor;
    };
    super(ctx, env);
  }

  #measured(rows) {
    this.#longest = Math.max(this.#longest, rows.length);
    return { toArray: () => rows };
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const { sql } = this.ctx.storage;
    if (pathname === "/test/failure") throw new Error("overloaded");
    if (pathname === "/test/marks") {
      // Used assertions that expired two days ago, in a store that has been swept until an hour ago.
      const now = Math.floor(Date.now() / 1000);
      const bucket = String(Math.floor(now / 3600) - 48).padStart(12, "0");
      const horizon = JSON.stringify({ version: 1, horizon: now - 7200, moved: now });
      sql.exec("INSERT INTO entries VALUES ('registry', ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", searchParams.get("horizon"), horizon);
      for (let made = 0; made < Number(searchParams.get("count")); made++) {
        sql.exec("INSERT INTO entries VALUES ('replay', ?, 1)", `r/${bucket}/${made}`);
      }
    }
    if (/\/test\/(marks)?$/.test(pathname)) {
      const isMade = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray().length > 0;
      const count = (area) => (isMade ? sql.exec("SELECT count(*) AS n FROM entries WHERE area = ?", area).toArray()[0].n : 0);
      return Response.json({
        isMade, registry: count("registry"), replay: count("replay"), longest: this.#longest, alarm: await this.ctx.storage.getAlarm(),
      });
    }
    return super.fetch(request);
  }
}
