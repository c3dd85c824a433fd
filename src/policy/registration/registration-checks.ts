import { keyMemberChecks, publishedKeyChecks } from "./key-checks.ts";
import { bodyChecks, duplicateChecks, metadataChecks, overruledChecks, recoverChecks, updateBodyChecks } from "./metadata-checks.ts";
import { bindingChecks, sameClientChecks, stateChecks, statementChecks } from "./statement-checks.ts";
import type { Check } from "../check.ts";
import type { RegistrationFacts } from "./registration-facts.ts";

/**
 * What stands behind the gates, in the order in which it is judged: the first failure gives the answer its `error`.
 * Certificate, registration access token and statement signature come before, each a gate of its own.
 */
export const registrationChecks = {
  register: [
    ...statementChecks,
    ...stateChecks,
    ...bindingChecks,
    ...bodyChecks,
    ...keyMemberChecks,
    ...publishedKeyChecks,
    ...metadataChecks,
    ...duplicateChecks,
    ...overruledChecks,
  ],
  update: [
    ...statementChecks,
    ...sameClientChecks,
    ...stateChecks,
    ...bindingChecks,
    ...bodyChecks,
    ...updateBodyChecks,
    ...keyMemberChecks,
    ...publishedKeyChecks,
    ...metadataChecks,
    ...overruledChecks,
  ],
  recover: [...statementChecks, ...stateChecks, ...bindingChecks, ...recoverChecks, ...sameClientChecks],
} as const satisfies Record<string, readonly Check<RegistrationFacts>[]>;

export type StatementOperation = keyof typeof registrationChecks;

/** Of the checks of a registration those that look at certificate, statement and directory, and not at the body. */
export const checksWithoutBody: readonly Check<RegistrationFacts>[] = [
  ...statementChecks,
  ...stateChecks,
  ...bindingChecks,
  ...publishedKeyChecks,
  ...duplicateChecks,
];
