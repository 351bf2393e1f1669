// What an embedded exchange costs in Node: as bench.py.

import { generateKeyPairSync, sign } from "node:crypto";

const { Exchanger, JWT_BEARER } = await import("asserta");
const { hostSignatures } = process.argv.includes("--host-signatures") ? await import("asserta/host-signatures") : {};
const [PUBLIC_URL, ISSUER] = ["https://tokens.example.com", "https://partner.example"];
const KEYS = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

async function ready(algorithm) {
  const { publicKey, privateKey } = KEYS[algorithm]();
  const exchanger = await Exchanger.create({ publicUrl: PUBLIC_URL, hostSignatures });
  exchanger.trustedIssuers.register({ name: "partner", issuer: ISSUER, jwks: { keys: [publicKey.export({ format: "jwk" })] } });
  const app = exchanger.applications.register({ grant_types: [JWT_BEARER] });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const mint = (number) => {
    const exp = Math.floor(Date.now() / 1000) + 300;
    const claims = { iss: ISSUER, sub: "alice", aud: PUBLIC_URL, exp, jti: String(number) };
    const message = `${encode({ alg: algorithm })}.${encode(claims)}`;
    const hash = algorithm === "EdDSA" ? null : "sha256";
    return `${message}.${sign(hash, Buffer.from(message), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  };
  return (number) => exchanger.exchange({ assertion: mint(number), clientId: app.client_id, clientSecret: app.client_secret });
}

const what = process.argv[2];
const exchange = await ready(what === "first" ? "ES256" : what);
await exchange("warm");
if (what === "first") {
  console.log(process.uptime().toFixed(3));
} else {
  const times = 200;
  for (let number = 0; number < times; number++) await exchange(number - times);
  const began = performance.now();
  for (let number = 0; number < times; number++) await exchange(number);
  console.log((times / ((performance.now() - began) / 1000)).toFixed(0));
}
