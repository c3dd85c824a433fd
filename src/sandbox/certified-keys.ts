import type { KeyObject } from "node:crypto";
import { certifyBrcac, certifyBrseal, type BrcacRequest, type CertifiedKey } from "../certs/issue-certificate.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Put } from "../store/store.ts";
import { issuerOf, type Authorities } from "./directory-authorities.ts";
import { entry } from "./directory-memory.ts";
import type { CertificateRecord, Organisation, PublishedKey, Software } from "./directory-records.ts";
import type { CreateTpp } from "./directory-requests.ts";
import { fingerprintOf, signingKey, transportKey } from "./published-keys.ts";

const hour = 3_600_000;
const year = 365 * 24 * hour;

/** A certified key with everything the directory must remember of it. */
export interface Certified {
  readonly issued: CertifiedKey;
  readonly key: PublishedKey;
  readonly puts: readonly Put[];
}

/** How a BRCAC names its organisation and orders its attributes. */
export type BrcacForm = Pick<CreateTpp, "generation" | "attributeOrder">;

/** Certifies the public keys of the directory's organisations and software. */
export interface Certifier {
  /** What a good BRCAC of the software says, beginning an hour ago and good for a year. */
  brcacRequest(organisation: Organisation, software: Software): BrcacRequest;
  certifyTransport(organisation: Organisation, software: Software, publicKey: KeyObject, form?: BrcacForm): Promise<Certified>;
  certifySigning(organisation: Organisation, software: Software, publicKey: KeyObject): Promise<Certified>;
}

export function createCertifier({ authorities, clock }: { authorities: Authorities; clock: Clock }): Certifier {
  function validity(): { notBefore: Date; notAfter: Date } {
    return { notBefore: new Date(clock() - hour), notAfter: new Date(clock() + year) };
  }

  function brcacRequest(organisation: Organisation, software: Software): BrcacRequest {
    return {
      organisationId: organisation.id,
      softwareId: software.id,
      cnpj: organisation.cnpj,
      legalName: organisation.legalName,
      commonName: software.hostName,
      ...validity(),
    };
  }

  async function certifyTransport(
    organisation: Organisation,
    software: Software,
    publicKey: KeyObject,
    form?: BrcacForm,
  ): Promise<Certified> {
    const issued = certifyBrcac(authorities[issuerOf.brcac], { ...brcacRequest(organisation, software), ...form, publicKey });
    return remembered("brcac", issued, await transportKey(ownerOf(software), issued));
  }

  async function certifySigning(organisation: Organisation, software: Software, publicKey: KeyObject): Promise<Certified> {
    const { id: organisationId, cnpj, legalName } = organisation;
    const issued = certifyBrseal(authorities[issuerOf.brseal], { organisationId, cnpj, legalName, publicKey, ...validity() });
    return remembered("brseal", issued, await signingKey(ownerOf(software), issued));
  }

  return { brcacRequest, certifyTransport, certifySigning };
}

function remembered(kind: CertificateRecord["kind"], issued: CertifiedKey, key: PublishedKey): Certified {
  const { organisationId, softwareId } = key;
  const certificate: CertificateRecord = {
    kind,
    fingerprint: fingerprintOf(issued.x509),
    serialNumber: issued.x509.serialNumber,
    organisationId,
    softwareId,
    pem: issued.certificatePem,
  };
  return { issued, key, puts: [keyEntry(key), certificateEntry(certificate)] };
}

/** The ids under which a software's keys and certificates lie. */
export function ownerOf(software: Software): { organisationId: string; softwareId: string } {
  return { organisationId: software.organisationId, softwareId: software.id };
}

export function keyEntry(key: PublishedKey): Put {
  return entry("key", `${key.organisationId}/${key.softwareId}/${key.kid}`, key);
}

/** The entry of a key that leaves the active ones. */
export function inactive(key: PublishedKey): Put {
  return keyEntry({ ...key, active: false });
}

export function certificateId(one: Pick<CertificateRecord, "organisationId" | "softwareId" | "fingerprint">): string {
  return `${one.organisationId}/${one.softwareId}/${one.fingerprint}`;
}

export function certificateEntry(certificate: CertificateRecord): Put {
  return entry("certificate", certificateId(certificate), certificate);
}
