// What an exchange costs in the vendor's runtime, ES256 in and out, on one object: node cost.mjs [EXCHANGES]

import { rmSync } from "node:fs";

import { Partner } from "./partner.mjs";
import { bundle, serve } from "./workerd.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** How many are on their way at once. */
const AT_ONCE = 8;
const total = Number(process.argv[2] ?? 20_000);
const block = total / 4;

const partner = await Partner.create();
rmSync("state/cost", { recursive: true, force: true });
const worker = await serve(bundle(undefined, "out-cost").out, "state/cost");
try {
  await worker.admin("POST", "organizations/default/trusted-issuers", partner.trusted());
  const app = await worker.admin("POST", "organizations/default/applications", { grant_types: [GRANT] });
  const headers = { authorization: `Basic ${btoa(`${app.client_id}:${app.client_secret}`)}` };
  const exchange = async (assertion) => {
    const body = new URLSearchParams({ grant_type: GRANT, assertion });
    const response = await fetch(`${worker.url}/oauth2/token`, { method: "POST", headers, body });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  console.log("exchanges   CPU, ms each   a second   memory, MiB");
  for (let done = block; done <= total; done += block) {
    const assertions = [];
    while (assertions.length < block) assertions.push(await partner.assertion());
    const [cpu, began] = [worker.cpu(), performance.now()];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next = assertions.pop(); next; next = assertions.pop()) await exchange(next);
    }));
    const each = (worker.cpu() - cpu) / block;
    const rate = (block * 1_000) / (performance.now() - began);
    console.log([String(done).padStart(9), each.toFixed(2).padStart(14), rate.toFixed(0).padStart(10), (worker.memory() / 1024).toFixed(0).padStart(13)].join(" "));
  }
} finally {
  await worker.stop();
}
