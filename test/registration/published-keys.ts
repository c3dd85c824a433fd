import { createPublicKey } from "node:crypto";
import { certifyBrseal, makeKey } from "../../src/certs/issue-certificate.ts";
import { entry } from "../../src/sandbox/directory-memory.ts";
import type { PublishedKey } from "../../src/sandbox/directory-records.ts";
import { signingKey } from "../../src/sandbox/published-keys.ts";
import type { SandboxDirectory, SandboxTpp } from "../support/sandbox.ts";

/** Every active key of the TPP in the keystore goes through this; undefined takes it out. */
export async function changePublishedKeys(
  { directory }: SandboxDirectory,
  tpp: SandboxTpp,
  change: (key: PublishedKey) => PublishedKey | undefined,
): Promise<void> {
  const { organisation_id, software_id } = tpp.description;
  const keys = await directory.memory.list("key", `${organisation_id}/${software_id}/`);
  await directory.memory.write(
    keys.filter(({ active }) => active).map((key) => {
      const changed = change(key) ?? { ...key, active: false };
      return entry("key", `${organisation_id}/${software_id}/${key.kid}`, changed);
    }),
  );
}

/** Adds a key beside the others. */
export async function publishKey({ directory }: SandboxDirectory, tpp: SandboxTpp, name: string, key: Pick<PublishedKey, "use" | "jwk">): Promise<void> {
  const { organisation_id: organisationId, software_id: softwareId } = tpp.description;
  await directory.memory.write([entry("key", `${organisationId}/${softwareId}/${name}`, { kid: name, organisationId, softwareId, active: true, ...key })]);
}

/** Puts another BRSEAL behind the TPP's signing key; gives its serial number. */
export async function changeSeal(
  directory: SandboxDirectory,
  tpp: SandboxTpp,
  change: { organisationId?: string; notBefore?: Date; notAfter?: Date; serialNumber?: string; authority?: "ac-multipla" | "ac-ssl" } = {},
): Promise<string> {
  const { organisation_id, software_id } = tpp.description;
  const day = 86_400_000;
  const { authority = "ac-multipla", ...options } = change;
  const issued = certifyBrseal(directory.directory.authorities[authority], {
    organisationId: organisation_id,
    cnpj: "12345678000195",
    legalName: "Fintech Exemplo",
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    publicKey: createPublicKey(tpp.signing.key),
    ...options,
  });
  const sealed = await signingKey({ organisationId: organisation_id, softwareId: software_id }, issued);
  await changePublishedKeys(directory, tpp, (key) => (key.use === "sig" ? { ...key, jwk: sealed.jwk } : key));
  return issued.x509.serialNumber;
}

/** A public JWK of a new RSA key. */
export async function newJwk(bits: number, members: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const key = createPublicKey(await makeKey("rsa", bits));
  return { ...key.export({ format: "jwk" }), ...members };
}
