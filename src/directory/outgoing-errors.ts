/** Why a call was not made at all. The words are stable: logs, metrics and tests rely on them. */
export type RefusedReason = "url-malformed" | "url-credentials" | "scheme" | "host-not-allowed" | "address-not-allowed";

/** Why a call that was made brought no usable answer. The words are stable. */
export type FailedReason = "timeout" | "network" | "tls" | "redirect" | "status" | "size" | "encoding";

/** The guard's policy forbids this call: nothing was sent. The message names the host at most, never a secret. */
export class OutgoingRefused extends Error {
  override readonly name = "OutgoingRefused";
  readonly reason: RefusedReason;

  constructor(reason: RefusedReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The call was allowed and made, and no usable answer came back. The message never holds a secret or a body. */
export class OutgoingFailed extends Error {
  override readonly name = "OutgoingFailed";
  readonly reason: FailedReason;
  /** The HTTP status, where one came that is not 2xx. */
  readonly status: number | undefined;

  constructor(reason: FailedReason, message: string, status?: number) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}
