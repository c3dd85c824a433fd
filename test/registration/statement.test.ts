import { CompactSign, UnsecuredJWT } from "jose";
import { createSecretKey } from "node:crypto";
import { expect } from "chai";
import { makeKey } from "../../src/certs/issue-certificate.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { codesIn, expectRefusal, startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

describe("the software statement of a registration", () => {
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp();
  });
  after(() => world.stop());

  const withClaims = async (claims: Record<string, unknown>, ageSeconds = 0) => world.post(tpp, await world.bodyOf(tpp, {}, { ageSeconds, claims }));
  const withStatement = async (software_statement: unknown) => world.post(tpp, await world.bodyOf(tpp, { software_statement }));
  const accepts = (claims: Record<string, unknown>, look: (body: Readonly<Record<string, unknown>>) => unknown = () => undefined) =>
    world.registered(tpp, {}, ({ body }) => look(body), claims);

  describe("its age (DCR 7.1-3)", () => {
    it("may be five minutes, and not more", async () => {
      const statement = await tpp.statement({ ageSeconds: 290 });
      await world.registered(tpp, { software_statement: statement }, ({ clientId }) => expect(clientId).to.be.a("string"));
      expectRefusal(await withClaims({}, 310), "statement.too-old");
    });

    it("may lie a little in the future, as clocks differ", async () => {
      const statement = await tpp.statement({ ageSeconds: -50 });
      await world.registered(tpp, { software_statement: statement }, ({ clientId }) => expect(clientId).to.be.a("string"));
      expectRefusal(await withClaims({}, -70), "statement.from-the-future");
    });

    it("counts for an update too", async () => {
      await world.registered(tpp, {}, async (client) => {
        const body = { ...(await world.updateBody(tpp, client)), software_statement: await tpp.statement({ ageSeconds: 310 }) };
        expectRefusal(await world.manage("PUT", tpp, client, { body }), "statement.too-old");
      });
    });
  });

  it("is not used up by a refused request: the same one works afterwards", async () => {
    const good = await world.bodyOf(tpp);
    expectRefusal(await world.server.post(world.address(), good), "certificate.absent");
    expectRefusal(await world.post(tpp, good, { identity: await tpp.forge("forged-issuer") }), "certificate.signature");
    expectRefusal(await world.post(tpp, { ...good, redirect_uris: [] }), "redirect-uris.absent");
    expectRefusal(await world.post(tpp, { ...good, scope: "invented" }), "scope.role-missing");
    const answer = await world.post(tpp, good);
    expect(answer.status, answer.text).to.equal(201);
    const { client_id: clientId, registration_access_token: token, registration_client_uri: uri } = answer.json();
    await world.delete(tpp, { clientId, token, uri, body: answer.json() });
  });

  it("is registered once: of many at the same moment one, which the others are told of", async () => {
    const body = await world.bodyOf(tpp);
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.post(tpp, body)));
    const created = answers.filter(({ status }) => status === 201);
    expect(created).to.have.lengthOf(1);
    const { client_id: clientId, registration_access_token: token, registration_client_uri: uri } = created[0]!.json();
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectRefusal(answer, "registration.duplicate");
      expect(answer.text).to.include(clientId).and.include(world.address("/recover"));
    }
    await world.delete(tpp, { clientId, token, uri, body: {} });
  });

  describe("its form and signature (DCR 7.1-2, 8)", () => {
    for (const [what, value] of [["a number", 5], ["an array", ["a.b.c"]], ["an object", {}]] as const) {
      it(`is refused as ${what}`, async () => {
        expect(codesIn(await withStatement(value))[0]).to.match(/^(statement\.absent|statement\.malformed|request\.member-type)$/);
      });
    }

    for (const value of ["", null]) {
      it(`is missing when it is ${JSON.stringify(value)}`, async () => {
        expectRefusal(await withStatement(value), "statement.absent");
      });
    }

    it("is refused with stray characters around it, or parts missing", async () => {
      const statement = await tpp.statement();
      for (const value of [`"${statement}"`, `${statement}\n`, ` ${statement}`, `${statement}.`, statement.split(".").slice(0, 2).join("."), `${statement}=`, "x".repeat(66_000).slice(0, 50_000)]) {
        expectRefusal(await withStatement(value), "statement.malformed");
      }
    });

    it("is refused unsigned, signed with a secret, or with the TPP's own key", async () => {
      const claims = JSON.parse(Buffer.from((await tpp.statement()).split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
      const payload = Buffer.from(JSON.stringify(claims));
      const signed = (header: { alg: string; kid?: string; typ?: string; jwk?: object; crit?: string[] }, key: Parameters<CompactSign["sign"]>[0]) => new CompactSign(payload).setProtectedHeader(header).sign(key);
      const [{ kid }] = (await world.directory.directory.statementKeys.published()) as [{ kid: string }];
      expectRefusal(await withStatement(`${new UnsecuredJWT(claims).encode()}AA`), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "HS256", kid }, createSecretKey(Buffer.alloc(32)))), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "RS256", kid }, tpp.signing.key)), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "PS512", kid }, tpp.signing.key)), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "ES256", kid }, await makeKey("ec"))), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "PS256", kid }, tpp.signing.key)), "statement.signature");
      expectRefusal(await withStatement(await signed({ alg: "PS256", kid, typ: "at+jwt" }, tpp.signing.key)), "statement.algorithm");
      expectRefusal(await withStatement(await signed({ alg: "PS256", kid: tpp.signing.kid }, tpp.signing.key)), "statement.key-unknown");
      expect(codesIn(await withStatement(await signed({ alg: "PS256" }, tpp.signing.key)))).to.deep.equal(["statement.malformed"]);
    });

    it("is taken with the directory's new key at once, and with the old one while it is published", async () => {
      // The unknown kids of the test before made the server ask the keystore; it rests after that.
      world.time.forward(31);
      const old = await tpp.statement();
      await world.directory.directory.statementKeys.rotate();
      await world.registered(tpp, { software_statement: await tpp.statement() }, () => undefined);
      await world.registered(tpp, { software_statement: old }, () => undefined);
    });
  });

  describe("who issued it, and for where (DCR 9.2)", () => {
    it("must be the directory of this environment", async () => {
      expectRefusal(await withClaims({ iss: "Open Banking Open Banking Brasil prod SSA issuer" }), "statement.issuer");
      expectRefusal(await withClaims({ software_environment: "production" }), "statement.environment");
      expectRefusal(await withClaims({ iss: "nobody", software_environment: "production" }), "statement.issuer", "statement.environment");
      await accepts({ software_environment: null });
      await accepts({ software_environment: "Sandbox" });
    });
  });

  describe("whether all is active (DCR 7.2)", () => {
    const inactive = [{ role: "DADOS", authorisation_domain: "Open Banking", status: "Inactive" }];
    const cases: [Record<string, unknown>, Parameters<typeof expectRefusal>[1]][] = [
      [{ org_status: "Withdrawn" }, "organisation.not-active"],
      [{ org_status: "Pending" }, "organisation.not-active"],
      [{ software_status: "Inactive" }, "software.not-active"],
      [{ software_statement_roles: inactive }, "role.none-active"],
      [{ software_statement_roles: [] }, "role.none-active"],
      [{ software_statement_roles: null }, "role.none-active"],
      [{ software_statement_roles: [{ role: "UNKNOWN", status: "Active" }] }, "role.none-active"],
    ];
    for (const [claims, code] of cases) {
      it(`refuses ${JSON.stringify(claims)} as unapproved`, async () => {
        const answer = await withClaims(claims);
        expectRefusal(answer, code);
        expect(answer.json().error).to.equal("unapproved_software_statement");
      });
    }

    it("is believed of what the directory itself was told", async () => {
      const own = await world.directory.createTpp();
      const { software_id: softwareId } = own.description;
      await world.directory.directory.setStatus({ softwareId, status: "Inactive" });
      expectRefusal(await world.post(own, await world.bodyOf(own)), "software.not-active");
      await world.directory.directory.setStatus({ softwareId, status: "Active" });
      await world.registered(own, {}, () => undefined);
    });
  });

  describe("its older and its odd claims", () => {
    it("give the keys under their older names", async () => {
      const claims = { software_jwks_uri: null, software_jwks_endpoint: tpp.description.jwks_uri };
      await accepts(claims, (body) => expect(body["jwks_uri"]).to.equal(tpp.description.jwks_uri));
    });

    it("may be missing where nothing depends on them", async () => {
      const claims = Object.fromEntries(
        ["org_status", "org_number", "org_name", "software_status", "software_mode", "software_version", "software_roles", "software_client_uri", "organisation_competent_authority_claims", "software_api_webhook_uris"].map((name) => [name, null]),
      );
      await accepts(claims, (body) => expect(body).not.to.have.property("software_version"));
    });

    it("may be more than anybody knows", async () => {
      await accepts({ software_new_thing: { deep: [1, 2, 3] }, exp: 1, jti: "x" });
    });

    for (const claims of [{ software_id: null }, { org_id: 5 }, { iat: "yesterday" }, { software_redirect_uris: "https://a" }, { software_jwks_uri: null }, { software_id: "../../x" }, { software_statement_roles: "DADOS" }]) {
      it(`are refused without what the profile demands: ${JSON.stringify(claims)}`, async () => {
        expectRefusal(await withClaims(claims), "statement.claims");
      });
    }
  });
});
