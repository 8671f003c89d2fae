/** What has to happen to a folio or page for which tasks wait. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { requestsInFlight } from "../block/blkMq.ts";
import { fuseDaemonsOf } from "./queues/fuse.ts";
import type { ResourceState } from "./resource.ts";

/** Low bits of `mapping` of pages without a file, such as PAGE_MAPPING_ANON (include/linux/page-flags.h). */
const MAPPING_FLAGS = 3n;

/**
 * Returns the state of a page or folio: its flags, the requests in flight of the device under its file, or the daemon of
 * its FUSE file system. @throws Fault if it cannot be read
 */
export function folioState(kernel: Kernel, address: bigint): ResourceState {
  const page = kernel.object("struct page", address);
  const flags = BigInt.asUintN(64, page.at("flags").value());
  const fields = [{ type: "struct page", address, path: "flags", value: hex0x(flags) }];
  const mapping = page.at("mapping").value();
  if (mapping === 0n || (mapping & MAPPING_FLAGS) !== 0n) return { holders: [], fields };
  const inode = kernel.object("struct address_space", mapping).at("host").deref();
  const daemons = attempt(() => fuseDaemonsOf(inode));
  if (!(daemons instanceof Fault) && daemons.length > 0) return { holders: daemons, fields };
  const note = attempt(() => inFlightNote(inode.at("i_sb.s_bdev").deref()));
  return { holders: [], ...(typeof note === "string" ? { note } : {}), fields };
}

/** Returns `vda has 3 requests in flight`; undefined without a device. @param device `struct block_device` @throws Fault */
export function inFlightNote(device: Obj): string | undefined {
  if (device.address === 0n) return undefined;
  const disk = device.at("bd_disk").deref();
  const [reads, writes] = requestsInFlight(disk);
  const count = reads + writes;
  return `${disk.at("disk_name").text()} has ${count} ${count === 1 ? "request" : "requests"} in flight`;
}
