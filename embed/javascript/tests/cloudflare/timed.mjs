// The Worker as it is shipped, at the time that a request says, with its alarm right after each response, and with other
// objects for each scenario: for the scenario runner.

import shipped, { Asserta as Shipped } from "asserta/cloudflare";

export default {
  fetch(request, env) {
    const scenario = request.headers.get("x-test-scenario");
    const named = {
      idFromName: (name) => env.ENDPOINT.idFromName(scenario ? `${scenario} ${name}` : name),
      get: (id, options) => env.ENDPOINT.get(id, options),
    };
    return shipped.fetch(request, { ...env, ENDPOINT: named });
  },
};

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
