import { BlockList, isIPv6 } from "node:net";

/** Whether a connection comes from one of the listed proxies. @param address as the socket or a header has it */
export type IsTrustedProxy = (address: string | undefined) => boolean;

/** @param ranges addresses or CIDR ranges, as the settings check them */
export function createTrustedProxies(ranges: readonly string[]): IsTrustedProxy {
  if (ranges.length === 0) {
    return () => false;
  }
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) {
      list.addAddress(address, family);
    } else {
      list.addSubnet(address, Number(bits), family);
    }
  }
  return (address) => {
    const plain = address === undefined ? "" : plainAddress(address);
    return plain !== "" && list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  };
}

/** An IPv4 address that a socket for both families writes as an IPv6 one is that IPv4 address. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
