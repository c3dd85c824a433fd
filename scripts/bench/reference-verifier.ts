/**
 * The third reference: the bare https server again, which does what no server can leave out of a token by private_key_jwt.
 * It finds the client's key in memory, verifies the assertion, reads one entry of the client and writes two, in one round
 * trip to Redis. It looks at no certificate, no claim but `sub` and `jti`, and nothing that may change. Takes the path of its
 * settings, prints `ready <port>`.
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import { Redis } from "ioredis";
import type { JWK } from "jose";
import { isSignedByPs256, readCompactJws } from "../../src/kernel/compact-jws.ts";
import { sha256, systemRandomness } from "../../src/kernel/identifiers.ts";
import { jsonObjectOf } from "../../src/kernel/json-bytes.ts";
import { tlsListenerOptions } from "../../src/kernel/tls-options.ts";
import type { ReferenceTls } from "./reference-https.ts";

export interface ReferenceVerifierSettings extends ReferenceTls {
  readonly redisPort: number;
  readonly clients: readonly { readonly clientId: string; readonly signingKey: JWK }[];
}

const settings: ReferenceVerifierSettings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const redis = new Redis({ host: "127.0.0.1", port: settings.redisPort });
const tokenSeconds = 900;
const assertionSeconds = 600;

const keys = new Map<unknown, KeyObject>();
for (const { clientId, signingKey } of settings.clients) {
  keys.set(clientId, createPublicKey({ key: signingKey, format: "jwk" }));
  await redis.set(`client:${clientId}`, "1");
}

/** The answer to a token request, undefined when it is refused. */
async function issue(form: URLSearchParams): Promise<string | undefined> {
  const jws = readCompactJws(form.get("client_assertion") ?? "");
  const claims = jws && jsonObjectOf(jws.payload);
  const key = keys.get(claims?.["sub"]);
  if (!jws || !claims || !key || !isSignedByPs256(jws, key)) return undefined;
  const clientId = String(claims["sub"]);
  const scope = form.get("scope");
  const token = systemRandomness(32).toString("base64url");
  const results = await redis
    .pipeline()
    .get(`client:${clientId}`)
    .set(`assertion:${sha256(String(claims["jti"]))}`, "1", "EX", assertionSeconds, "NX")
    .set(`token:${sha256(token)}`, JSON.stringify({ clientId, scope }), "EX", tokenSeconds)
    .exec();
  const [known, unused] = (results ?? []).map(([, answer]) => answer);
  return known && unused ? JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: tokenSeconds, scope }) : undefined;
}

async function answer(body: string, response: ServerResponse): Promise<void> {
  const text = await issue(new URLSearchParams(body));
  response.writeHead(text === undefined ? 400 : 200, { "Content-Type": "application/json", "Content-Length": text?.length ?? 0 });
  response.end(text);
}

const server = createServer(
  { ...tlsListenerOptions(settings), ca: settings.caPem, requestCert: true, rejectUnauthorized: true },
  (request, response) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      answer(body, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
  },
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Expected a TCP address");
  console.log(`ready ${address.port}`);
});
process.once("SIGTERM", () => process.exit(0));
