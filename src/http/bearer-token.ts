import type { IncomingMessage } from "node:http";

/** The token of the header `Authorization: Bearer` (RFC 6750 section 2.1); undefined when the request brings none, or one that is longer than any of ours. */
export function bearerToken({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(headers.authorization ?? "")?.[1];
}
