import { expect } from "chai";
import * as fc from "fast-check";
import { pushRequest } from "../support/authorization.ts";
import { runs } from "../support/property-runs.ts";
import type { SandboxTpp } from "../support/sandbox.ts";
import { startRegistrationWorld, type RegistrationWorld } from "./registration-world.ts";

const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.string({ unit: "grapheme", maxLength: 1_200 }), fc.constantFrom("", " ", "\n", "\u0000", "Nome\tcom\u0085controle", "é".repeat(501), "\ud800", "😀".repeat(300)));
const odd = fc.constantFrom("", "/a", "\t", "\n", " ", "/\u0000x", "?a=b&c", "#f", "/ação", "/\ud800", "/%zz", ":8443/x", "/'\"<>\\", "//..//.");
const anyAddress = fc.oneof(
  fc.tuple(fc.constantFrom("", " ", "\t"), fc.constantFrom("https://www.example.com", "HTTPS://WWW.EXAMPLE.COM", "ht\ntps://www.example.com", "http://[::1]", "urn:x"), odd, odd).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
);
const mostly = <T>(usual: T, values: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: values });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) });

describe("what a registration answers, its own update takes back (RFC 7592 2.2) and the engine can work with", function () {
  this.timeout(120_000);
  let world: RegistrationWorld;
  let tpp: SandboxTpp;

  before(async () => {
    world = await startRegistrationWorld();
    tpp = await world.directory.createTpp({ roles: ["DADOS", "PAGTO"] });
  });
  after(() => world.stop());

  it("whatever the statement says that it accepts", async () => {
    const claimed = fc.record({
      software_client_name: maybe(anyText),
      software_client_uri: maybe(anyAddress),
      software_logo_uri: maybe(anyAddress),
      software_policy_uri: maybe(anyAddress),
      software_tos_uri: maybe(anyAddress),
      software_version: maybe(fc.oneof(anyText, fc.double({ noNaN: true }))),
      org_name: maybe(anyText),
      software_redirect_uris: mostly([], fc.array(anyAddress, { maxLength: 3 })).map((addresses) => ["https://www.example.com/callback", ...addresses]),
      software_api_webhook_uris: maybe(fc.array(anyAddress, { maxLength: 2 })),
      software_jwks_uri: mostly("", fc.constantFrom("\t", "\n", " ", "?", "#x")).map((end) => `${tpp.description.jwks_uri}${end}`),
    });
    let accepted = 0;
    const grants = fc.constantFrom(undefined, ["authorization_code"], ["authorization_code", "implicit", "refresh_token"], ["client_credentials"], ["client_credentials", "refresh_token"]);
    await fc.assert(
      fc.asyncProperty(claimed, grants, fc.boolean(), async (claims, grant_types, all) => {
        const redirect_uris = all ? claims.software_redirect_uris : claims.software_redirect_uris.slice(0, 1);
        const webhook_uris = all ? (claims.software_api_webhook_uris ?? undefined) : undefined;
        const sent = await world.bodyOf(tpp, { redirect_uris, webhook_uris, grant_types, response_types: undefined, jwks_uri: undefined }, { claims });
        const answer = await world.post(tpp, sent);
        if (answer.status !== 201) {
          expect(answer.status, answer.text).to.equal(400);
          return;
        }
        accepted += 1;
        const body = answer.json();
        const client = { clientId: body.client_id, token: body.registration_access_token, uri: body.registration_client_uri, body };
        try {
          const updateBody = await world.updateBody(tpp, client, {}, claims);
          const updated = await world.manage("PUT", tpp, client, { body: updateBody });
          expect(updated.status, updated.text).to.equal(200);
          expect(updated.json()).to.deep.equal({ ...body, software_statement: updateBody["software_statement"] });
          const tried = await world.post(tpp, updateBody, { path: "/check", headers: { authorization: `Bearer ${client.token}` } });
          const pushed = await pushRequest(world.server, tpp, client.clientId, "openid consent:urn:porteiro:none", { claims: { redirect_uri: redirect_uris[0] } });
          // The engine has built the client, and goes on to what is wrong with the request.
          expect(pushed.answer.json().error, pushed.answer.text).to.equal("invalid_scope");
          expect(tried.json().checks.filter(({ result }: { result: string }) => result !== "passed"), tried.text).to.deep.equal([]);
        } finally {
          await world.delete(tpp, client);
        }
      }),
      runs(60),
    );
    expect(accepted, "accepted registrations").to.be.greaterThan(0);
  });
});
