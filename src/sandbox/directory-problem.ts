/** Something was asked of the directory that it cannot do; the message says what would do. */
export class DirectoryProblem extends Error {
  override readonly name = "DirectoryProblem";
  readonly status: 400 | 401 | 403 | 404;
  /** OAuth error code, or a short code of the directory's own. */
  readonly code: string;

  constructor(status: 400 | 401 | 403 | 404, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What to say when the directory does not know an id. */
export function unknown(what: "organisation" | "software", id: string): DirectoryProblem {
  return new DirectoryProblem(404, `unknown_${what}`, `The sandbox directory knows no ${what} ${id}`);
}
