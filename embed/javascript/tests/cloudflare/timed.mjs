// The Worker as it is shipped, at the time that a request says, and with its alarm right after each response: for the
// scenario runner.

import { Asserta as Shipped } from "asserta/cloudflare";

export { default } from "asserta/cloudflare";

const present = Date.now;
let now;
Date.now = () => now ?? present();

export class Asserta extends Shipped {
  async fetch(request) {
    const at = request.headers.get("x-test-now");
    if (at) now = Number(at) * 1000;
    const response = await super.fetch(request);
    if (await this.ctx.storage.getAlarm()) await this.alarm();
    return response;
  }
}
