import { expect } from "chai";
import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SignJWT } from "jose";
import instance from "oidc-provider/lib/helpers/weak_cache.js";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import { isSignedByOwnKey } from "../../src/oidc/engine-voucher.ts";
import { Provider as Engine } from "../../src/oidc/engine.ts";
import { overrideEngine, type EngineOverrideNeeds } from "../../src/oidc/engine-overrides.ts";
import { createConsent, pushRequest } from "../support/authorization.ts";
import { createMovableClock } from "../support/movable-clock.ts";
import { startSandboxDirectory, type SandboxDirectory, type SandboxTpp } from "../support/sandbox.ts";
import { startTestServer, type Registered, type TestServer } from "../support/server.ts";

const engineFolder = join(dirname(createRequire(import.meta.url).resolve("oidc-provider")), "..");
const engineFile = (path: string) => readFile(join(engineFolder, path), "utf8");
const cpf = "00011122285";

/**
 * Each override of src/oidc/engine-overrides.ts twice: what the untouched engine has in that place, so that a new
 * release which moves it fails here, and what our server does instead.
 */
describe("the engine's overrides", () => {
  const { clock, forward } = createMovableClock();
  let bare: InstanceType<typeof Engine>;
  let directory: SandboxDirectory;
  let server: TestServer;
  let tpp: SandboxTpp;
  let client: Registered;

  before(async () => {
    bare = bareEngine();
    directory = await startSandboxDirectory({ clock });
    server = await startTestServer({ directory, clock });
    tpp = await directory.createTpp();
    client = await server.register(tpp);
  });
  after(async () => {
    await server.stop();
    await directory.stop();
  });

  const scope = async (owner = tpp, clientId = client.clientId) => `openid accounts resources consent:${(await createConsent(server, owner, clientId, { cpf })).replace(/^consent:/, "")}`;

  describe("urlFor: URLs come from settings, not from Host", () => {
    it("the engine has it there, and makes URLs of the request's address", async () => {
      expect(bare.OIDCContext.prototype).to.have.own.property("urlFor").that.is.a("function");
      expect(await engineFile("lib/helpers/oidc_context.js")).to.match(/urlFor\(name, opt\)/);
    });
    it("a registration under another Host gets the address of the settings", async () => {
      const other = await directory.createTpp();
      const body = other.registrationBody(await other.statement());
      const answer = await server.post(server.url("registration"), body, { identity: other.tls, headers: { host: "evil.example" } });
      expect(answer.status, answer.text).to.equal(201);
      expect(answer.json().registration_client_uri).to.equal(`${server.url("registration")}/${answer.json().client_id}`);
      expect(answer.text).not.to.contain("evil.example");
    });
  });

  describe("contexts: a run of the engine empties its own", () => {
    it("the engine gives each an accessor of its own; without it src/http/engine-run.ts could leave them as they are", async () => {
      expect(await engineFile("lib/helpers/initialize_app.js")).to.match(/defineProperty\(ctx, 'oidc', \{\s*get: /);
    });
  });

  describe("clientAuthMethod: a client that we have authenticated proves nothing a second time", () => {
    const member = "clientAuthMethod";
    it("the engine has it there as a getter, and authenticates by it", async () => {
      expect(Object.getOwnPropertyDescriptor(bare.Client.prototype, member)?.get).to.be.a("function");
      const source = await engineFile("lib/shared/client_auth.js");
      expect(source).to.contain("switch (ctx.oidc.client.clientAuthMethod)");
      expect(source).to.contain("case 'tls_client_auth'").and.to.contain("certificateAuthorized(ctx)");
    });
    it("without our word a client's method is the registered one", () => {
      const provider = bareEngine();
      overrideEngine(provider, { realm: server.running.realm, scopes: ["openid"], softwareKeys: neverAsked });
      const { get } = Object.getOwnPropertyDescriptor(provider.Client.prototype, member)!;
      expect(get!.call({ clientId: client.clientId, tokenEndpointAuthMethod: "private_key_jwt" })).to.equal("private_key_jwt");
    });
    it("an assertion may be addressed to each of our audiences, and one to another stays refused", async () => {
      const { issuer, publicUrl, mtlsUrl } = server.running.realm;
      const pushed = server.url("pushed_authorization_request");
      const push = async (aud: string | string[]) => {
        const client_assertion = await server.assertion(tpp, client.clientId, { claims: { aud } });
        const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), { parameters: { client_assertion } });
        return answer;
      };
      for (const aud of [issuer, pushed, server.url("token"), pushed.replace(mtlsUrl, publicUrl), [issuer, server.url("token")]]) {
        const answer = await push(aud);
        expect(answer.status, `${String(aud)}: ${answer.text}`).to.equal(201);
      }
      expect((await push("https://other.example")).json().error).to.equal("invalid_client");
    });
    it("a certificate without an assertion opens nothing", async () => {
      const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), {
        parameters: { client_assertion: undefined, client_assertion_type: undefined, client_id: client.clientId },
      });
      expect(answer.json().error).to.equal("invalid_client");
    });
  });

  describe("requestParamOIDCScopes: a consent's scope is known", () => {
    it("the engine has it there as a getter", () => {
      expect(Object.getOwnPropertyDescriptor(bare.OIDCContext.prototype, "requestParamOIDCScopes")?.get).to.be.a("function");
    });
  });

  describe("getOIDCScopeFiltered: a refresh never leaves out the consent", () => {
    const filtered = (provider: InstanceType<typeof Engine>) => {
      const grant = new provider.Grant({ accountId: "customer", clientId: client.clientId });
      grant.addOIDCScope("openid accounts consent:urn:porteiro:1");
      return grant.getOIDCScopeFiltered(new Set(["openid", "resources"]));
    };
    it("the engine gives a token what its grant filters, and there nothing but what was asked", async () => {
      expect(filtered(bare)).to.equal("openid");
      expect(await engineFile("lib/actions/grants/refresh_token.js")).to.contain("at.scope = grant.getOIDCScopeFiltered(scope)");
    });
    it("ours keeps the consent", () => {
      const provider = bareEngine();
      overrideEngine(provider, { realm: server.running.realm, scopes: ["openid"], softwareKeys: neverAsked });
      expect(filtered(provider)).to.equal("openid consent:urn:porteiro:1");
    });
  });

  describe("dynamicClients: more than 100 clients stay built", () => {
    const remembered = (provider: object): number => {
      const cache = instance(provider).dynamicClients as Map<string, object>;
      for (let count = 0; count < 1_000; count += 1) cache.set(`client-${count}`, { count });
      return Array.from({ length: 1_000 }, (_, count) => cache.has(`client-${count}`)).filter(Boolean).length;
    };
    it("the engine keeps it there, and forgets beyond 200", async () => {
      expect(remembered(bare)).to.be.within(1, 200);
      expect(await engineFile("lib/models/client.js")).to.contain("dynamicClients");
    });
    it("ours keeps a thousand", () => {
      const provider = bareEngine();
      overrideEngine(provider, { realm: server.running.realm, scopes: ["openid"], softwareKeys: neverAsked });
      expect(remembered(provider)).to.equal(1_000);
    });
  });

  describe("generateTokenId: every id begins with its client's route", () => {
    it("the engine has it there in every model that we touch", () => {
      const { AccessToken, AuthorizationCode, RefreshToken, PushedAuthorizationRequest, Grant, RegistrationAccessToken } = bare;
      for (const model of [AccessToken, AuthorizationCode, RefreshToken, PushedAuthorizationRequest, Grant, RegistrationAccessToken]) {
        expect((model.prototype as unknown as { generateTokenId: unknown }).generateTokenId, model.name).to.be.a("function");
      }
    });
    it("registration access tokens and request_uris do", async () => {
      const route = client.clientId.slice(0, 16);
      expect(client.token).to.match(new RegExp(`^${route}[\\w-]{43}$`));
      const { answer } = await pushRequest(server, tpp, client.clientId, await scope());
      expect(answer.json().request_uri).to.match(new RegExp(`:${route}[\\w-]{43}$`));
    });
  });

  describe("Client.find: the engine's keys are the directory's (engine A6)", () => {
    it("the engine has it there", () => {
      expect(bare.Client.find).to.be.a("function");
    });
    it("a request object of a key that left the directory is refused, one of the new key accepted", async () => {
      const owner = await directory.createTpp();
      const { clientId } = await server.register(owner);
      expect((await pushRequest(server, owner, clientId, await scope(owner, clientId))).answer.status).to.equal(201);
      const key = await makeKey();
      const { signing } = await directory.directory.rotateKeys({ softwareId: owner.description.software_id, signingKey: createPublicKey(key) });
      const renewed: SandboxTpp = { ...owner, signing: { key, kid: signing!.kid } };
      forward(301);
      // The engine's own clock does not move with ours: a request object that both take for living.
      const now = Math.floor(Date.now() / 1000);
      const claims = { nbf: now, exp: now + 1_800 };
      const consented = await scope(renewed, clientId);
      const fresh = await pushRequest(server, renewed, clientId, consented, { claims });
      expect(fresh.answer.status, fresh.answer.text).to.equal(201);
      const old = await pushRequest(server, renewed, clientId, consented, { signer: owner, claims });
      expect(`${old.answer.status} ${old.answer.json().error}`).to.equal("400 invalid_request_object");
    });
  });

  describe("PushedAuthorizationRequest: a request object that we have verified is not verified again", () => {
    it("the engine takes the word of the pushed request that it finds", async () => {
      const source = await engineFile("lib/actions/authorization/process_request_object.js");
      expect(source).to.contain("const pushedRequestObject = 'PushedAuthorizationRequest' in ctx.oidc.entities");
      expect(source).to.contain("({ trusted } = ctx.oidc.entities.PushedAuthorizationRequest)");
    });

    // A request object that lives by our moved clock and by the engine's own.
    const living = () => ({ nbf: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 1_800 });
    const push = async (request: (genuine: string) => string) => {
      let sent = "";
      const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), { claims: living(), rewrite: (genuine) => (sent = request(genuine)) });
      expect(sent).to.not.equal("");
      return `${answer.status} ${answer.json().error ?? "accepted"}`;
    };
    const partsOf = (jws: string) => jws.split(".") as [string, string, string];

    it("one with a genuine signature is accepted", async () => {
      expect(await push((genuine) => genuine)).to.equal("201 accepted");
    });
    it("nor does our word cover anything else: altered, cut, another's signature, another's key under our kid", async () => {
      const refused = "400 invalid_request_object";
      expect(await push((genuine) => partsOf(genuine).with(1, partsOf(genuine)[1].replace(/^..../, "eyJ4")).join("."))).to.equal(refused);
      expect(await push((genuine) => genuine.slice(0, -4))).to.equal(refused);
      expect(await push((genuine) => `${genuine.slice(0, genuine.lastIndexOf(".") + 1)}`)).to.equal(refused);
      const other = await directory.createTpp();
      for (const kid of [tpp.signing.kid, other.signing.kid]) {
        const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), { claims: living(), signer: other, header: { kid } });
        expect(`${answer.status} ${answer.json().error}`, kid).to.equal(refused);
      }
    });
    it("nor a key that its JWKS gives for another algorithm, or does not give for signatures", async () => {
      const key = await makeKey();
      const jws = await new SignJWT({}).setProtectedHeader({ alg: "PS256", kid: "k" }).sign(key);
      const known = { kid: "k", use: "sig", bits: 2048, publicKey: createPublicKey(key), x5c: [] };
      for (const [alg, signed] of [["PS256", true], [undefined, true], ["RS256", false], ["PS384", false], ["RSA-OAEP", false]] as const) {
        expect(isSignedByOwnKey(jws, () => ({ ...known, alg })), String(alg)).to.equal(signed);
      }
      expect(isSignedByOwnKey(jws, () => undefined)).to.equal(false);
    });
    it("an object as parameter is refused, however laxly the engine would read it", async () => {
      for (const stray of ["", " ", "\n"]) {
        const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), {
          claims: { ...living(), state: { toString: 1 } },
          rewrite: (genuine) => genuine.replace(".", `.${stray}`),
        });
        expect(`${answer.status} ${answer.json().error}`, JSON.stringify(stray)).to.equal("400 invalid_request_object");
      }
    });
    it("nor one by another algorithm of the same key", async () => {
      const { answer } = await pushRequest(server, tpp, client.clientId, await scope(), { claims: living(), header: { alg: "RS256" } });
      expect(`${answer.status} ${answer.json().error}`).to.equal("400 invalid_request_object");
    });
  });

  describe("the console", () => {
    it("the engine still prints the two lines that we leave out", async () => {
      expect(await engineFile("lib/index.js")).to.contain("Unsupported runtime");
      expect(await engineFile("lib/shared/selective_body.js")).to.contain("already parsed request body detected");
    });
  });
});

/** An engine as it comes; it warns of what a real server must set. */
function bareEngine(): InstanceType<typeof Engine> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return new Engine("https://bare.example", { cookies: { keys: ["k"] } });
  } finally {
    console.warn = warn;
  }
}

/** The keys' client of a provider that no request reaches. */
const neverAsked = new Proxy({} as EngineOverrideNeeds["softwareKeys"], {
  get() {
    throw new Error("nobody asks for keys here");
  },
});
