import { expect } from "chai";
import * as fc from "fast-check";
import { median, percentile } from "../../scripts/bench/statistics.ts";

const numRuns = Number(process.env["PROPERTY_TEST_RUNS"] ?? 100);

describe("bench: medians and percentiles", () => {
  it("takes the middle value, and the mean of the two middle ones of an even number", () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([7])).to.equal(7);
  });

  it("has no median of nothing", () => {
    expect(median([])).to.be.NaN;
    expect(percentile([], 0.5)).to.be.NaN;
  });

  it("takes percentiles by nearest rank", () => {
    const oneToHundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(oneToHundred, 0.5)).to.equal(50);
    expect(percentile(oneToHundred, 0.99)).to.equal(99);
    expect(percentile(oneToHundred, 1)).to.equal(100);
    expect(percentile([3], 0.01)).to.equal(3);
  });

  it("finds for any values one of them that the asked share does not exceed", () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.001, max: 1, noNaN: true }), (list, share) => {
        const sorted = Float64Array.from(list).sort();
        const found = percentile(sorted, share);
        const notExceeding = sorted.filter((value) => value <= found).length;
        expect(list).to.include(found);
        expect(notExceeding).to.be.at.least(share * sorted.length);
      }),
      { numRuns },
    );
  });
});
