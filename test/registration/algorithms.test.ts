import { expect } from "chai";
import type { SandboxTpp } from "../support/sandbox.ts";
import { expectRefusal, startRegistrationWorld, type Body, type RegistrationWorld } from "./registration-world.ts";

/** What the profile allows, and what other profiles know beside it (DCR 7.1.1-1, D1, D3, D4, D5). */
const members: Record<string, { allowed: unknown; others: readonly unknown[] }> = {
  token_endpoint_auth_signing_alg: { allowed: "PS256", others: ["RS256", "ES256", "HS256", "none", "ps256"] },
  id_token_signed_response_alg: { allowed: "PS256", others: ["RS256", "ES256", "none"] },
  id_token_encrypted_response_alg: { allowed: "RSA-OAEP", others: ["RSA1_5", "RSA-OAEP-256", "ECDH-ES"] },
  id_token_encrypted_response_enc: { allowed: "A256GCM", others: ["A128CBC-HS256", "A128GCM"] },
  request_object_signing_alg: { allowed: "PS256", others: ["RS256", "ES256", "none"] },
  request_object_encryption_alg: { allowed: "RSA-OAEP", others: ["RSA1_5"] },
  request_object_encryption_enc: { allowed: "A256GCM", others: ["A128GCM"] },
  subject_type: { allowed: "public", others: ["pairwise"] },
  application_type: { allowed: "web", others: ["native"] },
  tls_client_certificate_bound_access_tokens: { allowed: true, others: [false] },
  require_signed_request_object: { allowed: true, others: [false] },
  require_pushed_authorization_requests: { allowed: true, others: [false] },
};

describe("algorithms, methods and grants of a registration", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp();
  });
  after(() => world.stop());

  const refused = async (body: Body) => world.post(tpp, await world.bodyOf(tpp, body));

  it("are taken where they are the profile's own", async () => {
    const allowed = Object.fromEntries(Object.entries(members).map(([name, { allowed: value }]) => [name, value]));
    await world.registered(tpp, allowed, async (client) => {
      const updated = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client, allowed) });
      expect(updated.status, updated.text).to.equal(200);
    });
  });

  for (const [name, { others }] of Object.entries(members)) {
    it(`${name} is refused with any other value`, async () => {
      for (const other of others) {
        expectRefusal(await refused({ [name]: other }), "algorithm.not-offered");
      }
    });
  }

  it("no method of client authentication but private_key_jwt is offered", async () => {
    for (const method of ["none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"]) {
      expectRefusal(await refused({ token_endpoint_auth_method: method }), "auth-method.not-offered");
    }
  });

  it("no response type but code id_token is offered, in this order", async () => {
    for (const type of ["code", "id_token", "token", "code token", "code id_token token", "id_token code", "none"]) {
      expectRefusal(await refused({ response_types: [type] }), "response-types.not-offered");
    }
    expectRefusal(await refused({ response_types: ["code id_token", "code"] }), "response-types.not-offered");
  });

  it("no grant but the four is offered", async () => {
    const others = ["password", "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:token-exchange"];
    expectRefusal(await refused({ grant_types: ["authorization_code", ...others] }), ...(others.map(() => "grant-types.not-offered") as ["grant-types.not-offered"]));
  });

  const combinations: [Body, readonly string[], readonly string[]][] = [
    [{ grant_types: ["client_credentials"], response_types: undefined }, ["client_credentials"], []],
    [{ grant_types: ["client_credentials"], response_types: [] }, ["client_credentials"], []],
    [{ grant_types: ["authorization_code"], response_types: undefined }, ["authorization_code", "implicit"], ["code id_token"]],
    [{ grant_types: ["authorization_code", "refresh_token"] }, ["authorization_code", "implicit", "refresh_token"], ["code id_token"]],
    [{ grant_types: ["client_credentials"] }, ["client_credentials", "authorization_code", "implicit"], ["code id_token"]],
    [{ grant_types: ["client_credentials", "client_credentials"], response_types: [] }, ["client_credentials"], []],
  ];
  for (const [body, grants, responses] of combinations) {
    it(`of ${JSON.stringify(body)} make a client that is whole in itself`, async () => {
      await world.registered(tpp, body, async (client) => {
        expect(client.body["grant_types"]).to.have.members(grants);
        expect(client.body["response_types"]).to.deep.equal(responses);
        const updated = await world.manage("PUT", tpp, client, { body: await world.updateBody(tpp, client) });
        expect(updated.status, updated.text).to.equal(200);
        expect(updated.json().grant_types).to.deep.equal(client.body["grant_types"]);
      });
    });
  }

  it("with an empty list of grants are filled in from the response type", async () => {
    await world.registered(tpp, { grant_types: [] }, ({ body }) => expect(body["grant_types"]).to.include("authorization_code"));
  });
});
