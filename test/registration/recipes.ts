import { randomUUID } from "node:crypto";
import { CompactSign } from "jose";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import type { RefusalCode } from "../../src/kernel/refusal-catalogue.ts";
import type { HttpsAnswer } from "../support/https-call.ts";
import type { SandboxTpp, TlsIdentity } from "../support/sandbox.ts";
import { openOperator } from "./open-operator.ts";
import { changePublishedKeys, changeSeal, newJwk, publishKey } from "./published-keys.ts";
import type { Body, RegistrationWorld } from "./registration-world.ts";
import { certificateOfAuthority, remadeCertificate, withoutAttribute } from "./remade-certificate.ts";

/** What a recipe cooks with: a TPP that is not registered, and one certificate that was on the list from the start. */
export interface Kitchen {
  readonly world: RegistrationWorld;
  readonly tpp: SandboxTpp;
  readonly revoked: TlsIdentity;
}

/** Brings the server to refuse (or warn) with one code. */
export type Recipe = (kitchen: Kitchen) => Promise<HttpsAnswer>;

const withCertificate =
  (make: (kitchen: Kitchen) => TlsIdentity | Promise<TlsIdentity>, weak = false): Recipe =>
  async (kitchen) => {
    const { world, tpp } = kitchen;
    return world.post(tpp, await world.bodyOf(tpp), { identity: await make(kitchen), weak });
  };

const withClaims =
  (claims: Record<string, unknown>): Recipe =>
  async ({ world, tpp }) =>
    world.post(tpp, await world.bodyOf(tpp, {}, { claims }));

const withMembers =
  (members: Body): Recipe =>
  async ({ world, tpp }) =>
    world.post(tpp, await world.bodyOf(tpp, members));

const withText =
  (text: string, contentType = "application/json"): Recipe =>
  async ({ world, tpp }) =>
    world.server.call(world.address(), { method: "POST", headers: { "content-type": contentType }, body: text, identity: tpp.tls });

/** With a statement whose parts were tampered with. */
const withStatement =
  (make: (statement: string) => string | Promise<string>): Recipe =>
  async ({ world, tpp }) =>
    world.post(tpp, await world.bodyOf(tpp, { software_statement: await make(await tpp.statement()) }));

/** On a TPP of its own, whose keys in the keystore are changed before the server has seen them. */
const withKeys =
  (change: (world: RegistrationWorld, tpp: SandboxTpp) => Promise<unknown>, path = ""): Recipe =>
  async ({ world }) => {
    const tpp = await world.directory.createTpp();
    await change(world, tpp);
    return world.post(tpp, await world.bodyOf(tpp), { path });
  };

/** An update of a client that is registered for it and deleted afterwards. */
const update =
  (make: (kitchen: Kitchen, body: Body) => Body | Promise<Body>, call: (kitchen: Kitchen) => { token?: string; headers?: Record<string, string>; identity?: TlsIdentity } | Promise<{ identity: TlsIdentity }> = () => ({})): Recipe =>
  async (kitchen) => {
    const { world, tpp } = kitchen;
    const client = await world.register(tpp);
    const body = await make(kitchen, await world.updateBody(tpp, client));
    const answer = await world.manage("PUT", tpp, client, { body, ...(await call(kitchen)) });
    await world.delete(tpp, client);
    return answer;
  };

async function signedByStranger(statement: string): Promise<string> {
  const payload = Buffer.from(statement.split(".")[1] ?? "", "base64url");
  return new CompactSign(payload).setProtectedHeader({ alg: "PS256", kid: "a-key-of-my-own" }).sign(await makeKey());
}

const webhook = "https://hooks.example.com/open-finance";

