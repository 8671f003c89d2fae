/** Neighbour tables, such as the ARP cache. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { chain } from "../../kernel/chain.ts";
import { hlistEntries } from "../../kernel/list.ts";

/** Maximum binary logarithm of the number of buckets; net/core/neighbour.c grows the table with its entries. */
const MAX_SHIFT = 24;

/**
 * Yields the entries of a `struct neigh_table` such as `arp_tbl`, `struct neighbour`, bucket by bucket. @throws Fault
 * where a chain breaks
 */
export function* neighbours(table: Obj<"struct neigh_table">): Generator<Obj<"struct neighbour">> {
  const { kernel } = table;
  const hash = table.at("nht");
  const shift = hash.at("hash_shift").number();
  if (shift > MAX_SHIFT)
    throw Fault.at(
      "corrupt",
      hash.value(),
      `neighbour table of 2^${shift} buckets exceeds the limit of 2^${MAX_SHIFT}; hash_shift is probably damaged`,
    );
  // The buckets are hlists since Linux kernel commit f7f52738637f ("neighbour: Create netdev->neighbour association")
  // (in v6.13).
  const isList = hash.has("hash_heads");
  for (let i = 0; i < 2 ** shift; i++) {
    if (isList) yield* hlistEntries(kernel, hash.at("hash_heads").index(i), "struct neighbour", "hash");
    else yield* chain(hash.at("hash_buckets").index(i));
  }
}

/** include/uapi/linux/neighbour.h: NUD_* */
const NEIGHBOUR_STATES: readonly (readonly [bit: number, name: string])[] = [
  [0x01, "INCOMPLETE"],
  [0x02, "REACHABLE"],
  [0x04, "STALE"],
  [0x08, "DELAY"],
  [0x10, "PROBE"],
  [0x20, "FAILED"],
  [0x40, "NOARP"],
  [0x80, "PERMANENT"],
];

/** Returns the names of the state bits that are set. @throws Fault */
export function neighbourState(neighbour: Obj<"struct neighbour">): readonly string[] {
  const state = neighbour.at("nud_state").number();
  return NEIGHBOUR_STATES.filter(([bit]) => state & bit).map(([, name]) => name);
}

/** include/uapi/linux/if_arp.h: ARPHRD_* */
const HARDWARE: Readonly<Record<number, string>> = {
  0: "NETROM",
  1: "ETHER",
  2: "EETHER",
  3: "AX25",
  4: "PRONET",
  5: "CHAOS",
  6: "IEEE802",
  7: "ARCNET",
  8: "APPLETLK",
  15: "DLCI",
  23: "METRICOM",
  32: "INFINIBAND",
};

/**
 * Returns the hardware type of a `struct net_device`; undefined for the many types without address resolution. @throws
 * Fault
 */
export const hardwareType = (device: Obj<"struct net_device">): string | undefined =>
  HARDWARE[device.at("type").number()];

/** MAX_ADDR_LEN */
const MAX_ADDR_LEN = 32;

/** Returns the hardware address, with the length of the device's addresses. @throws Fault */
export function hardwareAddress(neighbour: Obj<"struct neighbour">): Uint8Array {
  const length = Math.min(neighbour.at("dev.addr_len").number(), MAX_ADDR_LEN);
  return neighbour.at("ha").bytes(length);
}
