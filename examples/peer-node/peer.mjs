// A requester in another language, written from docs/protocol alone with Node's standard library: it looks up a worker,
// asks for the handover, reads the document in two ranges, acknowledges it, and believes nothing it has not verified.
//
//   node peer.mjs SETTINGS.json        (see README.md; the result is one JSON object on standard output)

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const b64u = (bytes) => Buffer.from(bytes).toString("base64url");
const id = () => randomBytes(16).toString("hex");
const now = () => Math.floor(Date.now() / 1000);

class Refused extends Error {}
const must = (condition, what) => {
  if (!condition) throw new Refused(what);
};

// ---------------------------------------------------------------- tokens (docs/protocol, section 3)

function seal(typ, claims, { kid, key }) {
  const signed = [{ alg: "ES256", kid, typ }, claims].map((part) => b64u(JSON.stringify(part))).join(".");
  return `${signed}.${b64u(sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }))}`;
}

function open(token, typ, keys) {
  const [header, claims, signature] = token.split(".");
  const head = JSON.parse(Buffer.from(header, "base64url"));
  must(head.typ === typ && head.alg === "ES256", `a ${typ} signed with ES256`);
  const listed = keys.find((one) => one.use === "sign" && one.kid === head.kid);
  must(listed, `a key that is listed: ${head.kid}`);
  const key = createPublicKey({ key: Buffer.from(listed.public, "base64"), format: "der", type: "spki" });
  const holds = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  must(holds, `a signature of ${head.kid}`);
  return JSON.parse(Buffer.from(claims, "base64url"));
}

// ---------------------------------------------------------------- ledgers (section 9)

const leafHash = (data) => sha256(Buffer.from([0]), data);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);
const keyId = (name, raw) => sha256(Buffer.from(`${name}\n`), Buffer.from([1]), raw).subarray(0, 4);
const rawEd25519 = (spki) => Buffer.from(spki).subarray(-32);

