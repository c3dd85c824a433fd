import { ApiRefusal, type ApiFamily, type CodeAndStatus } from "./api-family.ts";

/** The codes of the accounts API and their statuses. */
const statuses = {
  ACC_00012: 404,
  ACC_00015: 400,
  ACC_00021: 400,
  ACC_00101: 404,
  ACC_00410: 400,
  ACC_99988: 415,
  ACC_99989: 400,
  ACC_99991: 400,
  ACC_99992: 400,
  ACC_99994: 400,
  ACC_99995: 400,
  ACC_99997: 400,
  ACC_99998: 400,
} as const;

export type AccountsCode = keyof typeof statuses;

/** A refusal of the accounts API; the message says what was expected, what came and how to mend it. */
export function accountsRefusal(code: AccountsCode, message: string): ApiRefusal {
  return new ApiRefusal({ code, status: statuses[code], message });
}

const badToken: CodeAndStatus = { code: "ACC_00601", status: 401 };

/** The accounts API: `{ code, message }`. */
export const accountsFamily: ApiFamily = {
  name: "accounts",
  serves: (path) => /^(\/digitalbanking\/db-accounts|\/db-accounts|\/v1\/accounts)(\/|$)/i.test(path),
  envelope: ({ code, message }) => ({ code, message }),
  guardCodes: {
    // A parameter that the contract does not know, and the status that RFC 6750 gives it.
    "token-in-query": { code: "ACC_99994", status: 400 },
    "authorization-missing": badToken,
    "authorization-malformed": badToken,
    "token-inactive": badToken,
    "token-expired": badToken,
    "certificate-missing": badToken,
    "token-unbound": badToken,
    "certificate-mismatch": badToken,
    "scope-missing": { code: "ACC_00602", status: 403 },
    "introspection-unavailable": { code: "ACC_99996", status: 503 },
  },
  notFound: { code: "ACC_99990", status: 404 },
  methodNotAllowed: { code: "ACC_99990", status: 405 },
  unexpected: { code: "ACC_99999", status: 500 },
};
