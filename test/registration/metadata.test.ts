import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { createConsent, pushRequest } from "../support/authorization.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { checksIn, codesIn, expectRefusal, startRegistrationWorld, type Body, type RegistrationWorld } from "./registration-world.ts";

const callback = "https://www.example.com/callback";
const withQuery = "https://www.example.com/callback?a=b&c=d";
const webhooks = ["https://hooks.example.com/one", "https://hooks.example.com/two"];

describe("the metadata of a registration", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp({ roles: ["DADOS", "CONTA"], redirectUris: [callback, withQuery], webhookUris: webhooks });
  });
  after(() => world.stop());

  const refused = async (members: Body, claims: Record<string, unknown> = {}) => world.post(tpp, await world.bodyOf(tpp, members, { claims }));

  describe("what is filled in (DCR 7.1.1)", () => {
    it("is the profile's value for everything that was not sent", async () => {
      const members = { grant_types: undefined, response_types: undefined, token_endpoint_auth_method: undefined, jwks_uri: undefined, webhook_uris: undefined };
      await world.registered(tpp, members, ({ body }) => {
        expect(body).to.include({
          token_endpoint_auth_method: "private_key_jwt",
          token_endpoint_auth_signing_alg: "PS256",
          subject_type: "public",
          id_token_signed_response_alg: "PS256",
          id_token_encrypted_response_alg: "RSA-OAEP",
          id_token_encrypted_response_enc: "A256GCM",
          request_object_signing_alg: "PS256",
          tls_client_certificate_bound_access_tokens: true,
          jwks_uri: tpp.description.jwks_uri,
          software_id: tpp.description.software_id,
        });
        expect(body["grant_types"]).to.have.members(["authorization_code", "implicit", "refresh_token", "client_credentials"]);
        expect(body["response_types"]).to.deep.equal(["code id_token"]);
        expect(body).not.to.have.any.keys("webhook_uris", "jwks", "client_secret");
      });
    });

    it("comes from the statement, which prevails over what was sent", async () => {
      const claims = { software_client_name: "Aplicação", software_tos_uri: "https://example.com/tos", software_policy_uri: "https://example.com/policy" };
      const sent = { client_name: "Mine", tos_uri: "https://mine.example.com/", policy_uri: "https://example.com/policy" };
      await world.registered(
        tpp,
        sent,
        ({ body }) => {
          expect(body).to.include({ client_name: "Aplicação", tos_uri: "https://example.com/tos", policy_uri: "https://example.com/policy" });
        },
        claims,
      );
    });

    it("leaves out what the statement gives in no usable form, instead of refusing its owner", async () => {
      const claims = {
        software_client_name: "",
        software_client_uri: "not an address",
        software_logo_uri: "data:image/png;base64,AAAA",
        software_tos_uri: "",
        software_policy_uri: null,
        software_version: 1.1,
      };
      await world.registered(
        tpp,
        {},
        async (client) => {
          expect(client.body).not.to.have.any.keys("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri");
          expect(client.body["software_version"]).to.equal("1.1");
          const body = await world.updateBody(tpp, client, {}, claims);
          const updated = await world.manage("PUT", tpp, client, { body });
          expect(updated.status, updated.text).to.equal(200);
        },
        claims,
      );
    });

    it("shows no member that the server does not know", async () => {
      await world.registered(tpp, { colour: "red", contacts: ["a@example.com"], tls_client_auth_san_dns: "x", require_auth_time: true }, ({ body }) => {
        expect(body).not.to.have.any.keys("colour", "contacts", "tls_client_auth_san_dns");
      });
    });

    it("holds the statement unchanged (RFC 7591 3.2.1)", async () => {
      const sent = await world.bodyOf(tpp);
      const answer = await world.post(tpp, sent);
      expect(answer.status, answer.text).to.equal(201);
      const { software_statement, client_id: clientId, registration_access_token: token, registration_client_uri: uri } = answer.json();
      expect(software_statement).to.equal(sent["software_statement"]);
      await world.delete(tpp, { clientId, token, uri, body: answer.json() });
    });
  });

  describe("scopes (DCR 7.1-9, 7.2)", () => {
    const scopesSupported = async () => (await world.server.call(`${world.server.running.realm.issuer}/.well-known/openid-configuration`)).json().scopes_supported as string[];
    const rolesTable = async () => JSON.parse(await readFile("config/role-scopes.json", "utf8")) as Record<string, string[]>;

    it("without a request are those of the active roles that discovery lists, and all of them may be pushed (D14)", async () => {
      const [roleScopes, listed] = await Promise.all([rolesTable(), scopesSupported()]);
      await world.registered(tpp, {}, async ({ body, clientId }) => {
        const scope = String(body["scope"]);
        expect(scope.split(" ")).to.have.members(listed.filter((one) => roleScopes["DADOS"]?.includes(one)));
        expect(scope.split(" ")).to.include.members(["accounts", "loans", "exchanges", "funds"]).and.not.include("credit-cards-accounts");
        const consentId = await createConsent(world.server, tpp, clientId, { cpf: "00011122285" });
        const { answer } = await pushRequest(world.server, tpp, clientId, `${scope} consent:${consentId}`);
        expect(answer.status, answer.text).to.equal(201);
      });
      const inactive = { software_statement_roles: [{ role: "DADOS", status: "Inactive" }, { role: "CONTA", status: "Active" }] };
      await world.registered(tpp, {}, ({ body }) => expect(body["scope"]).to.equal("openid"), inactive);
    });

    it("outside the active roles are refused, each with the role that is missing", async () => {
      const answer = await refused({ scope: "openid payments funds" }, { software_statement_roles: [{ role: "CONTA", status: "Active" }] });
      expectRefusal(answer, "scope.role-missing", "scope.role-missing");
      const failed = checksIn(answer).filter(({ code }) => code === "scope.role-missing");
      expect(failed.map(({ expected }) => expected)).to.deep.equal(["role PAGTO for scope payments", "role DADOS for scope funds"]);
      expect(failed.every(({ received }) => received === "active roles CONTA")).to.equal(true);
    });

    it("that software_roles alone names do not count", async () => {
      const claims = { software_roles: ["PAGTO", "DADOS"], software_statement_roles: [{ role: "CONTA", status: "Active" }] };
      expectRefusal(await refused({ scope: "payments" }, claims), "scope.role-missing");
    });

    it("of the roles that discovery does not list are left out", async () => {
      await world.registered(tpp, { scope: "openid loans accounts credit-cards-accounts" }, ({ body }) => expect(body["scope"]).to.equal("openid accounts loans"));
    });

    it("are refused when none of those that were asked for is listed", async () => {
      expectRefusal(await refused({ scope: "credit-cards-accounts" }), "scope.none-offered");
    });

    it("asked for twice, or with stray spaces, are granted once", async () => {
      await world.registered(tpp, { scope: "  accounts openid  accounts " }, ({ body }) => expect(body["scope"]).to.equal("openid accounts"));
      await world.registered(tpp, { scope: "" }, ({ body }) => expect(body["scope"]).to.include("consents"));
    });
  });

  describe("redirect URIs (DCR 7.1-6)", () => {
    it("are all, or some, of the statement's, each registered once", async () => {
      for (const redirect_uris of [[callback], [withQuery], [withQuery, callback], [callback, callback]]) {
        await world.registered(tpp, { redirect_uris }, ({ body }) => expect(body["redirect_uris"]).to.deep.equal([...new Set(redirect_uris)]));
      }
    });

    for (const redirect_uris of [[`${callback}/`], [callback.toUpperCase()], [`${callback}?a=b`], [callback, "https://other.example.com/"], [""]]) {
      it(`are refused when one is not exactly there: ${JSON.stringify(redirect_uris)}`, async () => {
        expect(codesIn(await refused({ redirect_uris }))).to.include("redirect-uris.outside-statement");
      });
    }

    for (const uri of [`${callback}#fragment`, "http://www.example.com/callback", "https://localhost/callback", "com.example.app:/callback", "https://user:secret@www.example.com/"]) {
      it(`are refused in a form that the profile forbids, even where the statement has them: ${uri}`, async () => {
        expectRefusal(await refused({ redirect_uris: [uri] }, { software_redirect_uris: [uri] }), "redirect-uris.form");
      });
    }

    it("are refused when they are missing, and when they are no list", async () => {
      expectRefusal(await refused({ redirect_uris: undefined }), "redirect-uris.absent");
      expectRefusal(await refused({ redirect_uris: null }), "redirect-uris.absent");
      expectRefusal(await refused({ redirect_uris: callback }), "request.member-type");
    });
  });

  describe("webhook URIs (D9)", () => {
    it("are registered when they equal the statement's, in any order", async () => {
      for (const webhook_uris of [webhooks, webhooks.toReversed()]) {
        await world.registered(tpp, { webhook_uris }, ({ body }) => expect(body["webhook_uris"]).to.deep.equal(webhook_uris));
      }
      await world.registered(tpp, { webhook_uris: [] }, ({ body }) => expect(body["webhook_uris"]).to.deep.equal([]), { software_api_webhook_uris: [] });
    });

    for (const webhook_uris of [[], [webhooks[0]], [...webhooks, "https://hooks.example.com/three"], [webhooks[0], webhooks[0]], [webhooks[0], `${webhooks[1]}x`]]) {
      it(`are refused when they differ: ${JSON.stringify(webhook_uris)}`, async () => {
        const answer = await refused({ webhook_uris });
        expectRefusal(answer, "webhook-uris.differ");
        expect(answer.json().error).to.equal("invalid_webhook_uris");
      });
    }

    it("are a set on both sides: a statement that repeats one makes no room for another", async () => {
      const repeated = { software_api_webhook_uris: [webhooks[0], webhooks[0]] };
      expectRefusal(await refused({ webhook_uris: webhooks }, repeated), "webhook-uris.differ");
      await world.registered(tpp, { webhook_uris: [webhooks[0]] }, ({ body }) => expect(body["webhook_uris"]).to.deep.equal([webhooks[0]]), repeated);
    });

    for (const uri of ["http://hooks.example.com/a", "https://hooks.example.com/a/", "https://hooks.example.com/a?b", "https://hooks.example.com/a#b", `https://hooks.example.com/${"a".repeat(255)}`, "hooks.example.com"]) {
      it(`are refused in a form that the profile forbids: ${uri.slice(0, 40)}`, async () => {
        expectRefusal(await refused({ webhook_uris: [uri] }, { software_api_webhook_uris: [uri] }), "webhook-uris.form");
      });
    }
  });
});