/** One way to each code that registration and its management can answer with. */
export const recipes = {
  "certificate.absent": async ({ world, tpp }) => world.server.post(world.address(), await world.bodyOf(tpp)),
  "certificate.unreadable": withCertificate(({ world, tpp }) =>
    remadeCertificate(world.directory, tpp, (certificate) => {
      certificate.setExtensions([...certificate.extensions, { id: "1.3.6.1.4.1.55555.1", critical: true, value: "\x05\x00" }]);
    }),
  ),
  "certificate.key-type": withCertificate(({ tpp }) => tpp.forge("ec")),
  "certificate.key-size": withCertificate(({ tpp }) => tpp.forge("rsa-1024"), true),
  "certificate.digest": withCertificate(({ tpp }) => tpp.forge("sha1"), true),
  "certificate.not-yet-valid": withCertificate(({ tpp }) => tpp.forge("not-yet-valid")),
  "certificate.expired": withCertificate(({ tpp }) => tpp.forge("expired")),
  "certificate.key-usage": withCertificate(({ tpp }) => ({ cert: tpp.files["brseal.crt"], key: tpp.files["brseal.key"] })),
  "certificate.extended-key-usage": withCertificate(({ tpp }) => tpp.forge("wrong-usage")),
  "certificate.issuer-unknown": withCertificate(({ tpp }) => tpp.forge("foreign-root")),
  "certificate.signature": withCertificate(({ tpp }) => tpp.forge("forged-issuer")),
  "certificate.issuer-invalid": withCertificate(({ world, tpp }) => certificateOfAuthority(world.directory, tpp, { notAfter: new Date(Date.now() - 86_400_000) })),
  "certificate.revoked": withCertificate(({ revoked }) => revoked),
  "certificate.revocation-unknown": withCertificate(({ world, tpp }) =>
    certificateOfAuthority(world.directory, tpp, { crlUrl: `${world.directory.urls.crl}/nowhere.crl` }),
  ),
  "brcac.software-id-missing": withCertificate(({ world, tpp }) => remadeCertificate(world.directory, tpp, withoutAttribute("0.9.2342.19200300.100.1.1"))),
  "brcac.organisation-id-missing": withCertificate(({ world, tpp }) => remadeCertificate(world.directory, tpp, withoutAttribute("2.5.4.97"))),

  "registration-token.absent": update(
    (_, body) => body,
    () => ({ headers: { authorization: "" } }),
  ),
  "registration-token.unknown": update(
    (_, body) => body,
    () => ({ token: "invented" }),
  ),
  "registration-token.other-software": update(
    (_, body) => body,
    async ({ tpp }) => ({ identity: await tpp.forge("other-software") }),
  ),

  "statement.absent": withMembers({ software_statement: undefined }),
  "statement.malformed": withMembers({ software_statement: "not.a-jws" }),
  "statement.algorithm": withStatement((statement) => {
    const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    return [header, ...statement.split(".").slice(1)].join(".");
  }),
  "statement.key-unknown": withStatement(signedByStranger),
  "statement.signature": withStatement((statement) => {
    const [header, payload = "", signature] = statement.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Record<string, unknown>;
    return [header, Buffer.from(JSON.stringify({ ...claims, org_name: "Another" })).toString("base64url"), signature].join(".");
  }),
  "statement.claims": withClaims({ software_redirect_uris: null }),
  "statement.too-old": async ({ world, tpp }) => world.post(tpp, await world.bodyOf(tpp, {}, { ageSeconds: 302 })),
  "statement.from-the-future": async ({ world, tpp }) => world.post(tpp, await world.bodyOf(tpp, {}, { ageSeconds: -120 })),
  "statement.other-software": update(async ({ tpp }, body) => ({ ...body, software_statement: await tpp.statement({ claims: { software_id: randomUUID() } }) })),
  "statement.other-organisation": update(async ({ tpp }, body) => ({ ...body, software_statement: await tpp.statement({ claims: { org_id: randomUUID() } }) })),
  "statement.issuer": withClaims({ iss: "Another directory" }),
  "statement.environment": withClaims({ software_environment: "production" }),
  "organisation.not-active": withClaims({ org_status: "Withdrawn" }),
  "software.not-active": withClaims({ software_status: "Inactive" }),
  "role.none-active": withClaims({ software_statement_roles: [{ role: "DADOS", authorisation_domain: "Open Banking", status: "Inactive" }] }),
  "brcac.other-software": withCertificate(({ tpp }) => tpp.forge("other-software")),
  "brcac.other-organisation": withCertificate(({ tpp }) => tpp.forge("other-organisation")),
  "registration.duplicate": async ({ world, tpp }) => {
    const client = await world.register(tpp);
    const answer = await world.post(tpp, await world.bodyOf(tpp));
    await world.delete(tpp, client);
    return answer;
  },
  "registration.suspended-by-bank": async ({ world }) => {
    const tpp = await world.directory.createTpp();
    const client = await world.register(tpp);
    const operator = openOperator(world);
    await operator.lifecycle.suspend((await operator.clients.find(client.clientId))!, { by: "operator", reason: "fraud" }, operator.by);
    await operator.close();
    await world.delete(tpp, client);
    return world.post(tpp, await world.bodyOf(tpp));
  },
  "registration.absent": async ({ world, tpp }) => world.post(tpp, await world.bodyOf(tpp), { path: "/recover" }),

  "redirect-uris.absent": withMembers({ redirect_uris: [] }),
  "redirect-uris.outside-statement": withMembers({ redirect_uris: ["https://attacker.example.com/callback"] }),
  "redirect-uris.form": async ({ world, tpp }) => {
    const uri = "http://www.example.com/callback";
    return world.post(tpp, await world.bodyOf(tpp, { redirect_uris: [uri] }, { claims: { software_redirect_uris: [uri] } }));
  },
  "request.content-type": withText("{}", "text/plain"),
  "request.not-json": withText("{"),
  "request.too-large": withText(JSON.stringify({ client_name: "x".repeat(70_000) })),
  "request.too-deep": withText(`{"a":${"[".repeat(50)}${"]".repeat(50)}}`),
  "request.member-type": withMembers({ grant_types: "authorization_code" }),
  "request.member-forbidden": update((_, body) => ({ ...body, client_id_issued_at: 1 })),
  "request.other-client-id": update((_, body) => ({ ...body, client_id: "another" })),
  "jwks.by-value": withMembers({ jwks: { keys: [] } }),
  "jwks-uri.differs": withMembers({ jwks_uri: "https://tpp.example.com/keys" }),
  "jwks.not-in-keystore": withClaims({ software_jwks_uri: "https://tpp.example.com/keys" }),
  "jwks.invalid": withKeys(async ({ directory }, tpp) => {
    const weak = await newJwk(1024, {});
    await changePublishedKeys(directory, tpp, (key) => (key.use === "enc" ? { ...key, jwk: { ...weak, kid: key.kid, use: "enc" } } : key));
  }),
  "jwks.key-left-out": withKeys(async ({ directory }, tpp) => {
    await publishKey(directory, tpp, "weak", { use: "sig", jwk: await newJwk(1024, { kid: "weak", use: "sig" }) });
  }, "/check"),
  "jwks.signing-key-missing": withKeys(({ directory }, tpp) => changePublishedKeys(directory, tpp, (key) => (key.use === "sig" ? undefined : key))),
  "jwks.encryption-key-missing": withKeys(({ directory }, tpp) => changePublishedKeys(directory, tpp, (key) => (key.use === "enc" ? undefined : key))),
  "brseal.not-accepted": withKeys(({ directory }, tpp) => changeSeal(directory, tpp, { notAfter: new Date(Date.now() - 1_000) })),
  "brseal.other-organisation": withKeys(({ directory }, tpp) => changeSeal(directory, tpp, { organisationId: randomUUID() })),
  "auth-method.not-offered": withMembers({ token_endpoint_auth_method: "client_secret_basic" }),
  "grant-types.not-offered": withMembers({ grant_types: ["password"] }),
  "response-types.not-offered": withMembers({ response_types: ["token"] }),
  "scope.role-missing": withMembers({ scope: "openid invented" }),
  "scope.none-offered": withMembers({ scope: "credit-cards-accounts" }),
  "algorithm.not-offered": withMembers({ id_token_signed_response_alg: "RS256" }),
  "webhook-uris.differ": withMembers({ webhook_uris: [webhook] }),
  "webhook-uris.form": async ({ world, tpp }) => {
    const webhook_uris = [`${webhook}/`];
    return world.post(tpp, await world.bodyOf(tpp, { webhook_uris }, { claims: { software_api_webhook_uris: webhook_uris } }));
  },

  "metadata.overruled": async ({ world, tpp }) => world.post(tpp, await world.bodyOf(tpp, { client_name: "Another name" }), { path: "/check" }),
  "method.not-allowed": async ({ world, tpp }) => world.server.call(world.address(), { method: "PATCH", identity: tpp.tls }),
  "directory.unreachable": withKeys(async ({ directory }, tpp) => {
    directory.faults.set({ target: "keystore", path: tpp.description.software_id, kind: "unavailable", milliseconds: 0, location: "" });
  }),
} as const satisfies Partial<Record<RefusalCode, Recipe>>;
