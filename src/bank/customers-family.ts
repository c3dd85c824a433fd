import { ApiRefusal, type ApiFamily, type CodeAndStatus } from "./api-family.ts";

/** The codes of the customers API and their statuses. */
const statuses = {
  UXU_10006: 400,
  UXU_10007: 400,
  UXU_10012: 400,
  UXU_10014: 400,
  UXU_88888: 404,
  UXU_99999: 400,
} as const;

export type CustomersCode = keyof typeof statuses;

/** A refusal of the customers API; the message says what was expected, what came and how to mend it. */
export function customersRefusal(code: CustomersCode, message: string): ApiRefusal {
  return new ApiRefusal({ code, status: statuses[code], message });
}

const badToken: CodeAndStatus = { code: "UXU_10001", status: 401 };

/** The customers API: `{ status, message, code }`. */
export const customersFamily: ApiFamily = {
  name: "customers",
  serves: (path) => /^(\/digitalbanking\/ux-users|\/v1\/customers)(\/|$)/i.test(path),
  envelope: ({ status, message, code }) => ({ status, message, code }),
  guardCodes: {
    "token-in-query": { code: "UXU_10014", status: 400 },
    "authorization-missing": { code: "UXU_10005", status: 401 },
    "authorization-malformed": { code: "UXU_10009", status: 401 },
    "token-inactive": badToken,
    "token-expired": { code: "UXU_10003", status: 401 },
    "certificate-missing": badToken,
    "token-unbound": badToken,
    "certificate-mismatch": badToken,
    "scope-missing": { code: "UXU_10002", status: 403 },
    "introspection-unavailable": { code: "UXU_30001", status: 503 },
  },
  notFound: { code: "UXU_10013", status: 404 },
  methodNotAllowed: { code: "UXU_99999", status: 405 },
  unexpected: { code: "UXU_99998", status: 500 },
};
