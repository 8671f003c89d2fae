/** Super blocks, and whether their file system is frozen. */
import { attempt, Fault } from "../../base/fault.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { listEntries } from "../../kernel/list.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Super blocks are searched in their own list, because they have no slab cache of their own. */
const superBlocks = derived("super blocks", (kernel): readonly Obj<"struct super_block">[] => [
  ...listEntries(kernel, kernel.variable("super_blocks"), "struct super_block", "s_list"),
]);

/** Returns the super block that contains an address; undefined if none does. @throws Fault */
export function superBlockAt(kernel: Kernel, address: bigint): Obj<"struct super_block"> | undefined {
  const size = BigInt(sizeOf(kernel.types.named("struct super_block")));
  return superBlocks(kernel).find((one) => address >= one.address && address < one.address + size);
}

/**
 * Returns `the file system vda is frozen` for a lock of a super block whose writers wait until somebody thaws it
 * (include/linux/fs.h, sb_writers.frozen: SB_UNFROZEN is 0); undefined for others.
 */
export function frozenText(kernel: Kernel, address: bigint): string | undefined {
  const text = attempt(() => {
    const block = superBlockAt(kernel, address);
    if (!block?.has("s_writers.frozen") || block.at("s_writers.frozen").number() === 0) return undefined;
    return `the file system ${block.at("s_id").text()} is frozen`;
  });
  return text instanceof Fault ? undefined : text;
}
