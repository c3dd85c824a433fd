import type { IncomingMessage } from "node:http";
import type { Context } from "koa";
import type { CertificateVerdict } from "../policy/trust/judge-certificate.ts";
import type { Verdicts } from "../policy/trust/certificate-verdicts.ts";
import type { PresentedCertificate, ReadClientCertificate } from "./client-certificate.ts";

export interface JudgedCertificate {
  readonly verdict: CertificateVerdict;
  /** Undefined when none came, or none that can be read. */
  readonly presented: PresentedCertificate | undefined;
}

export type JudgeClientCertificate = (request: IncomingMessage) => Promise<JudgedCertificate>;

/**
 * Judges the BRCAC of a request by the same rules on every endpoint. The verdict of a connection is remembered until
 * a revocation list changes or its validity ends, so that a warm connection pays next to nothing.
 */
export function createClientCertificateJudge(read: ReadClientCertificate, verdicts: Verdicts<CertificateVerdict>): JudgeClientCertificate {
  return async (request) => {
    const reading = read(request);
    if (reading === "absent") {
      return { verdict: await verdicts.judge(undefined), presented: undefined };
    }
    if (reading === "unreadable") {
      return { verdict: unreadable, presented: undefined };
    }
    const verdict = verdicts.remembered(reading.leaf) ?? (await (reading.ofConnection ? verdicts.judge(reading.leaf) : verdicts.judge(reading.leaf, reading.sent)));
    return { verdict, presented: reading };
  };
}

/** Lays the certificate where the engine finds it, which binds tokens to it. */
export function showCertificateToEngine(ctx: Context, { presented }: JudgedCertificate): void {
  ctx.state["clientCertificate"] = presented;
}

const unreadable: CertificateVerdict = {
  ok: false,
  refusals: [{ code: "certificate.unreadable", expected: "an X.509 certificate", received: "something else" }],
};
