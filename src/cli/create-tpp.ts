import { createPublicKey, type KeyObject } from "node:crypto";
import { exportJWK } from "jose";
import { z } from "zod";
import { makeKey, privateKeyPemOf } from "../certs/issue-certificate.ts";
import type { DirectoryClient } from "./directory-client.ts";
import { pretty, registrationBody, type TppDescription, type TppFiles } from "./tpp-folder.ts";

export const pemPair = z.object({ certificatePem: z.string(), chainPem: z.string() });

const createdTpp = z.object({
  organisation: z.object({ id: z.string(), name: z.string() }),
  software: z.object({
    id: z.string(),
    clientId: z.string(),
    name: z.string(),
    roles: z.array(z.object({ role: z.string() })),
    redirectUris: z.array(z.string()),
    webhookUris: z.array(z.string()),
  }),
  transport: pemPair,
  signing: pemPair,
  signingKid: z.string(),
  encryptionKid: z.string(),
  statement: z.string(),
  urls: z.object({ auth: z.string(), matlsAuth: z.string(), matlsApi: z.string(), keystore: z.string() }),
});

/** What the sandbox directory is asked for; whatever is left out is its default. */
export interface TppWish {
  readonly organisationId?: string;
  readonly organisationName?: string;
  readonly softwareName?: string;
  readonly hostName?: string;
  readonly roles?: readonly string[];
  readonly redirectUris?: readonly string[];
  readonly webhookUris?: readonly string[];
  readonly generation?: "organizationIdentifier" | "organizationalUnit";
  readonly attributeOrder?: string;
}

export interface ServerAddress {
  readonly issuer: string;
  readonly registrationEndpoint: string;
  readonly tokenEndpoint: string;
}

export interface CreateTppNeeds {
  readonly client: DirectoryClient;
  readonly directoryUrl: string;
  /** PEM of the authority that curl must trust. */
  readonly caPem: string;
  readonly server: ServerAddress;
}

/** Makes a TPP's keys here, has the sandbox directory certify them and gives the files of its folder. */
export async function createTpp(needs: CreateTppNeeds, wish: TppWish): Promise<TppFiles> {
  const [transportKey, signingKey, encryptionKey] = await Promise.all([makeKey(), makeKey(), makeKey()]);
  const created = await needs.client.command(
    "/sandbox/tpps",
    {
      ...wish,
      transportKey: publicPem(transportKey),
      signingKey: publicPem(signingKey),
      encryptionKey: publicPem(encryptionKey),
    },
    createdTpp,
  );
  const { software, organisation, urls } = created;
  const tpp: TppDescription = {
    organisation_id: organisation.id,
    organisation_name: organisation.name,
    software_id: software.id,
    software_name: software.name,
    roles: software.roles.map(({ role }) => role),
    redirect_uris: software.redirectUris,
    webhook_uris: software.webhookUris,
    jwks_uri: `${urls.keystore}/${organisation.id}/${software.id}/application.jwks`,
    directory: {
      url: needs.directoryUrl,
      client_id: software.clientId,
      token_endpoint: `${urls.matlsAuth}/token`,
      assertion_url: `${urls.matlsApi}/organisations/${organisation.id}/softwarestatements/${software.id}/assertion`,
      keystore: `${urls.keystore}/`,
    },
    server: {
      issuer: needs.server.issuer,
      registration_endpoint: needs.server.registrationEndpoint,
      token_endpoint: needs.server.tokenEndpoint,
    },
  };
  return {
    "client.crt": whole(created.transport),
    "client.key": privateKeyPemOf(transportKey),
    "ca.crt": needs.caPem,
    "brseal.crt": whole(created.signing),
    "brseal.key": privateKeyPemOf(signingKey),
    "jwks-private.json": pretty({
      keys: [
        await privateJwk(signingKey, { kid: created.signingKid, use: "sig", alg: "PS256" }),
        await privateJwk(encryptionKey, { kid: created.encryptionKid, use: "enc", alg: "RSA-OAEP" }),
      ],
    }),
    ...statementFiles(tpp, created.statement),
    "tpp.json": pretty(tpp),
  };
}

/** The two files that a fresh software statement renews. */
export function statementFiles(tpp: TppDescription, statement: string): Pick<TppFiles, "software-statement.jwt" | "register.json"> {
  return { "software-statement.jwt": statement, "register.json": pretty(registrationBody(tpp, statement)) };
}

export function publicPem(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
}

/** A private JWK with its identifying members. */
export async function privateJwk(key: KeyObject, members: { kid: string; use: string; alg: string }) {
  return { ...(await exportJWK(key)), ...members };
}

/** A certificate with its intermediates, as one PEM file. */
export function whole({ certificatePem, chainPem }: z.output<typeof pemPair>): string {
  return certificatePem + chainPem;
}
