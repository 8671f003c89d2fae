/** The state of a folio or page for which tasks wait. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import { inFlightText } from "../block/inFlight.ts";
import { useOfMapping } from "../mm/pageUse.ts";
import { fuseDaemonsOf } from "./queues/fuse.ts";
import type { ResourceState } from "./resource.ts";

/**
 * Returns the state of a page or folio: its flags, the requests in flight of the device under its file, or the daemon of
 * its FUSE file system. @throws Fault if it cannot be read
 */
export function folioState(kernel: Kernel, address: bigint): ResourceState {
  const page = kernel.object("struct page", address);
  // A number; since v6.18 `memdesc_flags_t`, a struct around it.
  const flags = kernel.memory.word(page.at("flags").address);
  const fields = [{ type: "struct page", address, path: "flags", value: hex0x(flags) }];
  const mapping = page.at("mapping").value();
  if (mapping === 0n || useOfMapping(mapping) !== undefined) return { holders: [], fields };
  const inode = kernel.object("struct address_space", mapping).at("host").deref();
  const daemons = attempt(() => fuseDaemonsOf(inode));
  if (!(daemons instanceof Fault) && daemons.length > 0) return { holders: daemons, fields };
  const device = attempt(() => inode.at("i_sb.s_bdev").deref());
  if (device instanceof Fault || device.address === 0n) return { holders: [], fields };
  const note = attempt(() => inFlightText(device.at("bd_disk").deref()));
  return { holders: [], ...(typeof note === "string" ? { note } : {}), fields };
}
