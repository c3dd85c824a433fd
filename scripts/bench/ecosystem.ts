import { createPublicKey, randomBytes, randomUUID, type KeyObject } from "node:crypto";
import type { JWK } from "jose";
import type { Clock } from "../../src/kernel/clock.ts";
import {
  createAuthority,
  issueBrcac,
  issueServerCertificate,
  makeKey,
  type IssuedCertificate,
} from "../../src/certs/issue-certificate.ts";
import { newClientId, systemRandomness } from "../../src/kernel/identifiers.ts";
import type { AssertingClient } from "./assertions.ts";
import type { Identity } from "./traffic.ts";

/** The certificates and keys of the references' little world. */
export interface Ecosystem {
  readonly caPem: string;
  readonly server: Identity;
  readonly tpp: Identity;
  readonly resourceServer: Identity;
  /** The references' one signing key. */
  readonly signingKey: JWK;
  /** The first `count` of always the same clients. */
  clients(count: number): readonly BenchClient[];
}

export interface BenchClient extends AssertingClient {
  /** What its JWKS publishes: a key that it signs with, and one that ID tokens are encrypted to. */
  readonly publicJwks: readonly JWK[];
}

export const resourceServerName = "resource-server.bench";

/** Making a key takes a tenth of a second, so that clients share a few. */
const clientKeyCount = 4;
const hour = 3_600_000;

function jwkOf(key: KeyObject, kid: string): JWK {
  return { ...key.export({ format: "jwk" }), kid, use: "sig", alg: "PS256" };
}

/** The path of a client's JWKS, on whichever keystore it lies. */
export function jwksPath({ clientId }: AssertingClient): string {
  return `/${clientId}/application.jwks`;
}

function identityOf(issued: IssuedCertificate): Identity {
  return { certificatePem: issued.certificatePem, privateKeyPem: issued.privateKeyPem };
}

/** Makes everything anew: RSA-2048 throughout, certificates for two days. */
export async function createEcosystem(clock: Clock, mostClients: number): Promise<Ecosystem> {
  const life = { notBefore: new Date(clock() - hour), notAfter: new Date(clock() + 47 * hour) };
  const authority = await createAuthority({ subject: { commonName: "Bench authority" }, ...life });
  const leaf = (commonName: string) =>
    issueBrcac(authority, {
      organisationId: randomUUID(),
      softwareId: randomUUID(),
      cnpj: "00000000000191",
      legalName: "Bench",
      commonName,
      ...life,
    });
  const [server, tpp, resourceServer, signingKey, encryptionKey, ...clientKeys] = await Promise.all([
    issueServerCertificate(authority, { hosts: ["localhost", "127.0.0.1"], ...life }),
    leaf("tpp.bench"),
    leaf(resourceServerName),
    makeKey(),
    makeKey(),
    ...Array.from({ length: clientKeyCount }, () => makeKey()),
  ]);
  const encryptionJwk = { ...jwkOf(createPublicKey(encryptionKey), "encryption"), use: "enc", alg: "RSA-OAEP" };
  const keys = clientKeys.map((key, index) => ({
    privateJwk: jwkOf(key, `client-${index}`),
    publicJwks: [jwkOf(createPublicKey(key), `client-${index}`), encryptionJwk],
  }));
  const clients = Array.from({ length: mostClients }, (_, index): BenchClient => {
    const key = keys[index % keys.length];
    if (!key) throw new Error("At least one client key is needed");
    return { clientId: newClientId(randomBytes(8).toString("hex"), systemRandomness), ...key };
  });
  return {
    caPem: authority.certificatePem,
    server: identityOf(server),
    tpp: identityOf(tpp),
    resourceServer: identityOf(resourceServer),
    signingKey: jwkOf(signingKey, "server"),
    clients: (count) => clients.slice(0, count),
  };
}
