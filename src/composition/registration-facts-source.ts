import type { Clock } from "../kernel/clock.ts";
import { createRegistrationFacts, type RegistrationFactsSource, type RegistrationRules } from "../policy/registration/registration-facts.ts";
import type { ClientRecords } from "../store/client-records.ts";
import type { createDirectoryClient } from "./directory-client.ts";
import type { Trust } from "./trust.ts";

export interface FactsSourceNeeds {
  readonly clock: Clock;
  readonly rules: RegistrationRules;
  readonly trust: Pick<Trust, "brseal">;
  readonly directory: Pick<Awaited<ReturnType<typeof createDirectoryClient>>, "keystore" | "softwareKeys">;
  readonly clients: ClientRecords;
}

/** Where the facts of a registration come from: the same for the server and for the doctor. */
export function createFactsSource({ clock, rules, trust, directory, clients }: FactsSourceNeeds): RegistrationFactsSource {
  return createRegistrationFacts({
    rules,
    clock,
    keystore: directory.keystore,
    softwareKeys: directory.softwareKeys,
    clients,
    judgeSeal: ([leaf, ...sent]) => trust.brseal.judge(leaf && Buffer.from(leaf, "base64"), sent.map((der) => Buffer.from(der, "base64"))),
  });
}
