import { createHash } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { chainOn, genesisHash, readCheckpoint, readRecord, sealCheckpoint } from "../../../src/policy/audit/audit-chain.ts";
import { createChainVerifier } from "../../../src/policy/audit/verify-chain.ts";
import { runs } from "../../support/property-runs.ts";
import { recordOf, sealKey } from "./audit-ground.ts";
import { checkpoint, entries, sealed, size, sound, texts } from "./small-trail.ts";

function verify(records: readonly string[], head = sealed, keys: { sealKey?: Uint8Array } = { sealKey }) {
  const verifier = createChainVerifier();
  records.forEach((text, index) => verifier.take(text, `line ${index + 1}`));
  return verifier.finish(head, keys.sealKey);
}

const kindOf = (records: readonly string[], head?: string) => verify(records, head).fault?.kind;
const without = (index: number) => texts.toSpliced(index, 1);

describe("the audit trail's chain", () => {
  it("verifies when it is whole", () => {
    expect(verify(texts)).to.deep.equal({ count: size, checkpoint });
  });

  it("gives hashes that jq and sha256sum give too: those of the record without its hash", () => {
    const { hash, ...rest } = sound[4]!.record;
    expect(createHash("sha256").update(JSON.stringify(rest)).digest("hex")).to.equal(hash);
  });

  it("takes any entry that JSON can say and gives the same text again", () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }), (some) => {
        // What JSON makes of it: the sequencer, too, reads entries from JSON.
        const given = JSON.parse(JSON.stringify(some)) as Record<string, unknown>[];
        for (const { text, record } of chainOn({ sequence: 3, hash: "ab".repeat(32) }, given)) {
          expect(JSON.stringify(recordOf(text))).to.equal(JSON.stringify(record));
        }
      }),
      runs(200),
    );
  });

  it("says which entry was altered, removed, reordered, inserted or replaced, and that the end was cut", () => {
    const altered = texts.with(4, texts[4]!.replace('"count":5', '"count":6'));
    expect(verify(altered).fault).to.deep.include({ kind: "altered", sequence: 5 });
    expect(verify(without(4)).fault).to.deep.include({ kind: "removed", sequence: 5, reason: "entry 5 is missing: line 5 holds entry 6" });
    expect(verify(texts.with(4, texts[5]!).with(5, texts[4]!)).fault).to.deep.include({ kind: "reordered", sequence: 5 });
    expect(verify(texts.toSpliced(7, 0, texts[4]!)).fault).to.deep.include({ kind: "inserted", sequence: 8 });
    const [forged] = chainOn(sound[3]!.record, [{ ...entries[4], action: "client.deleted" }]);
    expect(verify(texts.with(4, forged!.text)).fault).to.deep.include({ kind: "replaced", sequence: 6 });
    expect(verify(texts.slice(0, 9)).fault).to.deep.include({ kind: "cut", sequence: 10 });
    expect(verify([]).fault).to.deep.include({ kind: "cut", sequence: 1 });
  });

  it("finds a tail that was rewritten with sound hashes, by the head and its seal", () => {
    const rewritten = chainOn(sound[8]!.record, [{ action: "client.deleted" }, { action: "x" }, { action: "y" }]);
    const forged = [...texts.slice(0, 9), ...rewritten.map(({ text }) => text)];
    expect(verify(forged).fault).to.deep.include({ kind: "replaced", sequence: 12 });
    const last = rewritten.at(-1)!.record;
    const resealed = sealCheckpoint({ ...checkpoint, hash: last.hash }, Buffer.alloc(32, 1));
    expect(kindOf(forged, resealed)).to.equal("checkpoint");
    expect(verify(forged, resealed, {}).fault).to.equal(undefined);
  });

  it("finds a missing, foreign or set back checkpoint", () => {
    const verifier = createChainVerifier();
    texts.forEach((text) => verifier.take(text, "somewhere"));
    expect(verifier.finish(undefined, sealKey).fault?.kind).to.equal("checkpoint");
    expect(kindOf(texts, "{}")).to.equal("checkpoint");
    const earlier = sealCheckpoint({ ...checkpoint, sequence: 9, hash: sound[8]!.record.hash }, sealKey);
    expect(verify(texts, earlier).fault).to.deep.include({ kind: "inserted", sequence: 10 });
    expect(verify(texts.slice(0, 9), earlier).fault).to.equal(undefined);
  });

  it("finds a whole trail that was exchanged for an older or another one, by an export kept elsewhere", () => {
    const against = (records: readonly string[], head: string) => {
      const verifier = createChainVerifier({ known: checkpoint });
      records.forEach((text) => verifier.take(text, "somewhere"));
      return verifier.finish(head, sealKey).fault?.kind;
    };
    expect(against(texts, sealed)).to.equal(undefined);
    const older = sealCheckpoint({ ...checkpoint, sequence: 9, hash: sound[8]!.record.hash }, sealKey);
    expect(against(texts.slice(0, 9), older)).to.equal("cut");
    const other = chainOn({ sequence: 0, hash: genesisHash }, entries.toReversed());
    const otherHead = sealCheckpoint({ ...checkpoint, hash: other.at(-1)!.record.hash }, sealKey);
    expect(against(other.map(({ text }) => text), otherHead)).to.equal("replaced");
  });

  it("is never brought down by hostile text", () => {
    const deep = `{"sequence":1,"previous":"${genesisHash}","entry":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)},"hash":"${genesisHash}"}`;
    expect("problem" in readRecord(deep)).to.equal(true);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect("problem" in readRecord(text)).to.equal(true);
        expect("problem" in readCheckpoint(text, sealKey)).to.equal(true);
      }),
      runs(200),
    );
  });
});
