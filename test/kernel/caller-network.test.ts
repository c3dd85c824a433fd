import { expect } from "chai";
import { networkOf } from "../../src/kernel/caller-network.ts";

describe("the network that a limit counts an address under", () => {
  const cases: readonly [story: string, address: string, network: string][] = [
    ["an IPv4 address counts alone", "203.0.113.7", "203.0.113.7"],
    ["an IPv4 address in IPv6 clothes is the same", "::ffff:203.0.113.7", "203.0.113.7"],
    ["an IPv6 address counts with its /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["whichever way it is written", "2001:0DB8:0001:0002::6", "2001:db8:1:2"],
    ["and apart from the next /64", "2001:db8:1:3::6", "2001:db8:1:3"],
    ["what is no address comes back as it is", "a-certificate-thumbprint", "a-certificate-thumbprint"],
  ];
  for (const [story, address, network] of cases) {
    it(story, () => expect(networkOf(address)).to.equal(network));
  }
});
