import { randomUUID, createHmac } from "node:crypto";
import { SignJWT, type JWTHeaderParameters, type JWTPayload } from "jose";
import { withBadSignature } from "../suite-steps.ts";
import { expectOAuthError } from "./suite-checks.ts";
import { fapiWorld } from "./fapi-world.ts";
import { fapiModule, fapiRun, signedBy, type FapiRun, type PushChange } from "./suite-steps.ts";

const minutes = (count: number) => Math.floor(Date.now() / 1000) + count * 60;

const invalidRequestObject = ["invalid_request_object"];
const eitherInvalid = ["invalid_request", "invalid_request_object"];
const otherRedirectUri = (run: FapiRun) => ({ claims: { redirect_uri: `${run.client1.redirectUri}/${randomUUID()}` } });

/** Modules that push one wrong request object and look at the answer; each with the errors that pass. */
const modules: Readonly<Record<string, readonly [errors: readonly string[], change: (run: FapiRun) => PushChange]>> = {
  "ensure-response-mode-query": [eitherInvalid, () => ({ claims: { response_mode: "query" } })],
  "ensure-registered-redirect-uri": [eitherInvalid, otherRedirectUri],
  "ensure-request-object-without-exp-fails": [invalidRequestObject, () => ({ claims: { exp: undefined } })],
  "ensure-request-object-without-nbf-fails": [invalidRequestObject, () => ({ claims: { nbf: undefined } })],
  "ensure-request-object-without-scope-fails": [eitherInvalid, () => ({ claims: { scope: undefined } })],
  "ensure-request-object-without-nonce-fails": [eitherInvalid, () => ({ claims: { nonce: undefined } })],
  "ensure-request-object-without-redirect-uri-fails": [eitherInvalid, () => ({ claims: { redirect_uri: undefined } })],
  "ensure-expired-request-object-fails": [invalidRequestObject, () => ({ claims: { exp: minutes(-1), nbf: minutes(-5) } })],
  "ensure-request-object-with-bad-aud-fails": [invalidRequestObject, () => ({ claims: { aud: "https://www.other1.example.com/" } })],
  "ensure-request-object-with-exp-over-60-fails": [invalidRequestObject, () => ({ claims: { exp: minutes(70) } })],
  "ensure-request-object-with-nbf-over-60-fails": [invalidRequestObject, () => ({ claims: { nbf: minutes(-70) } })],
  "ensure-signed-request-object-with-RS256-fails": [invalidRequestObject, () => ({ header: { alg: "RS256" } })],
  "ensure-request-object-signature-algorithm-is-not-none": [invalidRequestObject, () => ({ sign: unsigned })],
  "ensure-request-object-with-invalid-signature-fails": [invalidRequestObject, ({ client1 }) => ({ sign: async (claims, header) => withBadSignature(await signedBy(client1)(claims, header)) })],
  "ensure-matching-key-in-authorization-request": [eitherInvalid, ({ client2 }) => ({ sign: signedBy(client2) })],
  "ensure-redirect-uri-in-authorization-request": [eitherInvalid, () => ({ claims: { redirect_uri: undefined } })],
  "ensure-response-type-code-fails": [["unsupported_response_type", "invalid_request", "unauthorized_client"], () => ({ claims: { response_type: "code" } })],
  "par-authorization-request-containing-request_uri-form-param": [
    [...eitherInvalid, "request_uri_not_supported"],
    () => ({ form: { request_uri: `urn:ietf:params:oauth:request_uri:${randomUUID()}` } }),
  ],
  "par-ensure-pkce-required": [["invalid_request"], () => ({ claims: { code_challenge: undefined, code_challenge_method: undefined } })],
  "par-plain-pkce-rejected": [["invalid_request"], () => ({ claims: { code_challenge: "a".repeat(64), code_challenge_method: "plain" } })],
  "par-pushed-authorization-url-as-audience-in-request-object": [invalidRequestObject, ({ server }) => ({ claims: { aud: server.url("pushed_authorization_request") } })],
  "par-attempt-invalid-redirect_uri": [eitherInvalid, otherRedirectUri],
  "par-authorization-request-containing-request_uri": [invalidRequestObject, () => ({ claims: { request_uri: `urn:ietf:params:oauth:request_uri:${randomUUID()}` } })],
};

for (const [name, [errors, change]] of Object.entries(modules)) {
  fapiModule(name, `answers ${errors.join(" or ")} where it is pushed`, async (run) => {
    expectOAuthError((await run.push(run.client1, change(run))).answer, errors);
  });
}

describe("beyond the modules, a request object", () => {
  const refusedAlike: Readonly<Record<string, (run: FapiRun) => PushChange>> = {
    "signed with PS384": () => ({ header: { alg: "PS384" } }),
    "signed with PS512": () => ({ header: { alg: "PS512" } }),
    "signed with HS256 and the public key as secret": () => ({ sign: async (claims, header) => hmac(claims, header) }),
    "of another issuer": ({ client2 }) => ({ claims: { iss: client2.clientId } }),
    "without issuer": () => ({ claims: { iss: undefined } }),
    "for another client": ({ client2 }) => ({ claims: { client_id: client2.clientId } }),
    "without client_id": () => ({ claims: { client_id: undefined } }),
    "without audience": () => ({ claims: { aud: undefined } }),
    "with a request inside": () => ({ claims: { request: "e30.e30." } }),
    "that becomes valid in ten minutes": () => ({ claims: { nbf: minutes(10), exp: minutes(15) } }),
    "with an exp of another type": () => ({ claims: { exp: String(minutes(5)) } }),
    "with a key by value in its header, signed with that key": ({ client2 }) => ({
      sign: (claims, header) => new SignJWT(claims).setProtectedHeader({ ...header, jwk: client2.tpp.signing.key.export({ format: "jwk" }) }).sign(client2.tpp.signing.key),
    }),
  };

  for (const [what, change] of Object.entries(refusedAlike)) {
    it(`${what} is refused as invalid_request_object`, async () => {
      const run = await fapiRun(await fapiWorld());
      expectOAuthError((await run.push(run.client1, change(run))).answer, invalidRequestObject);
    });
  }
});

async function unsigned(claims: JWTPayload): Promise<string> {
  return `${encoded({ alg: "none" })}.${encoded(claims)}.`;
}

function hmac(claims: JWTPayload, { kid }: JWTHeaderParameters): string {
  const input = `${encoded({ alg: "HS256", kid })}.${encoded(claims)}`;
  return `${input}.${createHmac("sha256", kid ?? "").update(input).digest("base64url")}`;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
