import { expect } from "chai";
import { createBatteredBank } from "./battered-bank.ts";
import { crashTest } from "./crash-test.ts";

crashTest("redis");

describe("a server whose Redis is gone", () => {
  it("stops when it is asked to", async () => {
    const bank = await createBatteredBank("redis");
    try {
      await bank.recover();
      await bank.strike("redis");
      expect(await bank.stopServer()).to.equal(0);
    } finally {
      await bank.stop();
    }
  });
});
