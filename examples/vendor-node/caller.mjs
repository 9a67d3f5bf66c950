// Who asks: by the certificate of the connection, by a signed bearer, or by both. Nothing is answered to anybody else.

import { createHash, createPublicKey, verify } from "node:crypto";

const TYPE = "spsti-adapter+jwt";
const SKEW_SECONDS = 60;
const MAX_BEARER = 4096;

export class Caller {
  #keys;
  #audience;
  #members;
  #needsCertificate;
  #fingerprints;
  #seen = new Map(); // jti -> end of the bearer: the same one twice is refused

  constructor({ keys = {}, audience = "", members = [], needsCertificate = false, fingerprints }) {
    this.#keys = new Map(Object.entries(keys).map(([kid, pem]) => [kid, createPublicKey(pem)]));
    this.#audience = audience;
    this.#members = new Set(members);
    this.#needsCertificate = needsCertificate;
    this.#fingerprints = fingerprints && new Set(fingerprints);
  }

  /** The check before the body is read; gives the claims of the bearer, whose digest is checked when the body is here. */
  admit(request, path, now) {
    const isUnixSocket = request.socket.localPort === undefined; // its rights say who may ask
    if (this.#needsCertificate && !this.#isKnown(request.socket)) return null;
    if (this.#keys.size === 0) return this.#needsCertificate || isUnixSocket ? {} : null;
    const claims = this.#claims(request.headers.authorization ?? "", now);
    return claims && claims.htm === request.method && claims.htu === path ? claims : null;
  }

  /** Whether the body is the one for which the bearer was signed. */
  static isBodyOf(claims, sha256Hex) {
    return claims.body_sha256 === undefined || claims.body_sha256 === sha256Hex;
  }

  /** A CA vouches for many: where it issues to others than the connector, its certificates are named one by one. */
  #isKnown(socket) {
    if (!socket.authorized) return false;
    return !this.#fingerprints || this.#fingerprints.has(socket.getPeerCertificate().fingerprint256);
  }

  #claims(header, now) {
    const [, compact] = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(header) ?? [];
    if (!compact || compact.length > MAX_BEARER) return null;
    const [head, body, signature] = compact.split(".");
    let jose, claims;
    try {
      [jose, claims] = [head, body].map((part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8")));
    } catch {
      return null;
    }
    const key = this.#keys.get(jose?.kid);
    if (!key || jose.typ !== TYPE || jose.crit !== undefined) return null;
    // The algorithm follows from the key that we know, never from what the header wishes.
    const isEc = key.asymmetricKeyType === "ec";
    if (jose.alg !== (isEc ? "ES256" : "PS256")) return null;
    const how = isEc ? { key, dsaEncoding: "ieee-p1363" } : { key, padding: 6 /* PSS */, saltLength: 32 };
    if (!verify("sha256", Buffer.from(`${head}.${body}`), how, Buffer.from(signature, "base64url"))) return null;
    const isOurs = claims.aud === this.#audience && this.#members.has(claims.iss);
    const isNow = Number.isInteger(claims.iat) && Number.isInteger(claims.exp)
      && claims.iat <= now + SKEW_SECONDS && claims.exp >= now - SKEW_SECONDS && claims.exp - claims.iat <= 300;
    if (!isOurs || !isNow || typeof claims.body_sha256 !== "string" || !/^[0-9a-f]{32}$/.test(claims.jti)) return null;
    for (const [jti, end] of this.#seen) if (end < now - SKEW_SECONDS) this.#seen.delete(jti);
    if (this.#seen.has(claims.jti)) return null;
    this.#seen.set(claims.jti, claims.exp);
    return claims;
  }
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
