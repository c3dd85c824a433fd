import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

/** The plan's modules (table 2.2.4) that run for Brazil with PAR and private_key_jwt, without their common prefix. */
const plan = `
  access-token-type-header-case-sensitivity
  attempt-reuse-authorisation-code-after-one-second
  ensure-authorization-code-is-bound-to-client
  ensure-authorization-request-without-request-object-fails
  ensure-authorization-request-without-state-success
  ensure-client-assertion-in-token-endpoint
  ensure-client-assertion-with-exp-is-5-minutes-in-past-fails
  ensure-client-assertion-with-iss-aud-succeeds
  ensure-client-assertion-with-no-sub-fails
  ensure-client-assertion-with-wrong-aud-fails
  ensure-client-assertion-with-wrong-iss-fails
  ensure-client-assertion-with-wrong-sub-fails
  ensure-client-id-in-token-endpoint
  ensure-different-nonce-inside-and-outside-request-object
  ensure-expired-request-object-fails
  ensure-matching-key-in-authorization-request
  ensure-mtls-holder-of-key-required
  ensure-other-scope-order-succeeds
  ensure-pkce-code-verifier-required
  ensure-redirect-uri-in-authorization-request
  ensure-registered-redirect-uri
  ensure-request-object-signature-algorithm-is-not-none
  ensure-request-object-with-64-char-nonce-success
  ensure-request-object-with-bad-aud-fails
  ensure-request-object-with-exp-over-60-fails
  ensure-request-object-with-invalid-signature-fails
  ensure-request-object-with-long-nonce
  ensure-request-object-with-long-state
  ensure-request-object-with-multiple-aud-succeeds
  ensure-request-object-with-nbf-over-60-fails
  ensure-request-object-without-exp-fails
  ensure-request-object-without-nbf-fails
  ensure-request-object-without-nonce-fails
  ensure-request-object-without-redirect-uri-fails
  ensure-request-object-without-scope-fails
  ensure-response-mode-query
  ensure-response-type-code-fails
  ensure-signed-client-assertion-with-RS256-fails
  ensure-signed-request-object-with-RS256-fails
  incorrect-pkce-code-verifier-rejected
  par-attempt-invalid-http-method
  par-attempt-invalid-redirect_uri
  par-attempt-reuse-request_uri
  par-attempt-to-use-expired-request_uri
  par-attempt-to-use-request_uri-for-different-client
  par-authorization-request-containing-request_uri
  par-authorization-request-containing-request_uri-form-param
  par-ensure-client-assertion-with-wrong-aud-fails
  par-ensure-client-assertion-with-wrong-iss-fails
  par-ensure-client-assertion-with-wrong-sub-fails
  par-ensure-pkce-required
  par-ensure-reused-request-uri-prior-to-auth-completion-succeeds
  par-plain-pkce-rejected
  par-pushed-authorization-url-as-audience-in-request-object
  par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion
  par-token-endpoint-url-as-audience-for-client-JWT-assertion
  par-without-duplicate-parameters
  refresh-token
  state-only-outside-request-object-not-used
  test-array-as-audience-for-client-JWT-assertion
  user-rejects-authentication`
  .trim()
  .split(/\s+/);

describe("the official FAPI1 Advanced plan for Brazil", () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".test.ts") && file !== "official-plan.test.ts");
  const sources = files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8"));

  // The main module bears the prefix itself, the discovery module is a test of its own, and the 64th wants payments.
  it("has 61 more modules that run here beside the main one and the one for discovery", () => {
    expect(new Set(plan).size).to.equal(61);
  });

  for (const module of plan) {
    it(`${module} has its mirror`, () => {
      expect(files.includes(`${module}.test.ts`) || sources.some((source) => source.includes(`"${module}"`))).to.equal(true);
    });
  }
});
