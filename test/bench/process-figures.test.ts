import { expect } from "chai";
import {
  anonymousBytes,
  anonymousBytesIn,
  cpuMicroseconds,
  cpuMicrosecondsIn,
} from "../../scripts/bench/process-figures.ts";

describe("bench: what the kernel says of a process", () => {
  it("adds user and system time, whatever the command is called", () => {
    const stat = "4242 (node (v26) x) S 1 4242 4242 0 -1 4194304 5000 0 3 0 150 50 7 7 20 0 11 0 1000 1 1";
    expect(cpuMicrosecondsIn(stat)).to.equal(2_000_000);
  });

  it("refuses what is no stat line", () => {
    expect(() => cpuMicrosecondsIn("")).to.throw(/utime and stime/);
  });

  it("reads anonymous memory in bytes", () => {
    expect(anonymousBytesIn("VmRSS:\t  90000 kB\nRssAnon:\t   51200 kB\nRssFile:\t 1 kB\n")).to.equal(52_428_800);
    expect(() => anonymousBytesIn("VmRSS:\t 1 kB\n")).to.throw(/RssAnon/);
  });

  it("reads this very process", () => {
    expect(cpuMicroseconds([process.pid, process.pid])).to.be.greaterThan(0);
    expect(anonymousBytes(process.pid)).to.be.greaterThan(1e6);
  });
});
