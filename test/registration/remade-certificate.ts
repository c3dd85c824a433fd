import forge from "node-forge";
import { createPublicKey } from "node:crypto";
import { certifyBrcac, createAuthority, intermediatesOf, makeKey, privateKeyPemOf, type Authority } from "../../src/certs/issue-certificate.ts";
import type { SandboxDirectory, SandboxTpp, TlsIdentity } from "../support/sandbox.ts";

/** The TPP's own certificate altered, and signed anew by the true authority. */
export function remadeCertificate(directory: SandboxDirectory, tpp: SandboxTpp, alter: (certificate: forge.pki.Certificate) => void): TlsIdentity {
  const issuer = directory.directory.authorities["ac-ssl"];
  const certificate = forge.pki.certificateFromPem(tpp.tls.cert);
  alter(certificate);
  certificate.sign(forge.pki.privateKeyFromPem(privateKeyPemOf(issuer.privateKey)), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate) + intermediatesOf(issuer), key: tpp.tls.key };
}

/** Takes an attribute out of the subject. */
export function withoutAttribute(oid: string): (certificate: forge.pki.Certificate) => void {
  return (certificate) => certificate.setSubject(certificate.subject.attributes.filter(({ type }) => type !== oid));
}

/** Gives an attribute of the subject another value. */
export function withAttribute(oid: string, value: string): (certificate: forge.pki.Certificate) => void {
  return (certificate) => certificate.setSubject(certificate.subject.attributes.map((attribute) => (attribute.type === oid ? { ...attribute, value } : attribute)));
}

/** A good certificate of this TPP by an authority under the true root that is not as it should be. */
export async function certificateOfAuthority(
  directory: SandboxDirectory,
  tpp: SandboxTpp,
  change: Partial<Parameters<typeof createAuthority>[0]>,
): Promise<TlsIdentity> {
  const { "ac-ssl": model } = directory.directory.authorities;
  const day = 86_400_000;
  const authority: Authority = await createAuthority({
    subject: { commonName: "AC de Teste", organisation: "ICP-Brasil" },
    notBefore: new Date(Date.now() - 30 * day),
    notAfter: new Date(Date.now() + 30 * day),
    pathLength: 0,
    ...(model.issuer && { issuer: model.issuer }),
    ...(model.crlUrl && { crlUrl: model.crlUrl }),
    ...change,
  });
  const { organisation_id: organisationId, software_id: softwareId } = tpp.description;
  const key = await makeKey();
  const { certificatePem, chainPem } = certifyBrcac(authority, {
    organisationId,
    softwareId,
    cnpj: "12345678000195",
    legalName: "Fintech Exemplo",
    commonName: "tpp.example.com",
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    publicKey: createPublicKey(key),
  });
  return { cert: certificatePem + chainPem, key: privateKeyPemOf(key) };
}
