// A certified OpenID Connect provider, shaped like Pro Santé Connect: issuer with a path, discovery elsewhere, claims in
// user information only. Prints its port; `POST /as {login, acr, claims}` says who the next person to come is.
import http from "node:http";
import { Provider } from "oidc-provider";

const PREFIX = "/auth/realms/esante-wallet";
const [clientId, clientSecret, clientJwks, redirectUri, logoutUri] = process.argv.slice(2);
let next = { login: "nobody", acr: "eidas1", claims: {} };
const people = new Map();

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}${PREFIX}`;
  const client = {
    client_id: clientId,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [logoutUri],
    ...(clientJwks
      ? { token_endpoint_auth_method: "private_key_jwt", jwks: JSON.parse(clientJwks) }
      : { client_secret: clientSecret }),
  };
  const provider = new Provider(issuer, {
    clients: [client],
    acrValues: ["eidas1"],
    scopes: ["openid", "scope_all"],
    claims: { openid: ["sub"], scope_all: ["SubjectNameID", "preferred_username", "otherIds", "family_name"] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    interactions: { url: (_ctx, interaction) => `${PREFIX}/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    cookies: { keys: ["test only"] },
  });
  const callback = provider.callback();

  async function interact(req, res) {
    const { prompt, params, grantId } = await provider.interactionDetails(req, res);
    if (prompt.name === "login" && !next.login) {
      res.statusCode = 401;
      res.end("waiting for the person");
      return;
    }
    if (prompt.name === "login") {
      const id = `f:00000000-0000-4000-8000-000000000000:${next.login}`;
      people.set(id, next.claims);
      const login = { accountId: id, ...(next.acr ? { acr: next.acr } : {}) };
      return provider.interactionFinished(req, res, { login });
    }
    const details = await provider.interactionDetails(req, res);
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: details.session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }

  server.on("request", (req, res) => {
    if (req.url === "/as") {
      let body = "";
      req.on("data", (piece) => (body += piece));
      req.on("end", () => { next = JSON.parse(body); res.end("{}"); });
      return;
    }
    if (req.url.startsWith(`${PREFIX}/interaction/`)) {
      interact(req, res).catch((error) => { res.statusCode = 500; res.end(String(error)); });
      return;
    }
    req.originalUrl = req.url;
    req.url = req.url.slice(PREFIX.length).replace("/.well-known/wallet-openid-configuration", "/.well-known/openid-configuration");
    if (req.originalUrl.includes("/.well-known/openid-configuration")) { res.statusCode = 404; res.end("{}"); return; }
    req.originalUrl = PREFIX + req.url;
    callback(req, res);
  });
  console.log(port);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
