// A small identity provider: it signs in whoever comes, as whom it was told, without asking.

import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Starts it. `says` may be changed: claims, or an `error` that it sends people back with. */
export async function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const begun = new Map();
  const provider = { says: { preferred_username: "ada", groups: ["bosses"] }, error: undefined };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, provider.issuer);
    const json = (value, status = 200) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    switch (pathname) {
      case "/.well-known/openid-configuration":
        return json({ issuer: provider.issuer, authorization_endpoint: `${provider.issuer}/authorize`, token_endpoint: `${provider.issuer}/token`, jwks_uri: `${provider.issuer}/keys` });
      case "/keys":
        return json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] });
      case "/authorize": {
        const code = String(begun.size);
        begun.set(code, Object.fromEntries(searchParams));
        const back = new URL(searchParams.get("redirect_uri"));
        if (provider.error) back.searchParams.set("error", provider.error);
        else back.searchParams.set("code", code);
        back.searchParams.set("state", searchParams.get("state"));
        return response.writeHead(302, { location: String(back) }).end();
      }
      case "/token": {
        const parts = [];
        for await (const part of request) parts.push(part);
        const form = new URLSearchParams(Buffer.concat(parts).toString());
        const asked = begun.get(form.get("code"));
        const challenge = createHash("sha256").update(form.get("code_verifier")).digest("base64url");
        if (challenge !== asked?.code_challenge) return json({ error: "invalid_grant" }, 400);
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: provider.issuer, aud: asked.client_id, sub: "7", iat: now, exp: now + 300, nonce: asked.nonce, ...provider.says };
        const signed = `${base64url({ alg: "RS256", kid: "one" })}.${base64url(claims)}`;
        return json({ token_type: "Bearer", id_token: `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}` });
      }
      default:
        return json({}, 404);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.issuer = `http://127.0.0.1:${server.address().port}`;
  provider.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return provider;
}
