import { printable, type Refusal } from "../../kernel/refusal.ts";
import type { DocumentFailure } from "../../directory/cached-documents.ts";
import { isEncryptionKey, isSigningKey, type KeySet } from "../../directory/jwks.ts";
import type { Check } from "../check.ts";
import { sameDirectoryId } from "../../certs/brcac.ts";
import type { Brseal } from "../../certs/brseal.ts";
import type { RegistrationFacts, SealFact } from "./registration-facts.ts";
import { hasControlCharacters } from "./registration-request.ts";

/** What a body may say of keys: they come from the directory's keystore and nowhere else (DCR 7.1-4, 7.1-5). */
export const keyMemberChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "keys-are-not-given-by-value",
    clause: "DCR 7.1-4",
    judge: ({ body }) =>
      body.request.jwks === undefined ? undefined : { code: "jwks.by-value", expected: "no member jwks", received: "jwks" },
  },
  {
    name: "jwks-uri-is-that-of-the-statement",
    clause: "DCR 7.1-5",
    judge: ({ body, statement }) =>
      body.request.jwks_uri === undefined || body.request.jwks_uri === statement.jwksUri
        ? undefined
        : { code: "jwks-uri.differs", expected: printable(statement.jwksUri), received: printable(body.request.jwks_uri) },
  },
];

/** What the directory publishes for the statement's software (DCR 9.4; D8). */
export const publishedKeyChecks: readonly Check<RegistrationFacts>[] = [
  {
    name: "jwks-uri-lies-in-the-keystore",
    clause: "DCR 9.4",
    judge: ({ statement, rules }) =>
      liesUnder(statement.jwksUri, rules.keystoreUrl)
        ? undefined
        : { code: "jwks.not-in-keystore", expected: `an address under ${rules.keystoreUrl}`, received: printable(statement.jwksUri) },
  },
  { name: "keys-are-published", clause: "DCR 9.4", judge: published },
  {
    name: "every-published-key-is-usable",
    clause: "DCR 9.4",
    onlyWarns: true,
    judge: ({ keys }) => (keys.available && hasNeededKeys(keys.value) ? unusable(keys.value, "jwks.key-left-out") : undefined),
  },
  {
    name: "signing-key-is-published",
    clause: "DCR 9.4",
    judge: ({ keys }) =>
      !keys.available || hasSigningKey(keys.value)
        ? undefined
        : { code: "jwks.signing-key-missing", expected: "an RSA key with use sig", received: kidsOf(keys.value.byKid) },
  },
  {
    name: "encryption-key-is-published",
    clause: "FAPI-BR 5.2.2.1-4, D8",
    judge: ({ keys }) =>
      !keys.available || hasEncryptionKey(keys.value)
        ? undefined
        : { code: "jwks.encryption-key-missing", expected: "an RSA key with use enc", received: kidsOf(keys.value.byKid) },
  },
  { name: "signing-key-is-backed-by-a-brseal", clause: "CS 109", judge: sealed },
];

function liesUnder(address: string, base: string): boolean {
  if (hasControlCharacters(address) || !URL.canParse(address)) {
    return false;
  }
  const keystore = new URL(base.replace(/\/?$/, "/"));
  const { origin, pathname } = new URL(address);
  return origin === keystore.origin && pathname.startsWith(keystore.pathname);
}

function published({ keys, statement, rules }: RegistrationFacts): Refusal | readonly Refusal[] | undefined {
  if (keys.available) {
    return hasNeededKeys(keys.value) ? undefined : unusable(keys.value, "jwks.invalid");
  }
  if (!liesUnder(statement.jwksUri, rules.keystoreUrl)) {
    // Nobody was asked, as another check says.
    return undefined;
  }
  return {
    code: hasAnswered(keys.failure) ? "jwks.invalid" : "directory.unreachable",
    expected: "a JWKS from the keystore",
    received: printable(`${keys.failure.reason}: ${keys.failure.detail}`),
  };
}

/** A broken key does not spoil its JWKS: what is left out refuses nobody who has the keys that are needed. */
function hasNeededKeys(keys: KeySet): boolean {
  return hasSigningKey(keys) && hasEncryptionKey(keys);
}

function hasSigningKey({ byKid }: KeySet): boolean {
  return [...byKid.values()].some(isSigningKey);
}

function hasEncryptionKey({ byKid }: KeySet): boolean {
  return [...byKid.values()].some(isEncryptionKey);
}

function unusable({ rejected }: KeySet, code: "jwks.invalid" | "jwks.key-left-out"): readonly Refusal[] {
  return rejected.map(({ kid, reason }) => ({
    code,
    expected: "RSA public keys of 2048 bits or more with distinct kids",
    received: `key ${printable(kid ?? "without kid")}: ${reason}`,
  }));
}

/** The keystore is there, and what it says of this software is no JWKS; a 4xx is how it says that there is none. */
function hasAnswered({ reason, status = 0 }: DocumentFailure): boolean {
  return ["redirect", "size", "encoding", "unreadable"].includes(reason) || (status >= 400 && status < 500 && status !== 429);
}

/** At least one signing key must stand on an accepted BRSEAL of the statement's organisation. */
function sealed(facts: RegistrationFacts): readonly Refusal[] | undefined {
  const findings = facts.seals.map((seal) => sealProblem(seal, facts));
  if (facts.seals.length === 0 || findings.some((problems) => problems.length === 0)) {
    return undefined;
  }
  return findings.flat();
}

function sealProblem({ kid, verdict }: SealFact, { statement }: RegistrationFacts): Refusal[] {
  if (verdict === undefined) {
    return [{ code: "brseal.not-accepted", expected: `a certificate (x5c) with key ${printable(kid)}`, received: "none" }];
  }
  if (!verdict.ok) {
    return verdict.refusals.map((refusal) => ({
      code: "brseal.not-accepted",
      expected: `${printable(kid)}: ${refusal.expected}`,
      received: `${refusal.code}: ${refusal.received}`,
    }));
  }
  const problem = sealOfOther(verdict.brseal, statement.organisation.id);
  return problem === undefined ? [] : [problem];
}

/** A BRSEAL is that of the organisation (CS 110), or the refusal that says whose it is. */
export function sealOfOther(brseal: Brseal, organisationId: string): Refusal | undefined {
  return sameDirectoryId(brseal.organisationId, organisationId)
    ? undefined
    : {
        code: "brseal.other-organisation",
        expected: `organisation ${printable(organisationId)}`,
        received: `organisation ${printable(brseal.organisationId)}`,
      };
}

function kidsOf(keys: ReadonlyMap<string, { kid: string; use: string | undefined }>): string {
  const list = [...keys.values()].map(({ kid, use }) => `${kid} (${use ?? "no use"})`);
  return printable(list.join(", ") || "no keys");
}
