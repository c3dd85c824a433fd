import ipaddr from "ipaddr.js";

/**
 * The network that a limit counts an address under. What one caller can change at will counts as one: an IPv6 subscriber
 * has at least a /64. What is no address comes back as it is.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const read = ipaddr.process(address);
  if (read.kind() === "ipv4") return read.toString();
  return read.toNormalizedString().split(":").slice(0, 4).join(":");
}
