import { execFileSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { expect } from "chai";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { z } from "zod";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { directorySettingsSchema } from "../../src/sandbox/directory-settings.ts";
import { startDirectory } from "../../src/sandbox/start-directory.ts";
import { createLog } from "../../src/kernel/log.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { openLmdbStore } from "../../src/store/lmdb-store.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp, type TlsIdentity } from "../support/sandbox.ts";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
  readonly text: string;
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly tls?: TlsIdentity;
}

describe("the sandbox Central Directory", () => {
  let sandbox: SandboxDirectory;
  let tpp: SandboxTpp;
  const agents: Agent[] = [];

  /** One call over TLS, trusting the local authority only. */
  function call(url: string, { method = "GET", headers = {}, body, tls }: Call = {}): Promise<Answer> {
    const agent = new Agent({ ca: sandbox.localAuthority.caPem, ...tls });
    agents.push(agent);
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, headers, agent }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const whole = Buffer.concat(parts);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole, text: whole.toString() });
        });
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
  const getJson = async (url: string) => JSON.parse((await call(url)).text);
  const keysAt = async (path: string): Promise<JSONWebKeySet["keys"]> =>
    (await getJson(`${sandbox.urls.keystore}/${path}`)).keys;
  const kidsAt = async (path: string) => (await keysAt(path)).map(({ kid }) => kid);
  const place = (one: SandboxTpp) => `${one.description.organisation_id}/${one.description.software_id}`;

  function askToken(one: SandboxTpp, tls: TlsIdentity | undefined, change: Record<string, string> = {}): Promise<Answer> {
    const form = {
      grant_type: "client_credentials",
      scope: "directory:software",
      client_id: one.description.directory.client_id,
      ...change,
    };
    return call(one.description.directory.token_endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
      ...(tls && { tls }),
    });
  }
  const tokenOf = async (one: SandboxTpp) => JSON.parse((await askToken(one, one.tls)).text).access_token as string;
  const askStatement = (one: SandboxTpp, token: string, tls: TlsIdentity) =>
    call(one.description.directory.assertion_url, {
      headers: { Authorization: `Bearer ${token}`, Accept: "application/jwt;charset=UTF-8" },
      tls,
    });
  const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
  const file = (name: string, content: string | Buffer) => {
    const path = join(sandbox.folder, name);
    writeFileSync(path, content);
    return path;
  };

  before(async () => {
    sandbox = await startSandboxDirectory();
    tpp = await sandbox.createTpp();
  });
  after(async () => {
    for (const agent of agents) agent.destroy();
    await sandbox.stop();
  });

  describe("discovery (row 1)", () => {
    it("names exactly what the suite needs", async () => {
      const document = await getJson(`${sandbox.urls.auth}/.well-known/openid-configuration`);
      expect(document).to.have.all.keys(
        "issuer", "token_endpoint", "authorization_endpoint", "jwks_uri", "mtls_endpoint_aliases",
      );
      expect(document.mtls_endpoint_aliases).to.deep.equal({ token_endpoint: document.token_endpoint });
      expect(document.issuer).to.equal(sandbox.urls.auth);
      expect(new URL(document.token_endpoint).port).not.to.equal(new URL(document.issuer).port);
    });
  });

  describe("token (row 2)", () => {
    it("is given to the software whose certificate it is, with status 200", async () => {
      const answer = await askToken(tpp, tpp.tls);
      expect(answer.status).to.equal(200);
      const body = JSON.parse(answer.text);
      expect(body).to.include({ token_type: "Bearer", scope: "directory:software" });
      expect(body.access_token).to.match(/^[A-Za-z0-9_-]{43}$/);
    });

    it("is refused without a certificate, with another software's, and with a forged one", async () => {
      const other = await sandbox.createTpp();
      for (const tls of [undefined, other.tls, await tpp.forge("forged-issuer")]) {
        const answer = await askToken(tpp, tls);
        expect(answer.status).to.equal(401);
        expect(JSON.parse(answer.text).error).to.equal("invalid_client");
      }
    });

    it("is refused for another grant, another scope and another media type", async () => {
      const wrong = [
        await askToken(tpp, tpp.tls, { grant_type: "password" }),
        await askToken(tpp, tpp.tls, { scope: "openid" }),
        await call(tpp.description.directory.token_endpoint, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: "{}",
          tls: tpp.tls,
        }),
      ];
      expect(wrong.map(({ status }) => status)).to.deep.equal([400, 400, 400]);
      expect(wrong.map(({ text }) => JSON.parse(text).error)).to.deep.equal([
        "unsupported_grant_type", "invalid_scope", "invalid_request",
      ]);
    });
  });

  describe("certificates (row 3)", () => {
    it("a BRCAC has UID and organizationIdentifier, no OU, and verifies up to the V10 root", async () => {
      const { subject } = new X509Certificate(tpp.tls.cert);
      expect(subject).to.contain(`UID=${tpp.description.software_id}`);
      expect(subject).to.contain(`organizationIdentifier=OFBBR-${tpp.description.organisation_id}`);
      expect(subject).not.to.contain("OU=");
      const leaf = file("client.crt", tpp.files["client.crt"]);
      const root = join(sandbox.anchorsFolder, "root-v10.crt");
      expect(openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root, "-untrusted", leaf, leaf)).to.contain("OK");
    });

    it("a BRSEAL carries the organisation in UID and verifies up to the V5 root through two authorities", async () => {
      const leaf = file("brseal.crt", tpp.files["brseal.crt"]);
      const root = join(sandbox.anchorsFolder, "root-v5.crt");
      expect(openssl("verify", "-x509_strict", "-CAfile", root, "-untrusted", leaf, leaf)).to.contain("OK");
      expect(new X509Certificate(tpp.files["brseal.crt"]).subject).to.contain(`UID=${tpp.description.organisation_id}`);
      expect(tpp.files["brseal.crt"].match(/BEGIN CERTIFICATE/g)).to.have.length(3);
    });

    it("a name with accents loses them in the certificate and keeps them in the list", async () => {
      const named = await sandbox.createTpp({ organisationName: "Pão & Crédito Ltda" });
      expect(new X509Certificate(named.tls.cert).subject).to.contain("O=Pao & Credito Ltda");
      const list = await getJson(`${sandbox.urls.auth}/participants`);
      const entry = list.find((one: { OrganisationId: string }) => one.OrganisationId === named.description.organisation_id);
      expect(entry.OrganisationName).to.equal("Pão & Crédito Ltda");
    });

    it("old BRCACs with the organisation in OU can be had", async () => {
      const old = await sandbox.createTpp({ generation: "organizationalUnit", attributeOrder: "before-2022" });
      expect(new X509Certificate(old.tls.cert).subject).to.contain(`OU=${old.description.organisation_id}`);
    });
  });

  describe("statements (row 4 and 5)", () => {
    it("come as nothing but a compact JWS, again and again with one token", async () => {
      const token = await tokenOf(tpp);
      for (const attempt of [1, 2, 3]) {
        const answer = await askStatement(tpp, token, tpp.tls);
        expect(answer.status, `attempt ${attempt}`).to.equal(200);
        expect(answer.headers["content-type"]).to.equal("application/jwt;charset=UTF-8");
        expect(answer.text).to.match(/^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$/);
      }
    });

    it("verify with the keystore's openbanking.jwks (row 7)", async () => {
      const statement = await tpp.fetchStatement();
      expect(decodeProtectedHeader(statement)).to.include({ alg: "PS256", typ: "JWT" });
      const { payload } = await jwtVerify(statement, createLocalJWKSet({ keys: await keysAt("openbanking.jwks") }));
      expect(payload.iss).to.equal("Open Banking Brasil sandbox SSA issuer");
      expect(payload.iat).to.be.closeTo(Date.now() / 1000, 30);
      expect(payload).not.to.have.any.keys("exp", "jti", "aud", "nbf");
      expect(payload).to.include({
        software_id: tpp.description.software_id,
        org_id: tpp.description.organisation_id,
        org_status: "Active",
        software_environment: "sandbox",
        software_jwks_uri: tpp.description.jwks_uri,
      });
      expect(payload["software_redirect_uris"]).to.deep.equal(tpp.description.redirect_uris);
      expect(payload["software_statement_roles"]).to.deep.equal([
        { role: "DADOS", authorisation_domain: "Open Banking", status: "Active" },
        { role: "PAGTO", authorisation_domain: "Open Banking", status: "Active" },
      ]);
    });

    it("are refused over another certificate, for another software and without a token", async () => {
      const other = await sandbox.createTpp();
      const token = await tokenOf(tpp);
      expect((await askStatement(tpp, token, other.tls)).status).to.equal(401);
      expect((await askStatement(other, token, tpp.tls)).status).to.equal(403);
      expect((await askStatement(tpp, "invented", tpp.tls)).status).to.equal(401);
    });

    it("can be altered for hostile tests", async () => {
      const claims = decodeJwt(await tpp.statement({ ageSeconds: 600, claims: { org_id: null, software_mode: "Test" } }));
      expect(claims.iat).to.be.closeTo(Date.now() / 1000 - 600, 30);
      expect(claims).not.to.have.property("org_id");
      expect(claims).to.include({ software_mode: "Test" });
    });
  });

  describe("keystore (rows 6, 8, 9 and 10)", () => {
    it("shows a software's signing key with its BRSEAL, and its encryption key", async () => {
      const [signing, encryption] = (await keysAt(`${place(tpp)}/application.jwks`)).toSorted((one) => (one.use === "sig" ? -1 : 1));
      expect(signing).to.include({ kid: tpp.signing.kid, use: "sig", alg: "PS256", kty: "RSA" });
      const certificate = new X509Certificate(Buffer.from(signing!.x5c![0]!, "base64"));
      expect(certificate.publicKey.equals(createPublicKey(tpp.signing.key))).to.equal(true);
      expect(Buffer.from(signing!["x5t#S256"]!, "base64url").toString("hex")).to.equal(
        certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
      );
      expect(encryption).to.include({ kid: tpp.encryption.kid, use: "enc", alg: "RSA-OAEP" });
      expect(JSON.stringify([signing, encryption])).not.to.match(/"d":/);
    });

    it("shows an organisation's signing keys, transport keys with x5dn, and empty inactive sets", async () => {
      const organisation = tpp.description.organisation_id;
      expect(await kidsAt(`${organisation}/application.jwks`)).to.deep.equal([tpp.signing.kid]);
      const [transport] = await keysAt(`${place(tpp)}/transport.jwks`);
      expect(transport!["x5dn" as keyof typeof transport]).to.match(/^CN=.*,businessCategory=Private Organization$/);
      expect(await kidsAt(`${organisation}/transport.jwks`)).to.have.length(1);
      for (const path of ["application.jwks", "transport.jwks"]) {
        expect(await kidsAt(`${place(tpp)}/inactive/${path}`)).to.deep.equal([]);
        expect(await kidsAt(`${organisation}/inactive/${path}`)).to.deep.equal([]);
      }
    });

    it("answers 404 in JSON for the unknown", async () => {
      const stranger = "00000000-0000-4000-8000-000000000000";
      for (const path of [`${stranger}/application.jwks`, `${stranger}/${tpp.description.software_id}/application.jwks`, "x.jwks"]) {
        const answer = await call(`${sandbox.urls.keystore}/${path}`);
        expect(answer.status, path).to.equal(404);
        expect(JSON.parse(answer.text).error).to.equal("not_found");
      }
    });
  });

  describe("changes", () => {
    it("statuses of role, software and organisation show in the next statement and in the list", async () => {
      const changed = await sandbox.createTpp();
      const { software_id: softwareId, organisation_id: organisationId } = changed.description;
      await sandbox.directory.setStatus({ softwareId, role: "PAGTO", status: "Inactive" });
      await sandbox.directory.setStatus({ softwareId, status: "Inactive" });
      await sandbox.directory.setStatus({ organisationId, status: "Withdrawn" });
      const claims = decodeJwt(await changed.fetchStatement());
      expect(claims).to.include({ software_status: "Inactive", org_status: "Withdrawn" });
      expect(claims["software_roles"]).to.deep.equal(["DADOS"]);
      expect(claims["software_statement_roles"]).to.deep.include({
        role: "PAGTO", authorisation_domain: "Open Banking", status: "Inactive",
      });
      const list = await getJson(`${sandbox.urls.auth}/participants`);
      const entry = list.find((one: { OrganisationId: string }) => one.OrganisationId === organisationId);
      expect(entry.Status).to.equal("Withdrawn");
      expect(entry.OrgDomainRoleClaims.map((claim: { Role: string; Status: string }) => `${claim.Role} ${claim.Status}`)).to.deep.equal([
        "DADOS Active", "PAGTO Inactive",
      ]);
    });

    it("a revoked certificate is on the list that it names, opens nothing, and its key is inactive", async () => {
      const revoked = await sandbox.createTpp();
      const { software_id: softwareId } = revoked.description;
      const token = await tokenOf(revoked);
      const serials = await sandbox.directory.revoke({ softwareId, kind: "brcac", reason: "keyCompromise" });
      const certificate = new X509Certificate(revoked.tls.cert);
      expect(serials).to.deep.equal([certificate.serialNumber]);
      const shown = openssl("x509", "-in", file("revoked.crt", revoked.tls.cert), "-noout", "-ext", "crlDistributionPoints");
      const crl = await call(/URI:(\S+)/.exec(shown)![1]!);
      expect(crl.headers["content-type"]).to.equal("application/pkix-crl");
      const text = openssl(
        "crl", "-inform", "DER", "-in", file("ac-ssl.crl", crl.body), "-noout", "-text",
        "-CAfile", join(sandbox.anchorsFolder, "ac-ssl.crt"),
      );
      expect(text).to.contain(certificate.serialNumber);
      expect((await askToken(revoked, revoked.tls)).status).to.equal(401);
      expect((await askStatement(revoked, token, revoked.tls)).status).to.equal(401);
      expect(await kidsAt(`${place(revoked)}/transport.jwks`)).to.deep.equal([]);
      expect(await kidsAt(`${place(revoked)}/inactive/transport.jwks`)).to.have.length(1);
    });

    it("rotated keys: the new ones are published, the old ones inactive", async () => {
      const rotated = await sandbox.createTpp();
      const { software_id: softwareId } = rotated.description;
      const [signingKey, encryptionKey] = (await Promise.all([makeKey(), makeKey()])).map((key) => createPublicKey(key));
      const answer = await sandbox.directory.rotateKeys({ softwareId, signingKey, encryptionKey });
      const fresh = [answer.signing!.kid, answer.encryption!.kid];
      expect(await kidsAt(`${place(rotated)}/application.jwks`)).to.have.members(fresh);
      const old = [rotated.signing.kid, rotated.encryption.kid];
      expect(await kidsAt(`${place(rotated)}/inactive/application.jwks`)).to.have.members(old);
    });

    it("a renewed transport certificate gets statements, as the one before still does", async () => {
      const renewed = await sandbox.createTpp();
      const tls = await renewed.renewedTls();
      expect((await askToken(renewed, tls)).status).to.equal(200);
      expect((await askToken(renewed, renewed.tls)).status).to.equal(200);
    });

    it("a new statement key signs; the old one stays until it is told to go", async () => {
      const [before] = await kidsAt("openbanking.jwks");
      const fresh = await sandbox.directory.statementKeys.rotate();
      expect(decodeProtectedHeader(await tpp.fetchStatement()).kid).to.equal(fresh);
      expect(await kidsAt("openbanking.jwks")).to.deep.equal([fresh, before]);
      await sandbox.directory.statementKeys.retireOld();
      expect(await kidsAt("openbanking.jwks")).to.deep.equal([fresh]);
    });

    it("revocation lists can be made to be out of date", async () => {
      await sandbox.directory.changeBehaviour({ crlAgeSeconds: 864_000, crlValiditySeconds: 3_600 });
      const crl = await call(`${sandbox.urls.crl}/ac-ssl.crl`);
      const [, until = ""] = /nextUpdate=(.*)/.exec(openssl("crl", "-inform", "DER", "-in", file("old.crl", crl.body), "-noout", "-nextupdate"))!;
      expect(Date.parse(until)).to.be.below(Date.now() - 8 * 86_400_000);
      await sandbox.directory.changeBehaviour({ crlAgeSeconds: 0, crlValiditySeconds: 86_400 });
    });

    it("20 changes at once of one software all hold", async () => {
      const busy = await sandbox.createTpp({ roles: ["DADOS", "PAGTO", "CONTA", "CCORR"] });
      const { software_id: softwareId } = busy.description;
      const roles = ["DADOS", "PAGTO", "CONTA", "CCORR"] as const;
      const changes = Array.from({ length: 20 }, (_, index) => ({ role: roles[index % 4]!, status: "Inactive" as const }));
      await Promise.all(changes.map((change) => sandbox.directory.setStatus({ softwareId, ...change })));
      const software = await sandbox.directory.memory.get("software", softwareId);
      expect(software!.changes).to.equal(20);
      expect(software!.roles.every(({ status }) => status === "Inactive")).to.equal(true);
    });
  });

  describe("misbehaviour on request", () => {
    afterEach(() => sandbox.faults.clear());
    const jwks = () => `${sandbox.urls.keystore}/${place(tpp)}/application.jwks`;
    const fault = (kind: "unavailable" | "garbage" | "huge" | "redirect" | "slow") =>
      sandbox.client.command(
        "/sandbox/faults",
        { target: "keystore", kind, path: tpp.description.software_id, milliseconds: 300, location: "https://localhost:1/" },
        z.object({ faults: z.array(z.unknown()).min(1) }),
      );

    it("503 with a JSON body, garbage, a redirect and a huge answer", async () => {
      await fault("unavailable");
      const unavailable = await call(jwks());
      expect(unavailable.status).to.equal(503);
      expect(JSON.parse(unavailable.text).keys).to.deep.equal([]);
      await fault("garbage");
      const garbage = await call(jwks());
      expect(() => JSON.parse(garbage.text)).to.throw();
      await fault("redirect");
      expect((await call(jwks())).headers["location"]).to.equal("https://localhost:1/");
      await fault("huge");
      expect((await call(jwks())).body.length).to.be.above(60_000_000);
    });

    it("slow: the answer comes, late", async () => {
      await fault("slow");
      const began = performance.now();
      expect((await call(jwks())).status).to.equal(200);
      expect(performance.now() - began).to.be.above(250);
    });

    it("only where it was asked for", async () => {
      await fault("unavailable");
      expect((await call(`${sandbox.urls.keystore}/openbanking.jwks`)).status).to.equal(200);
    });
  });

  describe("commands", () => {
    it("say what is wrong with them", async () => {
      const post = (body: string, headers = {}) =>
        call(`${sandbox.urls.auth}/sandbox/tpps`, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body });
      const wrong = await post(JSON.stringify({ roles: ["KING"], transportKey: tpp.files["client.key"] }));
      expect(wrong.status).to.equal(400);
      expect(wrong.text).to.contain("roles.0").and.to.contain("transportKey").and.to.contain("private keys stay with their owner");
      expect((await post("{")).status).to.equal(400);
      expect((await post("{}", { Origin: "https://evil.example" })).status).to.equal(403);
      expect((await post("{}", { "Content-Type": "text/plain" })).status).to.equal(400);
    });

    it("about unknown software are refused", async () => {
      const unknown = { softwareId: "00000000-0000-4000-8000-000000000000" };
      const refusal = await sandbox.directory.revoke({ ...unknown, kind: "brcac", reason: "unspecified" }).catch((error: Error) => error.message);
      expect(refusal).to.contain("knows no software 00000000-0000-4000-8000-000000000000");
    });
  });

  it("a restart keeps everything: authorities, statement keys, TPPs, revocations and tokens", async () => {
    const revoked = await sandbox.createTpp();
    await sandbox.directory.revoke({ softwareId: revoked.description.software_id, kind: "brcac", reason: "superseded" });
    const token = await tokenOf(tpp);
    const before = [await kidsAt("openbanking.jwks"), (await call(`${sandbox.urls.keystore}/ca.crt`)).text];
    await sandbox.restart();
    expect([await kidsAt("openbanking.jwks"), (await call(`${sandbox.urls.keystore}/ca.crt`)).text]).to.deep.equal(before);
    expect((await askStatement(tpp, token, tpp.tls)).status).to.equal(200);
    expect((await askToken(revoked, revoked.tls)).status).to.equal(401);
    expect(await kidsAt(`${place(tpp)}/application.jwks`)).to.have.length(2);
  });

  it("refuses to run in production", async () => {
    const store = openLmdbStore({ path: join(sandbox.folder, "production"), clock: systemClock });
    const settings = directorySettingsSchema.parse({ profile: "production", publicPort: 0, mtlsPort: 0 });
    const { localAuthority, anchorsFolder } = sandbox;
    const refusal = await startDirectory({ store, clock: systemClock, settings, log: createLog("fatal"), localAuthority, anchorsFolder })
      .then(() => "started", (error: Error) => error.message);
    await store.close();
    expect(refusal).to.contain("does not run with profile production");
  });
});
