import type { JSONWebKeySet } from "jose";
import type { z } from "zod";
import type { Clock } from "../kernel/clock.ts";
import type { Randomness } from "../kernel/identifiers.ts";
import type { DirectoryClient } from "./directory-client.ts";
import type { discoverySchema } from "./journey-answers.ts";
import type { JourneyReport } from "./journey-report.ts";
import type { JourneyTpp } from "./journey-tpp.ts";

export interface JourneyNeeds {
  readonly report: JourneyReport;
  readonly directory: DirectoryClient;
  readonly directoryUrl: string;
  /** PEM of the authority behind every listener of the sandbox. */
  readonly caPem: string;
  readonly issuer: string;
  /** Root URL of the mutual-TLS listener. */
  readonly mtlsUrl: string;
  /** Root URL of the sample bank. */
  readonly bankUrl: string;
  /** Where the TPP's files are put for the time of the journey. */
  readonly folder: string;
  readonly customer: { readonly userName: string; readonly password: string; readonly cpf: string };
  readonly browser: { readonly executablePath: string; readonly headed: boolean; readonly language: "pt" | "en" };
  /** Whether the TPP ends the consent at last, and sees every door closed. */
  readonly revoke: boolean;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export type Discovery = z.output<typeof discoverySchema>;

export interface Registered {
  readonly tpp: JourneyTpp;
  readonly clientId: string;
  readonly redirectUri: string;
}

export interface Server {
  readonly discovery: Discovery;
  readonly jwks: JSONWebKeySet;
}

export interface Authorized {
  readonly code: string;
  readonly idToken: string;
  readonly shared: number;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Where consents are created, read and ended. */
export function consentsUrl({ mtlsUrl }: JourneyNeeds): string {
  return `${mtlsUrl}/open-banking/consents/v3/consents`;
}
