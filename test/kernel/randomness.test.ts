import { expect } from "chai";
import { systemRandomness } from "../../src/kernel/identifiers.ts";

describe("the system's randomness, taken from a pool", () => {
  it("gives as many bytes as were asked for, of whatever length", () => {
    for (const length of [0, 1, 8, 32, 4_095, 4_096, 4_097, 70_000]) {
      expect(systemRandomness(length).length).to.equal(length);
    }
  });

  it("gives nothing twice, also where one pool ends and the next begins", () => {
    const seen = new Set<string>();
    for (let count = 0; count < 20_000; count += 1) seen.add(systemRandomness(8 + (count % 25)).toString("hex").slice(0, 16));
    expect(seen.size).to.equal(20_000);
  });

  it("gives bytes of their own: changing one gift changes no other, and no pool lies behind it", () => {
    const [one, other] = [systemRandomness(16), systemRandomness(16)];
    const before = other.toString("hex");
    one.fill(0);
    expect(other.toString("hex")).to.equal(before);
    // A small Buffer may lie in Node's shared slab, never in the pool.
    expect(new Uint8Array(one.buffer).length).to.not.equal(4_096);
  });

  it("has every bit set about half of the time", () => {
    const ones = Array.from({ length: 8 }, () => 0);
    for (const byte of systemRandomness(4_000)) ones.forEach((_, bit) => (ones[bit]! += (byte >> bit) & 1));
    for (const count of ones) expect(count).to.be.within(1_700, 2_300);
  });
});
