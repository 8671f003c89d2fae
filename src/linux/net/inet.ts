/** Internet addresses and ports. */
import type { Obj } from "../../model/object.ts";

/** Formats an IPv4 address (`__be32`): "127.0.0.1". @throws Fault */
export const ipv4Text = (address: Obj<"__be32">): string => address.bytes(4).join(".");

/** Returns the eight groups of a `struct in6_addr`, without leading zeros. @throws Fault */
export function ipv6Groups(address: Obj<"struct in6_addr">): readonly string[] {
  const bytes = address.bytes(16);
  return Array.from({ length: 8 }, (_, i) => (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16));
}

/**
 * Formats an IPv6 address: "fe80::5054:ff:fe12:3456". The first of the longest runs of two or more zero groups is
 * replaced by "::" (RFC 5952). @throws Fault
 */
export const ipv6Text = (address: Obj<"struct in6_addr">): string => shortenedGroups(ipv6Groups(address));

/** Formats the eight groups of an IPv6 address as `ipv6Text` does. */
export function shortenedGroups(groups: readonly string[]): string {
  let [start, length] = [0, 1];
  for (let i = 0; i < groups.length; i++) {
    const end = groups.findIndex((group, at) => at >= i && group !== "0");
    const run = (end < 0 ? groups.length : end) - i;
    if (run > length) [start, length] = [i, run];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** Returns a port from network byte order (`__be16`). @throws Fault */
export function portNumber(port: Obj<"__be16">): number {
  const [high = 0, low = 0] = port.bytes(2);
  return (high << 8) | low;
}
