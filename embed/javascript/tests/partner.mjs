// A third party that issues assertions, with the platform's own cryptography. Runs in Node and browsers.

export const PUBLIC_URL = "https://tokens.example.com";
export const ISSUER = "https://partner.example";

const encode = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const text = (value) => encode(new TextEncoder().encode(JSON.stringify(value)));

export class Partner {
  #key;
  #serial = 0;

  static async create() {
    const partner = new Partner();
    partner.#key = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", partner.#key.publicKey);
    partner.jwks = { keys: [{ kty, crv, x, y, kid: "k1" }] };
    const der = new Uint8Array(await crypto.subtle.exportKey("spki", partner.#key.publicKey));
    partner.pem = `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...der))}\n-----END PUBLIC KEY-----\n`;
    return partner;
  }

  trusted(members = {}) {
    const keys = "jwks" in members || "jwks_uri" in members || "certificate" in members ? {} : { certificate: this.pem };
    return { name: "partner", issuer: ISSUER, ...keys, ...members };
  }

  async assertion(claims = {}) {
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: ISSUER, sub: "alice", aud: PUBLIC_URL, exp: now + 300, jti: `${now}-${this.#serial++}` };
    const message = `${text({ alg: "ES256", kid: "k1" })}.${text({ ...standard, ...claims })}`;
    const bytes = new TextEncoder().encode(message);
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#key.privateKey, bytes);
    return `${message}.${encode(new Uint8Array(signature))}`;
  }
}
