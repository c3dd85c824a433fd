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
 * claim with a value must have it, and one without a value must exist; else the authentication has failed. A `sub` with
 * a value must be that customer in any case (OpenID Connect Core 5.5.1).
 */
export function satisfiesRequestedClaims(parameters: AuthorizationParameters, customer: Customer): boolean {
  const held = new Map([["sub", [customer.customerId]], ["cpf", [customer.cpf]], ["cnpj", customer.companies.map(({ cnpj }) => cnpj)]]);
  return requestsIn(parameters).every(([name, request]) => {
    const values = held.get(name);
    if (values === undefined || (!request.essential && name !== "sub")) {
      return true;
    }
    const wanted = wantedValues(request);
    return wanted === undefined ? values.length > 0 : wanted.some((value) => values.some((one) => one === value));
  });
}

/**
 * The level of assurance to ask the customer for: LoA3 when the request names it first; LoA2 otherwise, which is enough
 * to read data (FAPI-BR 5.2.2-6, -7).
 */
export function requestedLevel(parameters: AuthorizationParameters): LevelOfAssurance {
  const wanted = wantedLevels(parameters);
  const named = wanted ?? (typeof parameters.acr_values === "string" ? parameters.acr_values.split(" ") : []);
  return named[0] === levelsOfAssurance.loa3 ? levelsOfAssurance.loa3 : levelsOfAssurance.loa2;
}

/**
 * The level that the answer states when this one was reached; undefined when it is not enough. Only an essential `acr`
 * insists (OpenID Connect Core 5.5.1.1), and whoever gave two factors has given one.
 */
export function statedLevel(parameters: AuthorizationParameters, reached: LevelOfAssurance): LevelOfAssurance | undefined {
  const insists = requestsIn(parameters).some(([name, request]) => name === "acr" && request.essential === true);
  const wanted = wantedLevels(parameters);
  if (!insists || wanted === undefined || wanted.includes(reached)) {
    return reached;
  }
  return reached === levelsOfAssurance.loa3 && wanted.includes(levelsOfAssurance.loa2) ? levelsOfAssurance.loa2 : undefined;
}

function wantedLevels(parameters: AuthorizationParameters): readonly unknown[] | undefined {
  const acr = requestsIn(parameters).find(([name]) => name === "acr")?.[1];
  return acr && wantedValues(acr);
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
