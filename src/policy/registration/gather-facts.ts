import { failuresIn, runChecks } from "../check.ts";
import { publishedKeyChecks } from "./key-checks.ts";
import type { KnownOfRegistration, RegistrationFacts, RegistrationFactsSource } from "./registration-facts.ts";

/**
 * The facts behind the gates. Published keys that fail their checks may have been mended since our copy was made: they
 * are asked for once more, within the keystore's cool-down, before anybody is refused for them.
 */
export async function gatherFacts(source: RegistrationFactsSource, known: KnownOfRegistration): Promise<RegistrationFacts> {
  const facts = await source.registration(known);
  return failuresIn(runChecks(publishedKeyChecks, facts)).length === 0 ? facts : source.withRenewedKeys(facts);
}
