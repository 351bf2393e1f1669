/**
 * Signatures by `node:crypto`, for those who trust it and want the speed:
 * `Exchanger.create({ publicUrl, hostSignatures })`.
 *
 * Which key and algorithm are acceptable the component has decided; this says whether bytes fit.
 *
 * @module
 */

import { constants, createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";

import { compiled, type HostSignatures } from "./component.js";
import { instantiate } from "./generated/host-signatures/exchanger.js";

export type { HostSignatures };

/** What a key must be, how long a signature is (0: as the key says), and what `node:crypto` is told. */
interface Algorithm {
  type: string;
  curve?: string;
  length?: number;
  hash: string | null;
  options?: { padding?: number; saltLength?: number; dsaEncoding?: "ieee-p1363" };
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;
const rsa = (hash: string): Algorithm => ({ type: "rsa", hash, options: { padding: RSA_PKCS1_PADDING } });
/** The salt is as long as the hash, and no other length will do (RFC 7518 section 3.5). */
const pss = (hash: string, saltLength: number): Algorithm => (
  { type: "rsa", hash, options: { padding: RSA_PKCS1_PSS_PADDING, saltLength } }
);
/** R and S, in as many bytes as the order takes (RFC 7518 section 3.4). */
const ecdsa = (hash: string, curve: string, length: number): Algorithm => (
  { type: "ec", curve, length, hash, options: { dsaEncoding: "ieee-p1363" } }
);

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  "rs256": rsa("sha256"),
  "rs384": rsa("sha384"),
  "rs512": rsa("sha512"),
  "ps256": pss("sha256", 32),
  "ps384": pss("sha384", 48),
  "ps512": pss("sha512", 64),
  "es256": ecdsa("sha256", "prime256v1", 64),
  "es384": ecdsa("sha384", "secp384r1", 96),
  "es512": ecdsa("sha512", "secp521r1", 132),
  "ed-dsa": { type: "ed25519", hash: null },
};
const SIGNING = ["rs256", "es256", "ed-dsa"];

/** Parsed keys, found again by their digest: the private ones cost more to check than a signature to make. */
function kept(parse: (der: Buffer) => KeyObject): (key: Uint8Array) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return (key) => {
    const digest = createHash("sha256").update(key).digest("base64");
    let parsed = keys.get(digest);
    if (!parsed) {
      parsed = parse(Buffer.from(key));
      // One more than these, and all are forgotten.
      if (keys.size >= 4096) keys.clear();
      keys.set(digest, parsed);
    }
    return parsed;
  };
}

const publicKey = kept((key) => createPublicKey({ key, format: "der", type: "spki" }));
const privateKey = kept((key) => createPrivateKey({ key, format: "der", type: "pkcs8" }));

function fits(key: KeyObject, { type, curve }: Algorithm): boolean {
  return key.asymmetricKeyType === type && key.asymmetricKeyDetails?.namedCurve === curve;
}

/** `node:crypto`, and the component that asks for it. */
export const hostSignatures: HostSignatures = {
  instantiate,
  modules: compiled(async (file) => (
    WebAssembly.compile(await readFile(new URL(`./generated/host-signatures/${file}`, import.meta.url)))
  )),

  verify(name, key, signingInput, signature) {
    try {
      const algorithm = ALGORITHMS[name]!;
      const parsed = publicKey(key);
      // node:crypto would take a signature of another length for DER.
      if (!fits(parsed, algorithm) || signature.length !== (algorithm.length ?? signature.length)) return false;
      return verify(algorithm.hash, signingInput, { key: parsed, ...algorithm.options }, signature);
    } catch {
      return false;
    }
  },

  sign(name, key, signingInput) {
    let parsed: KeyObject;
    const algorithm = ALGORITHMS[name];
    try {
      parsed = privateKey(key);
    } catch {
      throw { payload: "unusable-key" };
    }
    if (!algorithm || !SIGNING.includes(name) || !fits(parsed, algorithm)) throw { payload: "unusable-key" };
    try {
      return sign(algorithm.hash, signingInput, { key: parsed, ...algorithm.options });
    } catch (error) {
      console.error("asserta: signing failed:", error);
      throw { payload: "failed" };
    }
  },
};
