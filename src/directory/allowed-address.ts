import ipaddr from "ipaddr.js";

/** Ranges that a bank's own network or a developer's machine uses; opened only by a setting. */
const privateRanges = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/**
 * Whether the guarded client may connect to this IP address (textual IPv4 or IPv6, without brackets).
 * Public unicast addresses always; private ones only when settings say so; never link-local (where clouds keep their
 * metadata services), multicast, reserved, or IPv6 forms that hide another IPv4 address (6to4, Teredo, NAT64).
 * An IPv4-mapped IPv6 address is judged as the IPv4 address that it is.
 */
export function isAllowedAddress(address: string, allowPrivateAddresses: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  const range = ipaddr.process(address).range();
  return range === "unicast" || (allowPrivateAddresses && privateRanges.has(range));
}
