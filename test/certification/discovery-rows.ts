import { createPublicKey } from "node:crypto";
import { expect } from "chai";
import type { HttpsAnswer } from "../support/https-call.ts";

/** A discovery document, as it came; the rows below say what must be in it. */
export type Discovery = Readonly<Record<string, unknown>>;

/** Members of RFC 8414, OpenID Connect Discovery, RFC 8705, RFC 9126 and RFC 9207; any other is a warning. */
const knownMembers = new Set(
  `issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint userinfo_endpoint introspection_endpoint
  revocation_endpoint pushed_authorization_request_endpoint require_pushed_authorization_requests mtls_endpoint_aliases
  scopes_supported response_types_supported response_modes_supported grant_types_supported subject_types_supported
  acr_values_supported claim_types_supported claims_supported claims_parameter_supported request_parameter_supported
  request_uri_parameter_supported require_request_uri_registration require_signed_request_object
  code_challenge_methods_supported token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported
  revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported
  introspection_endpoint_auth_methods_supported introspection_endpoint_auth_signing_alg_values_supported
  request_object_signing_alg_values_supported request_object_encryption_alg_values_supported
  request_object_encryption_enc_values_supported id_token_signing_alg_values_supported
  id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported userinfo_signing_alg_values_supported
  tls_client_certificate_bound_access_tokens authorization_response_iss_parameter_supported ui_locales_supported
  claims_locales_supported service_documentation op_policy_uri op_tos_uri display_values_supported
  end_session_endpoint`.split(/\s+/),
);

/** Every row of 3.1 that fails a run with private_key_jwt and PAR, and those that warn: the aim is no warning. */
export function expectDiscovery(answer: HttpsAnswer, url: string): Discovery {
  const document = jsonOf(answer, 200);
  expectAddresses(document, url);
  expectAliases(document);
  expectSecurityProfile(document);
  expectLocales(document);
  for (const name of Object.keys(document)) {
    expect(knownMembers, "a member that the suite does not know").to.include(name);
  }
  return document;
}

function expectAddresses(document: Discovery, url: string): void {
  expect(url).to.match(/^https:.*\/\.well-known\/openid-configuration$/);
  const issuer = new URL(textIn(document, "issuer"));
  expect([issuer.protocol, issuer.search, issuer.hash, issuer.username, issuer.password]).to.deep.equal(["https:", "", "", "", ""]);
  expect(issuer.href.replace(/\/$/, "")).to.equal(url.replace(/\/?\.well-known\/openid-configuration$/, ""));
  const endpoints = ["authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint"];
  for (const name of endpoints) {
    expect(new URL(textIn(document, name)).protocol, name).to.equal("https:");
  }
}

function expectAliases(document: Discovery): void {
  const aliases = document["mtls_endpoint_aliases"];
  expect(aliases).to.be.an("object").that.has.property("registration_endpoint");
  expect(aliases).not.to.have.property("authorization_endpoint");
  for (const [name, value] of Object.entries(aliases as Record<string, unknown>)) {
    expect(name).to.match(/_endpoint$/);
    expect(value, name).to.be.a("string");
    expect(document, "an alias must stand at the root too").to.have.property(name);
  }
}

function expectSecurityProfile(document: Discovery): void {
  expect(document["tls_client_certificate_bound_access_tokens"]).to.equal(true);
  expect(document["claims_parameter_supported"]).to.equal(true);
  expect(document["require_pushed_authorization_requests"]).to.equal(true);
  expect(listIn(document, "response_types_supported")).to.deep.equal(["code id_token"]);
  expect(listIn(document, "grant_types_supported")).to.include.members(["authorization_code", "client_credentials", "refresh_token", "implicit"]);
  expect(listIn(document, "subject_types_supported")).to.deep.equal(["public"]);
  expect(listIn(document, "code_challenge_methods_supported")).to.include("S256");
  expect(listIn(document, "claims_supported")).to.include.members(["acr", "cpf", "cnpj"]);
  expect(listIn(document, "acr_values_supported")).to.include.members(["urn:brasil:openbanking:loa2", "urn:brasil:openbanking:loa3"]);
  // What is not certified is not shown (FAPI-BR 5.2.2-18 to 20).
  expect(listIn(document, "token_endpoint_auth_methods_supported")).to.deep.equal(["private_key_jwt"]);
  for (const name of ["id_token_signing_alg_values_supported", "token_endpoint_auth_signing_alg_values_supported", "request_object_signing_alg_values_supported"]) {
    expect(listIn(document, name), name).to.deep.equal(["PS256"]);
  }
  expect(document["userinfo_signing_alg_values_supported"] ?? ["PS256"]).to.include("PS256");
  const scopes = listIn(document, "scopes_supported");
  expect(scopes).to.include.members(["openid", "consents", "resources", "accounts"]);
  for (const scope of scopes) {
    expect(scope).to.match(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  }
}

function expectLocales(document: Discovery): void {
  for (const name of ["ui_locales_supported", "claims_locales_supported"]) {
    const tags = (document[name] ?? []) as string[];
    expect(Intl.getCanonicalLocales(tags), name).to.deep.equal(tags);
  }
}

/** Every row of 3.2. */
export function expectServerJwks(answer: HttpsAnswer): void {
  const document = jsonOf(answer, 200);
  expect(document["keys"]).to.be.an("array").that.is.not.empty;
  const keys = document["keys"] as Record<string, unknown>[];
  for (const key of keys) {
    expect(key["kty"]).to.equal("RSA");
    expect(key).not.to.have.any.keys("d", "p", "q", "dp", "dq", "qi", "k");
    expect(key["n"]).to.match(/^[A-Za-z0-9_-]+$/);
    expect(key["e"]).to.match(/^[A-Za-z0-9_-]+$/);
    expect(key["kid"]).to.match(/\S/);
    expect(key["alg"] ?? "PS256").to.equal("PS256");
    const { asymmetricKeyDetails } = createPublicKey({ key, format: "jwk" });
    expect(asymmetricKeyDetails?.modulusLength).to.be.at.least(2048);
  }
  expect(new Set(keys.map(({ kid }) => kid)).size, "distinct kids").to.equal(keys.length);
}

function jsonOf(answer: HttpsAnswer, status: number): Discovery {
  expect(answer.status, answer.text).to.equal(status);
  expect(answer.headers["content-type"]).to.match(/^application\/(jwk-set\+)?json/);
  const document: unknown = answer.json();
  expect(document).to.be.an("object");
  // Just looked at.
  return document as Discovery;
}

/** A member that must be a text. */
export function textIn(document: Discovery, name: string): string {
  expect(document[name], name).to.be.a("string");
  return String(document[name]);
}

function listIn(document: Discovery, name: string): string[] {
  expect(document[name], name).to.be.an("array");
  for (const value of document[name] as unknown[]) {
    expect(value, name).to.be.a("string");
  }
  return document[name] as string[];
}
