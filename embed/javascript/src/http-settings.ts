/** The settings of an HTTP endpoint, as the component takes them: pairs of texts. */

import { document, text } from "./convert.js";
import type { TrustDocument } from "./documents.js";
import { InvalidMember } from "./errors.js";
import type { BadSetting, Setting } from "./generated/interfaces/asserta-exchange-http.js";
import type { SigningAlgorithm } from "./reports.js";

/** The settings of an HTTP endpoint. One that is unknown, or can't be used, is an {@link InvalidMember} that names it. */
export interface HttpSettings {
  /** The URL under which clients reach us, such as `https://tokens.example.com`: the issuer of our tokens. */
  publicUrl: string;
  /** Allows an `http` `publicUrl`, and `http` JWKS endpoints on this machine's loopback. Default: false. */
  dev?: boolean;
  /** What signs access tokens. Default: ES256. */
  accessTokenAlgorithm?: SigningAlgorithm;
  /** Whether a DPoP proof needs a nonce (RFC 9449 section 8). Default: false. */
  dpopNonce?: boolean;
  /** The bearer token of the admin API, at least 32 bytes. Default: there is no admin API. */
  adminToken?: string;
  /** Registrations that the first request brings in, once for each document; JSON text does, too. */
  trust?: TrustDocument | string;
  /** Whether each organization's last decisions are kept, for the admin API. Default: true. */
  activity?: boolean;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** As pairs. What is undefined is left out. */
export function pairs(settings: HttpSettings): Setting[] {
  if (typeof settings !== "object" || settings === null) throw new InvalidMember("settings", "must be an object");
  // Without it the component would be known as a server on this machine.
  if (!settings.publicUrl) throw new InvalidMember("publicUrl", "is missing");
  const given = Object.entries(settings).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => {
    const isFlag = ["dev", "activity", "dpopNonce"].includes(name);
    if (isFlag && typeof value === "boolean") return [snake(name), String(value)];
    return [snake(name), name === "trust" ? document(value) : text(name, value)];
  });
}

/** What is wrong with a setting, under its name here; members of the document keep theirs. */
export function badSetting({ name, problem }: BadSetting): InvalidMember {
  return new InvalidMember(/^[a-z_]+$/.test(name) ? camel(name) : name, problem);
}
