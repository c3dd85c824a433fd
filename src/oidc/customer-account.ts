import type { Account, FindAccount } from "oidc-provider";
import type { Consents } from "../policy/consent/consents.ts";
import { consentIdIn } from "../policy/authorization/request-object.ts";
import type { Customer, CustomerDirectory } from "../policy/customer/customer-directory.ts";

/**
 * Finds the customer whom the engine asks about. Asked with a code or refresh token, only while its consent is
 * AUTHORISED (D15): the engine then answers `invalid_grant`.
 */
export function createFindAccount(needs: { customers: CustomerDirectory; consents: Consents }): FindAccount {
  return async (_ctx, sub, token) => {
    if (token !== undefined && "scope" in token) {
      const consentId = consentIdIn(token.scope);
      const consent = consentId === undefined ? undefined : await needs.consents.find(consentId);
      if (consent?.status !== "AUTHORISED" || consent.authorisation?.customerId !== sub) {
        return undefined;
      }
    }
    const customer = await needs.customers.find(sub);
    return customer && accountOf(customer);
  };
}

/** `sub` is fixed and opaque (FAPI-BR 5.2.2.2); `cpf` and `cnpj` only where they are asked for. */
function accountOf({ customerId, cpf, companies }: Customer): Account {
  return {
    accountId: customerId,
    claims: async () => ({ sub: customerId, cpf, ...(companies.length === 0 ? {} : { cnpj: companies.map(({ cnpj }) => cnpj) }) }),
  };
}
