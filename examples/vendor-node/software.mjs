// The vendor's software, reduced to a folder: workers.json, PDFs, and what the connector delivers. Put yours here.
//
// A worker is found by OID and matricule together, never by name. The newest record that may be given is chosen by the
// day of the newest health act; of one day, by what was recorded last.

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem);
    this.status = status;
    this.problem = problem;
  }
}

async function synced(path) {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const keyOf = (ins) => `${ins.oid} ${ins.matricule}`;

export class Software {
  #folder;
  #workers; // by INS, active and former
  #records = new Map(); // by reference and version
  #filings = new Map(); // announced documents whose bytes are still to come
  #writing = Promise.resolve();
  #lines = { traces: new Map(), told: new Map(), filed: new Map() };

  constructor(folder) {
    this.#folder = folder;
    this.#workers = new Map();
    for (const worker of JSON.parse(readFileSync(join(folder, "workers.json"), "utf8"))) {
      const known = [worker.identity.ins, ...(worker.identity.former ?? [])].filter(Boolean);
      for (const ins of known) this.#workers.set(keyOf(ins), [...(this.#workers.get(keyOf(ins)) ?? []), worker]);
      for (const record of worker.records ?? []) this.#records.set(`${record.record_ref}/${record.version}`, record);
    }
    mkdirSync(join(folder, "inbox"), { recursive: true });
    for (const [name, seen] of Object.entries(this.#lines)) {
      for (const line of this.#read(`${name}.jsonl`)) seen.set(line.key, line);
    }
  }

  look(ins) {
    const found = this.#workers.get(keyOf(ins)) ?? [];
    if (found.length > 1) throw new Refused(409, "ambiguous");
    if (found.length === 0) return { identity: null, opposition: "unknown", record: null };
    const [worker] = found;
    const record = this.#newest(worker);
    const { file, state, ...told } = record ?? {};
    return { identity: worker.identity, opposition: worker.opposition ?? "unknown", record: record ? told : null };
  }

  /** The document of exactly that reference and version, if it still is the one to give. */
  async document(reference, version) {
    const record = this.#records.get(`${reference}/${version}`);
    if (!record || record.state !== "valid") throw new Refused(410, "document-gone");
    const path = join(this.#folder, record.file);
    const size = (await stat(path).catch(() => { throw new Refused(422, "document-unreadable"); })).size;
    return { size, type: record.content_type, stream: (start, end) => createReadStream(path, { start, end }) };
  }

  async trace(trace) {
    await this.#once("traces", trace.trace_id, trace);
  }

  async told(told) {
    const { ins, at, by, means, objects } = told;
    const digest = createHash("sha256").update(JSON.stringify([ins, at, by, means, objects])).digest("hex");
    await this.#once("told", told.told_id ?? digest, told);
  }

  /** A document is announced first; filed already, it has a reference, else an id under which its bytes may come. */
  announce(filing) {
    if (!this.#workers.has(keyOf(filing.ins))) throw new Refused(422, "data");
    const key = `${keyOf(filing.ins)} ${filing.sha256}`;
    const filed = this.#lines.filed.get(key);
    if (filed) return { reference: filed.value.reference };
    const id = randomBytes(16).toString("hex");
    this.#filings.set(id, { ...filing, key });
    if (this.#filings.size > 1000) this.#filings.delete(this.#filings.keys().next().value);
    return { filing_id: id };
  }

  async file(id, content) {
    const filing = this.#filings.get(id);
    if (!filing) throw new Refused(404, "data");
    const draft = join(this.#folder, "inbox", `.${id}.part`);
    const digest = createHash("sha256");
    let size = 0;
    async function* measured() {
      for await (const piece of content) {
        size += piece.length;
        if (size > filing.size) throw new Refused(422, "data");
        digest.update(piece);
        yield piece;
      }
    }
    try {
      await pipeline(measured, createWriteStream(draft, { mode: 0o640 }));
      await synced(draft);
      if (size !== filing.size || digest.digest("hex") !== filing.sha256) throw new Refused(422, "data");
      const reference = `received-${id}`;
      await rename(draft, join(this.#folder, "inbox", `${reference}.pdf`));
      await this.#once("filed", filing.key, { reference, filing });
      this.#filings.delete(id);
      return { reference };
    } finally {
      await rm(draft, { force: true });
    }
  }

  counts() {
    const workers = [...new Set([...this.#workers.values()].flat())];
    const having = (test) => workers.filter(test).length;
    const isQualified = (worker) => worker.identity.status === "QUAL";
    return {
      workers: workers.length,
      with_ins: having((worker) => worker.identity.ins !== null),
      qualified: having(isQualified),
      opposition_known: having((worker) => ["yes", "no"].includes(worker.opposition)),
      document_available: having((worker) => this.#newest(worker)),
      answerable: having((worker) => isQualified(worker) && worker.opposition === "no" && this.#newest(worker)),
    };
  }

  #newest(worker) {
    const given = (worker.records ?? []).filter((record) => record.state === "valid");
    const order = (one, other) =>
      one.last_act_on.localeCompare(other.last_act_on) || Date.parse(one.updated_at) - Date.parse(other.updated_at);
    const [last, before] = given.sort(order).reverse();
    if (before && order(last, before) === 0) throw new Refused(409, "ambiguous");
    return last;
  }

  /** Append a line and make it durable; the same key again is the same thing. */
  #once(name, key, value) {
    // One after the other: who repeats a key while it is being written is answered when it is durable.
    const written = this.#writing.then(() => this.#append(name, key, value));
    this.#writing = written.catch(() => {});
    return written;
  }

  async #append(name, key, value) {
    if (this.#lines[name].has(key)) return;
    const file = await open(join(this.#folder, `${name}.jsonl`), "a", 0o640);
    try {
      await file.appendFile(`${JSON.stringify({ key, value })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#lines[name].set(key, { key, value });
  }

  #read(name) {
    try {
      return readFileSync(join(this.#folder, name), "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    } catch (error) {
      if (error.code === "ENOENT") return [];
      throw error;
    }
  }
}
