// R50, R55: which hosts a JWKS endpoint may have, by the table that all hosts share.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FetchFailed, fetchKeys } from "asserta";

const table = JSON.parse(readFileSync("addresses.json", "utf8"));

/** Where a fetch of this URL goes to: the hosts that the platform's fetch was asked for, and how it ended. */
async function outcome(uri, options) {
  const before = globalThis.fetch;
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(url.hostname);
    return new Response("{}");
  };
  try {
    await fetchKeys(uri, options);
    return { asked };
  } catch (error) {
    assert.ok(error instanceof FetchFailed, `${uri}: ${error}`);
    return { asked, problem: error.problem };
  } finally {
    globalThis.fetch = before;
  }
}

const written = (address) => (address.includes(":") ? `[${address}]` : address);

test("each address is where the table says", async () => {
  for (const [address, reach] of table.addresses) {
    const { asked, problem } = await outcome(`https://${written(address)}/jwks`);
    assert.equal(problem, reach === "public" ? undefined : "address-refused", address);
    assert.equal(asked.length, reach === "public" ? 1 : 0, address);
  }
  assert.ok(table.addresses.length > 100);
});

test("no spelling of a host leads there, nor a name that is local", async () => {
  for (const host of [...table.hosts.refused, ...table.hosts.names]) {
    const { asked, problem } = await outcome(`https://${host}/jwks`);
    assert.deepEqual(asked, [], host);
    assert.match(problem, /^(address-refused|bad-address)$/, host);
  }
  for (const uri of ["", "https:", "https:partner.example", "https:/partner.example", "https:\\\\partner.example", "//partner.example",
                     " https://partner.example", "https://partner.example/\n", "ftp://partner.example/", "data:,{}", "file:///etc/passwd",
                     "http://partner.example/", undefined, null, 1, {}, new URL("https://partner.example/")]) {
    for (const options of [{}, { dev: true }]) {
      assert.deepEqual(await outcome(uri, options), { asked: [], problem: "bad-address" }, String(uri));
    }
  }
});

test("in development, loopback and nothing else", async () => {
  for (const uri of ["http://127.0.0.1:8/jwks", "http://localhost/", "http://localhost./", "http://[::1]/", "http://127.1.2.3/", "http://2130706433/",
                     "https://127.0.0.1/", "https://[::ffff:127.0.0.1]/"]) {
    assert.equal((await outcome(uri, { dev: true })).asked.length, 1, uri);
    assert.deepEqual((await outcome(uri)).asked, [], uri);
  }
  for (const uri of ["http://10.0.0.1/", "https://10.0.0.1/", "https://0.0.0.0/", "https://169.254.169.254/", "http://api.localhost/", "http://8.8.8.8/"]) {
    assert.deepEqual((await outcome(uri, { dev: true })).asked, [], uri);
  }
});
