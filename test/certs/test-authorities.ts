import { readCertificate } from "../../src/certs/certificate.ts";
import { createAuthority, issueBrcac, type Authority, type AuthorityRequest, type BrcacRequest } from "../../src/certs/issue-certificate.ts";
import { createTrustAnchors, type TrustAnchors } from "../../src/certs/trust-anchors.ts";

/** The moment at which the tests of this folder take place. */
export const now = Date.parse("2026-06-15T12:00:00Z");
export const day = 24 * 3_600_000;

export const organisationId = "74e929d9-33b6-4d85-8ba7-c146c867a817";
export const softwareId = "10120340-3318-4baf-99e2-0b56729c4ab2";

export const validity = { notBefore: new Date(now - 30 * day), notAfter: new Date(now + 300 * day) };

export const brcacRequest: BrcacRequest = {
  organisationId,
  softwareId,
  cnpj: "43142666000197",
  legalName: "Padaria Financas SA",
  commonName: "tpp.example.com",
  ...validity,
};

export const rootUrl = "http://crl.example/root.crl";
export const issuingUrl = "http://crl.example/issuing.crl";

/** What an authority below a root looks like in these tests; change what the test is about. */
export function issuingRequest(issuer: Authority, changes: Partial<AuthorityRequest> = {}): AuthorityRequest {
  return { subject: { commonName: "AC de Teste" }, ...validity, issuer, crlUrl: issuingUrl, ...changes };
}

export function rootRequest(changes: Partial<AuthorityRequest> = {}): AuthorityRequest {
  return { subject: { commonName: "Raiz de Teste" }, ...validity, crlUrl: rootUrl, ...changes };
}

export interface Pki {
  readonly root: Authority;
  readonly issuing: Authority;
  readonly anchors: TrustAnchors;
}

let shared: Promise<Pki> | undefined;

/** A root and one authority below it, made once for all tests of a run: RSA keys take their time. */
export function sharedPki(): Promise<Pki> {
  shared ??= makePki();
  return shared;
}

async function makePki(): Promise<Pki> {
  const root = await createAuthority(rootRequest());
  const issuing = await createAuthority(issuingRequest(root));
  return { root, issuing, anchors: createTrustAnchors([readCertificate(root.certificate)]) };
}

export async function brcacOf(authority: Authority, changes: Partial<Parameters<typeof issueBrcac>[1]> = {}) {
  return issueBrcac(authority, { ...brcacRequest, ...changes });
}
