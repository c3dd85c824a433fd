import type { Context } from "koa";
import type { CertificateVerdict } from "../policy/trust/judge-certificate.ts";
import type { Verdicts } from "../policy/trust/certificate-verdicts.ts";
import type { PresentedCertificate, ReadClientCertificate } from "./client-certificate.ts";

export interface JudgedCertificate {
  readonly verdict: CertificateVerdict;
  /** Undefined when none came, or none that can be read. */
  readonly presented: PresentedCertificate | undefined;
}

export type JudgeClientCertificate = (ctx: Context) => Promise<JudgedCertificate>;

/**
 * Judges the BRCAC of a request by the same rules on every endpoint. The verdict of a connection is remembered until
 * a revocation list changes or its validity ends, so that a warm connection pays next to nothing.
 */
export function createClientCertificateJudge(read: ReadClientCertificate, verdicts: Verdicts<CertificateVerdict>): JudgeClientCertificate {
  return async (ctx) => {
    const reading = read(ctx.req);
    if (reading === "absent") {
      return { verdict: await verdicts.judge(undefined), presented: undefined };
    }
    if (reading === "unreadable") {
      return { verdict: unreadable, presented: undefined };
    }
    ctx.state["clientCertificate"] = reading;
    const verdict = verdicts.remembered(reading.leaf) ?? (await (reading.ofConnection ? verdicts.judge(reading.leaf) : verdicts.judge(reading.leaf, reading.sent)));
    return { verdict, presented: reading };
  };
}

const unreadable: CertificateVerdict = {
  ok: false,
  refusals: [{ code: "certificate.unreadable", expected: "an X.509 certificate", received: "something else" }],
};
