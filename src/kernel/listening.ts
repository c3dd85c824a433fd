import type { Server } from "node:net";

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where a person gives host and port, for the sentence that says how to mend a failure. */
  readonly givenBy?: string;
}

/** A port that a server could not have, in one sentence; `code` is the system's. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  readonly code: string | undefined;

  constructor({ host, port, givenBy }: ListenAddress, cause: NodeJS.ErrnoException) {
    const mend = givenBy === undefined ? "" : `, or give another with ${givenBy}`;
    super(`cannot listen on port ${port} of ${host}: ${reasonOf(cause)}${mend}`, { cause });
    this.code = cause.code;
  }
}

/** Resolves when the server listens. @throws CannotListen */
export function listening(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: a later error is about one connection that could not be accepted, and would end the process unheard.
    server.on("error", (error: NodeJS.ErrnoException) => reject(new CannotListen(address, error)));
    server.listen(address.port, address.host, () => resolve());
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EADDRINUSE":
      return "another process has it; end that process";
    case "EACCES":
      return "this user may not have it; run as one who may";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "this machine has no such address; give it one";
    default:
      return code ?? message;
  }
}