/** The root that a leaf and its inclusion path lead to (RFC 9162, 2.1.3.2). */
function rootOf(leaf, index, size, path) {
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const hash of path) {
    must(sn > 0, "a path no longer than the tree is high");
    if (fn % 2 === 1 || fn === sn) {
      root = nodeHash(hash, root);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else root = nodeHash(root, hash);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  must(sn === 0, "a path as long as the tree is high");
  return root;
}

/** Verifies a checkpoint's note under one of a member's ledger keys; gives its size and root. */
function openCheckpoint(note, member) {
  const [body, signatures] = [note.slice(0, note.indexOf("\n\n") + 1), note.slice(note.indexOf("\n\n") + 2)];
  const [origin, size, root] = body.split("\n");
  must(new RegExp(`^${member.id}/exchange/[1-9][0-9]*$`).test(origin), "a checkpoint of the holder's exchange ledger");
  for (const line of signatures.trimEnd().split("\n")) {
    const [, name, blob] = line.match(/^— (\S+) (\S+)$/) ?? [];
    const bytes = Buffer.from(blob ?? "", "base64");
    for (const listed of member.keys.filter((one) => one.use === "ledger")) {
      const spki = Buffer.from(listed.public, "base64");
      if (name !== origin || !bytes.subarray(0, 4).equals(keyId(name, rawEd25519(spki)))) continue;
      const key = createPublicKey({ key: spki, format: "der", type: "spki" });
      if (verify(null, Buffer.from(body), key, bytes.subarray(4)))
        return { size: Number(size), root: Buffer.from(root, "base64") };
    }
  }
  throw new Refused("a checkpoint signed by a listed ledger key");
}

/** A ledger of our own with one entry: enough to acknowledge one document. */
function ownLedger(settings) {
  const entry = JSON.stringify({ at: new Date().toISOString(), salt: b64u(randomBytes(32)), type: "arrived", v: 1 });
  const hash = leafHash(sha256(entry));
  const key = createPrivateKey(readFileSync(settings.ledgerKey));
  const name = `${settings.id}/exchange/1`;
  const body = `${name}\n1\n${hash.toString("base64")}\n`;
  const raw = rawEd25519(createPublicKey(key).export({ format: "der", type: "spki" }));
  const signature = Buffer.concat([keyId(name, raw), sign(null, Buffer.from(body), key)]).toString("base64");
  return { leaf: { index: 0, hash: b64u(hash) }, checkpoint: `${body}\n— ${name} ${signature}\n` };
}

// ---------------------------------------------------------------- exchanges (section 4)

class Peer {
  constructor(settings) {
    this.settings = settings;
    this.signer = { kid: settings.signingKid, key: createPrivateKey(readFileSync(settings.signingKey)) };
    const cert = readFileSync(settings.certificate);
    this.x5t = b64u(sha256(new X509Certificate(cert).raw));
    this.agent = new https.Agent({
      ca: readFileSync(settings.ca),
      cert,
      key: readFileSync(settings.key),
      minVersion: "TLSv1.3",
      keepAlive: true,
      maxSockets: 1,
      // The certificate must be that of the member we mean to ask, before anything is sent.
      checkServerIdentity: (_host, shown) => {
        const units = [shown.subject?.OU ?? []].flat();
        return units.includes(settings.holder.id) ? undefined : new Error("another member's certificate");
      },
    });
  }

  request(method, path, headers, body) {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.settings.holder.endpoint);
      const call = https.request(url, { method, headers, agent: this.agent, servername: "localhost" }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
        );
        answer.on("error", reject);
      });
      call.on("error", reject);
      call.end(body);
    });
  }

  mandate(kind, more) {
    const { worker, practitioner } = this.settings;
    const at = now();
    const asked = kind === "read" ? {} : { worker, information: { at: at - 60, by: "physician", means: "oral" } };
    return seal(
      "mandate+jwt",
      {
        ver: 1,
        kind,
        iss: this.settings.id,
        aud: this.settings.holder.id,
        iat: at,
        exp: at + 120,
        jti: id(),
        cnf: { "x5t#S256": this.x5t },
        practitioner: { ...practitioner, auth: { means: "own", level: "substantial", at: at - 600 } },
        purpose: { system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "COC" },
        document_type: { system: "http://loinc.org", code: "60591-5" },
        follow_up: kind === "read" ? undefined : { basis: "known-locally", visit: "initial" },
        fetch_requested_at: at,
        unattended: false,
        ...asked,
        ...more,
      },
      this.signer,
    );
  }

  /** Verifies a receipt against the mandate and the exact body, as section 6 says; gives its claims. */
  receipt(answer, mandate, lookupId) {
    const token = answer.headers["dmst-receipt"];
    must(token, `a receipt with status ${answer.status}: ${answer.body}`);
    const claims = open(token, "receipt+jwt", this.settings.holder.keys);
    must(claims.iss === this.settings.holder.id && claims.aud === this.settings.id, "a receipt between us two");
    must(claims.mandate_sha256 === b64u(sha256(mandate)), "a receipt for this mandate");
    must(claims.body_sha256 === b64u(sha256(answer.body)), "a receipt over this body");
    must(claims.lookup_id === lookupId, "a receipt for this lookup");
    const { size, root } = openCheckpoint(claims.checkpoint, this.settings.holder);
    const path = claims.path.map((hash) => Buffer.from(hash, "base64url"));
    const reached = rootOf(Buffer.from(claims.leaf.hash, "base64url"), claims.leaf.index, size, path);
    must(reached.equals(root), "a leaf that lies in the holder's ledger");
    return { claims, token };
  }

  async lookup(lookupId) {
    const mandate = this.mandate("lookup", { lookup_id: lookupId });
    const { oid, matricule } = this.settings.worker;
    const form = new URLSearchParams({ "patient.identifier": `urn:oid:${oid}|${matricule}`, status: "current" });
    const answer = await this.request(
      "POST",
      "/fhir/DocumentReference/_search",
      { Authorization: `Bearer ${mandate}`, "Content-Type": "application/x-www-form-urlencoded" },
      form.toString(),
    );
    const { claims } = this.receipt(answer, mandate, lookupId);
    const bundle = JSON.parse(answer.body);
    if (claims.outcome !== "announced") return { outcome: claims.outcome, code: claims.code };
    const found = bundle.entry[0].resource;
    must(found.subject.identifier.value === matricule, "an announcement about the worker we asked for");
    return { outcome: claims.outcome, announcement: found.id, lastActOn: found.context.period.end };
  }

  async handover(lookupId, announcementId) {
    for (;;) {
      const mandate = this.mandate("handover", { lookup_id: lookupId, announcement_id: announcementId });
      const answer = await this.request(
        "POST",
        "/handovers",
        { Authorization: `Bearer ${mandate}`, "Content-Type": "application/json" },
        JSON.stringify({ announcement_id: announcementId }),
      );
      const { claims, token } = this.receipt(answer, mandate, lookupId);
      if (claims.outcome === "rendering") {
        await new Promise((go) => setTimeout(go, 1000 * Number(answer.headers["retry-after"] ?? 1)));
        continue;
      }
      must(claims.outcome === "granted", `a handover: ${claims.outcome} ${claims.code}`);
      const grant = JSON.parse(answer.body);
      must(grant.sha256 === claims.document.sha256 && grant.size === claims.document.size, "the receipt's document");
      return { ...grant, receipt: token };
    }
  }

  async part(grant, from) {
    const mandate = this.mandate("read", { handover_id: grant.handover_id, sha256: grant.sha256 });
    const headers = { Authorization: `Bearer ${mandate}`, Accept: "application/pdf" };
    if (from) headers.Range = `bytes=${from}-`;
    const answer = await this.request("GET", `/fhir/Binary/${grant.handover_id}`, headers);
    must(answer.status === (from ? 206 : 200), `the document, not ${answer.status}: ${answer.body}`);
    const digest = `sha-256=:${Buffer.from(grant.sha256, "base64url").toString("base64")}:`;
    must(answer.headers["repr-digest"] === digest, "the digest of the whole document");
    return answer.body;
  }

  async acknowledge(grant, received) {
    const { leaf, checkpoint } = ownLedger(this.settings);
    const claims = {
      ver: 1,
      iss: this.settings.id,
      aud: this.settings.holder.id,
      iat: now(),
      handover_id: grant.handover_id,
      receipt_sha256: b64u(sha256(grant.receipt)),
      result: "verified",
      code: null,
      sha256: b64u(sha256(received)),
      size: received.length,
      leaf,
      checkpoint,
    };
    const path = `/handovers/${grant.handover_id}/ack`;
    const token = seal("ack+jwt", claims, this.signer);
    const answer = await this.request("POST", path, { "Content-Type": "application/jose" }, token);
    must(answer.status === 204, `204 to the acknowledgement, not ${answer.status}: ${answer.body}`);
  }
}

const peer = new Peer(JSON.parse(readFileSync(process.argv[2])));
const lookupId = id();
const result = await peer.lookup(lookupId);
if (result.announcement) {
  const grant = await peer.handover(lookupId, result.announcement);
  const whole = await peer.part(grant, 0);
  const rest = await peer.part(grant, 1000);
  must(b64u(sha256(whole)) === grant.sha256 && whole.length === grant.size, "the bytes that were promised");
  must(whole.subarray(1000).equals(rest), "the same bytes from an offset on");
  await peer.acknowledge(grant, whole);
  Object.assign(result, { size: grant.size, sha256: grant.sha256, pdf: whole.subarray(0, 5).toString() });
}
peer.agent.destroy();
console.log(JSON.stringify(result));
