import { levelsOfAssurance, type LevelOfAssurance } from "../customer/customer-login.ts";
import type { Customer } from "../customer/customer-directory.ts";

/** What a request object may ask of one claim (OpenID Connect Core 5.5.1). */
interface ClaimRequest {
  readonly essential?: boolean;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
}

export interface AuthorizationParameters {
  /** The `claims` parameter, as JSON. */
  readonly claims?: unknown;
  readonly acr_values?: unknown;
}

/**
 * Whether the customer satisfies the `cpf` and `cnpj` that the request asks for (FAPI-BR 5.2.2-4, -5): an essential
 * claim with a value must have it, and one without a value must exist; else the authentication has failed.
 */
export function satisfiesRequestedClaims(parameters: AuthorizationParameters, customer: Customer): boolean {
  const held: Record<string, readonly string[]> = { cpf: [customer.cpf], cnpj: customer.companies.map(({ cnpj }) => cnpj) };
  return requestsIn(parameters).every(([name, request]) => {
    const values = held[name];
    if (values === undefined || !request.essential) {
      return true;
    }
    const wanted = wantedValues(request);
    return wanted === undefined ? values.length > 0 : wanted.some((value) => values.some((one) => one === value));
  });
}

/**
 * The level of assurance that the request asks for: LoA3 when it accepts nothing less, or names it first; LoA2
 * otherwise, which is enough to read data (FAPI-BR 5.2.2-6, -7).
 */
export function requestedLevel(parameters: AuthorizationParameters): LevelOfAssurance {
  const acr = requestsIn(parameters).find(([name]) => name === "acr")?.[1];
  const wanted = acr && wantedValues(acr);
  const named = wanted ?? (typeof parameters.acr_values === "string" ? parameters.acr_values.split(" ") : []);
  return named[0] === levelsOfAssurance.loa3 ? levelsOfAssurance.loa3 : levelsOfAssurance.loa2;
}

/** Names of the claims that the request asks for, for the grant to cover. */
export function requestedClaimNames(parameters: AuthorizationParameters): string[] {
  return [...new Set(requestsIn(parameters).map(([name]) => name))];
}

function requestsIn({ claims }: AuthorizationParameters): [string, ClaimRequest][] {
  const parsed = typeof claims === "string" ? (JSON.parse(claims) as Record<string, unknown>) : {};
  return ["id_token", "userinfo"].flatMap((place) => {
    const members = parsed[place];
    return typeof members === "object" && members !== null ? Object.entries(members).map(([name, request]): [string, ClaimRequest] => [name, request ?? {}]) : [];
  });
}

function wantedValues({ value, values }: ClaimRequest): readonly unknown[] | undefined {
  return value === undefined ? (Array.isArray(values) ? values : undefined) : [value];
}
