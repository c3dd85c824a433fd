import { expect } from "chai";
import * as fc from "fast-check";
import { numberOfRoute } from "../../src/kernel/identifiers.ts";
import { runs } from "../support/property-runs.ts";

describe("the number of a route", () => {
  it("is the 32 bits that its first 8 digits spell", () => {
    fc.assert(
      fc.property(fc.integer(), fc.stringMatching(/^[0-9a-f]{24}$/), (number, rest) => {
        expect(numberOfRoute((number >>> 0).toString(16).padStart(8, "0") + rest)).to.equal(number);
      }),
      runs(),
    );
  });

  it("is a whole number for any other text, too", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(numberOfRoute(text)).to.equal(numberOfRoute(text) | 0);
      }),
      runs(),
    );
  });
});
