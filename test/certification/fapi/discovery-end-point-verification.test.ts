import { expect } from "chai";
import { expectDiscovery, expectServerJwks, textIn } from "../discovery-rows.ts";
import { fapiModule } from "./suite-steps.ts";

fapiModule("discovery-end-point-verification", "finds every row of 3.1 and 3.2 as the profile wants it", async ({ server, issuer }) => {
  const url = `${issuer.issuer}/.well-known/openid-configuration`;
  const document = expectDiscovery(await server.call(url), url);
  expect(document["mtls_endpoint_aliases"]).to.include.keys("token_endpoint", "registration_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint");
  expect(document["id_token_encryption_alg_values_supported"]).to.deep.equal(["RSA-OAEP"]);
  expect(document["id_token_encryption_enc_values_supported"]).to.deep.equal(["A256GCM"]);
  expectServerJwks(await server.call(textIn(document, "jwks_uri")));
});
