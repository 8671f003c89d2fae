/** Memory blocks: the units of memory hotplug. */
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { globalAddress, globalU32 } from "../vmcoreinfo.ts";
import { xarrayEntries } from "../../kernel/xarray.ts";

/**
 * Yields the memory blocks that sysfs shows, `struct memory_block` (drivers/base/memory.c); none without
 * CONFIG_MEMORY_HOTPLUG. Since v5.7 they are in ascending order of their numbers, before in the order of registration.
 * They are in an xarray since Linux kernel commit 4fb6eabf1037 ("drivers/base/memory.c: cache memory blocks in xarray
 * to accelerate lookup") (in v5.7); before, only in the list of devices of the bus "memory". @throws Fault
 */
export function* memoryBlocks(kernel: Kernel): Generator<Obj<"struct memory_block">> {
  if (globalAddress(kernel, "memory_blocks") !== undefined) {
    for (const { entry } of xarrayEntries(kernel, kernel.variable("memory_blocks")))
      yield kernel.object("struct memory_block", entry);
  } else if (globalAddress(kernel, "memory_subsys") !== undefined) {
    const devices = kernel.variable("memory_subsys").at("p.klist_devices.k_list");
    for (const node of listEntries(kernel, devices, "struct klist_node", "n_node"))
      yield node
        .containerOf("struct device_private", "knode_bus")
        .at("device")
        .deref()
        .containerOf("struct memory_block", "dev");
  }
}

/**
 * Returns the number of sections in a block, which is the same for all; 1 if the kernel has no variable for it. @throws
 * Fault
 */
export const sectionsPerBlock = (kernel: Kernel): number => globalU32(kernel, "sections_per_block") ?? 1;

// include/linux/memory.h
const MEMORY_STATES: ReadonlyMap<number, string> = new Map([
  [1 << 0, "ONLINE"],
  [1 << 1, "GOING_OFFLINE"],
  [1 << 2, "OFFLINE"],
  [1 << 3, "GOING_ONLINE"],
  [1 << 4, "CANCEL_ONLINE"],
  [1 << 5, "CANCEL_OFFLINE"],
]);

/** Returns the state's name, such as "ONLINE"; a value without a name as a number. @throws Fault */
export function memoryBlockState(block: Obj<"struct memory_block">): string {
  const state = block.at("state").number();
  return MEMORY_STATES.get(state) ?? String(state);
}
