import { z } from "zod";
import { isSignedByPs256, readCompactJws } from "../kernel/compact-jws.ts";
import { jsonOf } from "../kernel/json-bytes.ts";
import { printable } from "../kernel/refusal.ts";
import type { DocumentFailure } from "./cached-documents.ts";
import type { Keystore } from "./keystore.ts";
import { softwareStatementClaims, softwareStatementOf, type SoftwareStatement } from "./software-statement.ts";

export type StatementFailure =
  | "absent"
  | "malformed"
  | "algorithm"
  | "key-unknown"
  | "signature"
  | "claims"
  | "directory-unreachable";

export type StatementReading =
  | {
      readonly verified: true;
      readonly statement: SoftwareStatement;
      /** All claims as they were signed, in wire spelling, the unknown ones too. */
      readonly raw: Readonly<Record<string, unknown>>;
    }
  | {
      readonly verified: false;
      readonly failure: StatementFailure;
      /** What came, as printable ASCII; never the statement itself. */
      readonly received: string;
      /** What was expected, as printable ASCII. */
      readonly detail: string;
      /** With `directory-unreachable`: what the keystore's last call brought. */
      readonly directory?: DocumentFailure;
    };

type Failed = Extract<StatementReading, { verified: false }>;
/** A judged header: the `kid` to look up, or what is wrong with it. */
type JudgedHeader = { readonly kid: string; readonly problem?: never } | { readonly kid?: never; readonly problem: Failed };

/** Real statements have some 5 KB. */
const largestStatement = 64 * 1024;
const expectedForm = "a compact JWS of at most 64 KB, as the directory issued it";
const compactJws = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** Keys that a header may bring along (jwk, jku, x5c, x5u) are not looked at: only the directory's count (DCR 8). */
const algorithmSchema = z.looseObject({ alg: z.unknown() });
const headerSchema = z.looseObject({
  alg: z.string(),
  kid: z.string().min(1).max(300),
  typ: z.string().optional(),
});

/**
 * Verifies a software statement (DCR 7.1-2) and reads its claims: the form first, then header, key and signature, and
 * only of a genuine one the claims. Says nothing about age, issuer, environment or status. Never rejects.
 * @param jwt the member `software_statement` as it came, of whatever type
 */
export async function readSoftwareStatement(jwt: unknown, keystore: Keystore): Promise<StatementReading> {
  if (jwt === undefined || jwt === null || jwt === "") {
    return failed("absent", "nothing", "a software statement in the member software_statement");
  }
  if (typeof jwt !== "string") return failed("malformed", "a JSON value that is no string", expectedForm);
  const form = formProblem(jwt);
  if (form !== undefined) return failed("malformed", form, expectedForm);
  const { kid, problem } = headerOf(jwt);
  if (problem) return problem;

  const lookup = await keystore.signingKey(kid);
  if (!lookup.found) {
    return lookup.why === "unknown"
      ? failed("key-unknown", `kid ${printable(kid)}`, "a kid of the directory's keystore")
      : { ...failed("directory-unreachable", lookup.failure.reason, "an answer of the keystore"), directory: lookup.failure };
  }
  const jws = readCompactJws(jwt);
  if (!jws || !isSignedByPs256(jws, lookup.key.publicKey)) {
    return failed("signature", `kid ${printable(kid)}`, "a PS256 signature by the directory's key of this kid");
  }
  return readClaims(jws.payload);
}

function formProblem(jwt: string): string | undefined {
  if (jwt.length > largestStatement) return `${jwt.length} characters`;
  const parts = compactJws.exec(jwt)?.slice(1);
  if (!parts) return `${jwt.split(".").length} parts, not all of them base64url`;
  return parts.every(isCanonicalBase64url) ? undefined : "base64url with stray bits";
}

/** Else one signature could be written in several ways. */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

function headerOf(jwt: string): JudgedHeader {
  const json = jsonOf(Buffer.from(jwt.slice(0, jwt.indexOf(".")), "base64url"));
  if (json === undefined) return { problem: failed("malformed", "a header that is not JSON", "a JOSE header") };
  const alg = algorithmSchema.safeParse(json);
  if (alg.success && alg.data.alg !== "PS256") {
    return { problem: failed("algorithm", `alg ${printable(alg.data.alg ?? "absent")}`, "alg PS256") };
  }
  const header = headerSchema.safeParse(json);
  if (!header.success) {
    return { problem: failed("malformed", problemsOf(header.error), "a JOSE header with alg and kid") };
  }
  const { kid, typ } = header.data;
  if (typ !== undefined && typ.toUpperCase() !== "JWT") {
    return { problem: failed("algorithm", `typ ${printable(typ)}`, "typ JWT or none") };
  }
  const extension = ["crit", "b64"].find((name) => Object.hasOwn(header.data, name));
  if (extension !== undefined) {
    return { problem: failed("algorithm", `a header with ${extension}`, "a header without extensions") };
  }
  return { kid };
}

function readClaims(payload: Uint8Array): StatementReading {
  const raw = jsonOf(payload);
  const claims = softwareStatementClaims.safeParse(raw);
  if (!claims.success) return failed("claims", problemsOf(claims.error), "the claims of DCR 8.1, each of its type");
  return { verified: true, statement: softwareStatementOf(claims.data), raw: claims.data };
}

/** Names the members and what was expected of them; zod's messages hold no received values. */
function problemsOf(error: z.ZodError): string {
  const problems = error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`);
  return printable(problems.slice(0, 5).join("; "));
}

function failed(failure: StatementFailure, received: string, detail: string): Failed {
  return { verified: false, failure, received, detail };
}
