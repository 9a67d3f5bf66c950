// A vendor's side of the connector's REST contract (docs/vendor-api/openapi.json): routes, limits, errors.
//
//     node server.mjs config.json
//
// INS come and go in bodies only, and nothing of a body is ever logged. Prints {"port": …} when it listens.

import { createHash } from "node:crypto";
import { createServer as createPlain } from "node:http";
import { createServer as createTls } from "node:https";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Caller, sha256 } from "./caller.mjs";
import { Refused, Software } from "./software.mjs";

const MAX_JSON = 64 * 1024;
const INS = { oid: /^1\.2\.250\.1\.213\.1\.4\.(8|9|10|11)$/, matricule: /^[0-9]{5}([0-9]{2}|2[AB])[0-9]{8}$/ };

const configPath = resolve(process.argv[2] ?? "config.example.json");
const config = JSON.parse(readFileSync(configPath, "utf8"));
const near = (path) => resolve(dirname(configPath), path);
const software = new Software(near(config.data));
const caller = new Caller({
  keys: Object.fromEntries(Object.entries(config.bearer?.keys ?? {}).map(([kid, file]) => [kid, readFileSync(near(file))])),
  audience: config.bearer?.audience,
  members: config.bearer?.members,
  needsCertificate: Boolean(config.tls?.client_ca),
  fingerprints: config.tls?.client_fingerprints,
});
const base = config.base ?? "";

const routes = [
  ["GET", /^\/health$/, () => [200, { ok: true, contract_version: 1, detail: "example" }]],
  ["GET", /^\/counts$/, () => [200, software.counts()]],
  ["POST", /^\/look$/, (_, body) => [200, software.look(insOf(body.ins))]],
  ["POST", /^\/traces$/, async (_, body) => {
    insOf(body.ins);
    if (!/^[0-9a-f]{32}$/.test(body.trace_id)) throw new Refused(400, "schema");
    await software.trace(body);
    return [204];
  }],
  ["POST", /^\/told$/, async (_, body) => {
    insOf(body.ins);
    if (typeof body.objects !== "boolean") throw new Refused(400, "schema");
    await software.told(body);
    return [204];
  }],
  ["POST", /^\/filings$/, (_, body) => {
    insOf(body.ins);
    if (!/^[0-9a-f]{64}$/.test(body.sha256) || !Number.isSafeInteger(body.size)) throw new Refused(400, "schema");
    if (body.content_type !== "application/pdf") throw new Refused(501, "not-supported");
    const found = software.announce(body);
    return [found.reference ? 200 : 201, found];
  }],
];
const documentPath = /^\/documents\/([A-Za-z0-9._~-]{1,128})\/([A-Za-z0-9._~-]{1,128})$/;
const contentPath = /^\/filings\/([0-9a-f]{32})\/content$/;

async function answer(request, response) {
  const path = request.url.startsWith(base) ? request.url.slice(base.length) : "";
  const claims = caller.admit(request, path, Math.floor(Date.now() / 1000));
  if (!claims) throw new Refused(401, "access-refused");
  const [, reference, version] = (request.method === "GET" && documentPath.exec(path)) || [];
  if (reference) return sendDocument(request, response, await software.document(reference, version));
  const [, filing] = (request.method === "PUT" && contentPath.exec(path)) || [];
  if (filing) return send(response, 200, await software.file(filing, digested(request, claims)));
  const found = routes.find(([method, pattern]) => method === request.method && pattern.test(path));
  if (!found) throw new Refused(404, "schema");
  const body = request.method === "POST" ? await readJson(request, claims) : {};
  const [status, value] = await found[2](path, body);
  send(response, status, value);
}

function send(response, status, value) {
  const text = value === undefined ? "" : JSON.stringify(value);
  const type = status >= 400 ? "application/problem+json" : "application/json";
  const headers = value === undefined ? {} : { "Content-Type": type, "Content-Length": Buffer.byteLength(text) };
  response.writeHead(status, { "Cache-Control": "no-store", ...headers });
  response.end(text);
}

function sendDocument(request, response, { size, type, stream }) {
  const headers = { "Content-Type": type, "Accept-Ranges": "bytes", "Cache-Control": "no-store" };
  const range = request.headers.range;
  const [, from] = /^bytes=([0-9]{1,15})-$/.exec(range ?? "") ?? [];
  if (range !== undefined && (from === undefined || Number(from) >= size)) {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return;
  }
  const start = Number(from ?? 0);
  if (from !== undefined) headers["Content-Range"] = `bytes ${start}-${size - 1}/${size}`;
  response.writeHead(from === undefined ? 200 : 206, { ...headers, "Content-Length": size - start });
  const source = stream(start, size - 1);
  source.on("error", () => response.destroy());
  response.on("close", () => source.destroy());
  source.pipe(response);
}

async function readJson(request, claims) {
  if (request.headers["content-type"] !== "application/json") throw new Refused(415, "schema");
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > MAX_JSON) throw new Refused(413, "schema");
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (!Caller.isBodyOf(claims, sha256(bytes))) throw new Refused(401, "access-refused");
  try {
    const value = JSON.parse(bytes.toString("utf8"));
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Refused(400, "schema");
    return value;
  } catch {
    throw new Refused(400, "schema");
  }
}

/** The bytes of a document; `software.file` compares their digest with the announced one, which the bearer also names. */
async function* digested(request, claims) {
  const digest = createHash("sha256");
  for await (const piece of request) {
    digest.update(piece);
    yield piece;
  }
  if (!Caller.isBodyOf(claims, digest.digest("hex"))) throw new Refused(401, "access-refused");
}

function insOf(ins) {
  if (!INS.oid.test(ins?.oid) || !INS.matricule.test(ins?.matricule)) throw new Refused(400, "schema");
  return ins;
}

function handle(request, response) {
  answer(request, response).catch((error) => {
    if (response.headersSent) return response.destroy();
    // Only our own refusals say what they are; the text of any other error may hold what was asked about.
    const [status, problem] = error instanceof Refused ? [error.status, error.problem] : [500, "unreachable"];
    send(response, status, { type: "about:blank", title: problem, status, problem });
    request.resume();
  });
}

const limits = { requestTimeout: 300_000, headersTimeout: 10_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 };
const server = config.tls
  ? createTls({
      ...limits,
      cert: readFileSync(near(config.tls.certificate)),
      key: readFileSync(near(config.tls.key)),
      ca: config.tls.client_ca ? readFileSync(near(config.tls.client_ca)) : undefined,
      requestCert: Boolean(config.tls.client_ca),
      rejectUnauthorized: Boolean(config.tls.client_ca),
      minVersion: "TLSv1.2",
    }, handle)
  : createPlain(limits, handle);

const listening = () => console.log(JSON.stringify({ port: server.address()?.port ?? null }));
if (config.socket) server.listen(near(config.socket), listening);
else server.listen(config.port ?? 8443, config.host ?? "127.0.0.1", listening);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
