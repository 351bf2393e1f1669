// What the guard costs a request in Node, in microseconds: `node guard.mjs unguarded|first|repeated`. A fetch handler that
// answers at once, alone; behind the guard with a token that is new to it; with one that it has verified a moment ago.

import { generateKeyPairSync, sign } from "node:crypto";

import { Exchanger, JWT_BEARER } from "asserta";
import { guard } from "asserta/guard";

const [PUBLIC_URL, ISSUER, AUDIENCE] = ["https://tokens.example.com", "https://partner.example", "https://api.example"];
const [TIMES, WARM] = [200, 100];

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL });
exchanger.trustedIssuers.register({ name: "partner", issuer: ISSUER, jwks: { keys: [publicKey.export({ format: "jwk" })] } });
const app = exchanger.applications.register({ grant_types: [JWT_BEARER], audience: AUDIENCE });

/** An access token, signed with ES256. */
async function token(number) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 300;
  const claims = { iss: ISSUER, sub: "alice", aud: PUBLIC_URL, exp, jti: String(number) };
  const message = `${encode({ alg: "EdDSA" })}.${encode(claims)}`;
  const assertion = `${message}.${sign(null, Buffer.from(message), privateKey).toString("base64url")}`;
  return (await exchanger.exchange({ assertion, clientId: app.client_id, clientSecret: app.client_secret })).token;
}

const what = process.argv[2];
const handler = async () => new Response("ok");
const guarded = guard(handler, {
  issuer: PUBLIC_URL, audience: AUDIENCE, fetchKeys: async () => ({ text: exchanger.keys.jwks() }),
});
const serve = what === "unguarded" ? handler : guarded;
const tokens = [];
for (let number = 0; number < TIMES + WARM; number++) tokens.push(what === "repeated" && number > 0 ? tokens[0] : await token(number));
const requests = tokens.map((token) => new Request(`${AUDIENCE}/`, { headers: { authorization: `Bearer ${token}` } }));
for (const request of requests.slice(0, WARM)) await serve(request);
const began = performance.now();
for (const request of requests.slice(WARM)) {
  if ((await serve(request)).status !== 200) throw new Error("it does not pass");
}
console.log((((performance.now() - began) * 1000) / TIMES).toFixed(0));
