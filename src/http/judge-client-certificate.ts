import type { IncomingMessage } from "node:http";
import type { Context } from "koa";
import type { CertificateVerdict } from "../policy/trust/judge-certificate.ts";
import type { Verdicts } from "../policy/trust/certificate-verdicts.ts";
import type { CallerAddress } from "./caller-address.ts";
import type { PresentedCertificate, ReadClientCertificate } from "./client-certificate.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface JudgedCertificate {
  readonly verdict: CertificateVerdict;
  /** Undefined when none came, or none that can be read. */
  readonly presented: PresentedCertificate | undefined;
}

export type JudgeClientCertificate = (request: IncomingMessage) => Promise<JudgedCertificate>;

export interface ClientCertificateJudgeNeeds {
  readonly read: ReadClientCertificate;
  readonly verdicts: Verdicts<CertificateVerdict>;
  readonly callerAddress: CallerAddress;
  /** How many certificates of one address may be refused a minute before further ones are not looked at. */
  readonly refusals: RateLimit;
}

/**
 * Judges the BRCAC of a request by the same rules on every endpoint. The verdict of a connection is remembered until
 * a revocation list changes or its validity ends, so that a warm connection pays next to nothing. Judging costs
 * milliseconds and anybody can make new certificates for it: who sends ever new bad ones has to wait. Nobody waits with a
 * certificate that has been judged already, nor behind a proxy that does not tell whom it speaks for.
 */
export function createClientCertificateJudge({ read, verdicts, callerAddress, refusals }: ClientCertificateJudgeNeeds): JudgeClientCertificate {
  return async (request) => {
    const reading = read(request);
    if (reading === "absent") {
      return { verdict: await verdicts.judge(undefined), presented: undefined };
    }
    if (reading === "unreadable") {
      return { verdict: unreadable, presented: undefined };
    }
    const sent = reading.ofConnection ? undefined : reading.sent;
    const known = verdicts.remembered(reading.leaf, sent);
    if (known) {
      return { verdict: known, presented: reading };
    }
    const address = callerAddress(request);
    if (address !== undefined && refusals.wait(address) > 0) {
      return { verdict: tooManyRefused, presented: reading };
    }
    const verdict = await verdicts.judge(reading.leaf, sent);
    if (!verdict.ok && address !== undefined) {
      refusals.take(address);
    }
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

const tooManyRefused: CertificateVerdict = {
  ok: false,
  refusals: [{ code: "rate-limit.exceeded", expected: "fewer refused certificates a minute from this address", received: "too many" }],
};
