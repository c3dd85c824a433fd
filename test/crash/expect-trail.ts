import { expect } from "chai";
import pino from "pino";
import { systemClock } from "../../src/kernel/clock.ts";
import { systemRandomness } from "../../src/kernel/identifiers.ts";
import { readRecord } from "../../src/policy/audit/audit-chain.ts";
import { createAuditSequencer } from "../../src/policy/audit/audit-sequencer.ts";
import { walkTrail, type Walk } from "../../src/policy/audit/read-trail.ts";
import { routeOfConsent } from "../../src/store/consent-records.ts";
import type { TppBooks } from "./tpp-books.ts";

/**
 * The trail verifies, and tells of every client and consent exactly the changes that were made, in their order.
 * @returns how many entries it holds
 */
export async function expectTrail(allBooks: readonly TppBooks[], trail: Pick<Walk, "store" | "beginning" | "sealKey">): Promise<number> {
  await createAuditSequencer({ ...trail, clock: systemClock, randomness: systemRandomness, log: pino({ level: "silent" }) }).drain();
  const found = new Map<string, string[]>();
  let entries = 0;
  const { verdict } = await walkTrail({
    ...trail,
    async onPage(texts) {
      entries += texts.length;
      texts.map(changeIn).forEach(({ id, action }) => found.set(id, [...(found.get(id) ?? []), action]));
    },
  });
  expect(verdict.fault).to.equal(undefined);
  for (const books of allBooks) {
    for (const [id, actions] of books.trail) {
      expect(found.get(id), id).to.deep.equal(actions);
      found.delete(id);
    }
    expectOnlyUnanswered(books, found);
  }
  const left = [...found].filter(([, actions]) => actions.some((action) => /^(client|token|consent)\./.test(action)));
  expect(left, "changes that nobody asked for").to.deep.equal([]);
  return entries;
}

/** Consents that were made although their request got no answer: not more than there were such requests. */
function expectOnlyUnanswered({ client, formerClients, unansweredConsents }: TppBooks, found: Map<string, string[]>): void {
  const route = [client, ...formerClients].find((one) => one !== undefined)?.clientId.slice(0, 16);
  const unknown = [...found].filter(([id]) => route !== undefined && routeOfConsent(id) === route);
  expect(unknown.filter(([, actions]) => actions.join() !== "consent.created")).to.deep.equal([]);
  expect(unknown.length, "consents that nobody was told of").to.be.at.most(unansweredConsents);
  unknown.forEach(([id]) => found.delete(id));
}

function changeIn(text: string): { id: string; action: string } {
  const reading = readRecord(text);
  if ("problem" in reading) {
    throw new Error(reading.problem);
  }
  const { subject, action } = reading.value.entry as { subject: { id: string }; action: string };
  return { id: subject.id, action };
}
