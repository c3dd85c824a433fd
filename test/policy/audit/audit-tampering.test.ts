import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { noticeTag } from "../../../src/policy/audit/audit-log.ts";
import { verifyTrailFile } from "../../../src/policy/audit/trail-file.ts";
import { runs } from "../../support/property-runs.ts";
import { openGround, sealKey, upTo, type Ground } from "./audit-ground.ts";
import { checkpoint, sealed, size, texts } from "./small-trail.ts";

type Tampering = "alter" | "remove" | "swap" | "copy" | "cut";

/** Where and how somebody tampers; positions are taken modulo what there is. */
const tampering = fc.record({
  how: fc.constantFrom<Tampering>("alter", "remove", "swap", "copy", "cut"),
  one: fc.nat({ max: size - 1 }),
  other: fc.nat({ max: size - 2 }),
  byte: fc.nat(),
  to: fc.nat({ max: 254 }),
});

describe("tampering with the audit trail is found", () => {
  const byteAltered = (bytes: Buffer, byte: number, to: number): Buffer => {
    const at = byte % bytes.length;
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at]! + 1 + to) % 256;
    return copy;
  };
  const different = (one: number, other: number) => (other >= one ? other + 1 : other);

  describe("in an export", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "porteiro-trail-"))));
    after(() => rmSync(folder, { recursive: true }));
    const verdictOf = async (bytes: Buffer | string, key: Uint8Array | undefined) => {
      const file = join(folder, "trail.jsonl");
      writeFileSync(file, bytes);
      return verifyTrailFile(file, key);
    };
    const whole = Buffer.from([...texts, sealed, ""].join("\n"));
    const recordBytes = Buffer.byteLength(texts.join("\n"));

    it("and a whole one verifies by itself, with and without its last line end", async () => {
      expect(await verdictOf(whole, undefined)).to.deep.equal({ count: size, checkpoint });
      expect(await verdictOf(whole.subarray(0, -1), sealKey)).to.deep.equal({ count: size, checkpoint });
    });

    it("whichever byte is altered: of a record without the key, of the checkpoint with it", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 254 }), async (at, to) => {
          const changed = byteAltered(whole, at, to);
          expect((await verdictOf(changed, at < recordBytes ? undefined : sealKey)).fault).not.to.equal(undefined);
        }),
        runs(200),
      );
    });

    it("wherever it is cut off", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: whole.length - 2 }), async (length) => {
          expect((await verdictOf(whole.subarray(0, length), undefined)).fault).not.to.equal(undefined);
        }),
        runs(200),
      );
    });

    it("whichever lines are exchanged, removed, swapped, repeated or cut off", async () => {
      const lines = [...texts, sealed];
      await fc.assert(
        fc.asyncProperty(tampering, async ({ how, one, other: raw }) => {
          const other = different(one, raw);
          const changed: Record<Tampering, string[]> = {
            alter: lines.with(one, lines[other]!),
            remove: lines.toSpliced(one, 1),
            swap: lines.with(one, lines[other]!).with(other, lines[one]!),
            copy: lines.toSpliced(one, 0, lines[other]!),
            cut: lines.slice(0, one),
          };
          expect((await verdictOf(`${changed[how].join("\n")}\n`, undefined)).fault).not.to.equal(undefined);
        }),
        runs(200),
      );
    });

    it("when it is not text, endless or empty", async () => {
      expect((await verdictOf(Buffer.alloc(3 << 20, 65), undefined)).fault?.kind).to.be.oneOf(["altered", "checkpoint"]);
      expect((await verdictOf(Buffer.from([0xff, 0xfe, 10, 0xff]), undefined)).fault?.kind).to.equal("altered");
      expect((await verdictOf("", undefined)).fault?.kind).to.equal("checkpoint");
    });
  });

  describe("in the store", () => {
    let ground: Ground;
    before(async () => {
      ground = openGround();
      await ground.changes("client:a", upTo(size));
      await ground.newSequencer().drain();
    });
    after(() => ground.close());

    it("whatever is altered, removed, swapped, inserted or cut; and undone, all is well", async () => {
      const stored = await ground.store.scan(noticeTag, "entry/", { limit: 1000 });
      const head = (await ground.store.get({ tag: noticeTag, name: "head" }))!;
      const ordered = (name: string, value: string) => ({ name, value, ordered: true });

      const tamper = async ({ how, one, other: raw, byte, to }: { how: Tampering; one: number; other: number; byte: number; to: number }) => {
        const [first, second] = [stored[one]!, stored[different(one, raw)]!];
        const put: Record<Tampering, () => Promise<unknown>> = {
          alter: () => {
            const text = byteAltered(Buffer.from(first.value), byte, to).toString("utf8");
            return ground.store.put(noticeTag, ordered(first.name, text));
          },
          remove: () => ground.store.remove({ tag: noticeTag, name: first.name }),
          swap: () => ground.store.batch({ tag: noticeTag, put: [ordered(first.name, second.value), ordered(second.name, first.value)] }),
          copy: () => ground.store.put(noticeTag, ordered(`${first.name}x`, second.value)),
          cut: () => ground.store.batch({ tag: noticeTag, remove: stored.slice(one).map(({ name }) => name) }),
        };
        await put[how]();
      };
      const heal = () =>
        ground.store.batch({
          tag: noticeTag,
          put: [...stored.map(({ name, value }) => ordered(name, value)), { name: "head", value: head }],
          remove: stored.map(({ name }) => `${name}x`),
        });

      await fc.assert(
        fc.asyncProperty(tampering, async (how) => {
          await tamper(how);
          expect((await ground.verify()).fault).not.to.equal(undefined);
          await heal();
          expect((await ground.verify()).fault).to.equal(undefined);
        }),
        runs(60),
      );
    });

    it("when the head is altered in any byte, or removed", async () => {
      const head = (await ground.store.get({ tag: noticeTag, name: "head" }))!;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat({ max: 254 }), async (byte, to) => {
          const value = byteAltered(Buffer.from(head), byte, to).toString("utf8");
          await ground.store.put(noticeTag, { name: "head", value });
          expect((await ground.verify()).fault?.kind).to.equal("checkpoint");
        }),
        runs(60),
      );
      await ground.store.remove({ tag: noticeTag, name: "head" });
      expect((await ground.verify()).fault?.kind).to.equal("checkpoint");
      await ground.store.put(noticeTag, { name: "head", value: head });
    });
  });
});
