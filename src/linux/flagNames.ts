/** Names of flags in members that C declares as plain numbers. */
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { pageFlagNames } from "./mm/pageFlags.ts";
import { stateBits, taskStateNames } from "./sched/taskState.ts";
import { vmaFlagTable } from "./mm/vma.ts";

/** Functions that name the bits of a member, by struct and member. */
const NAMES: ReadonlyMap<string, (kernel: Kernel, value: bigint) => readonly string[]> = new Map([
  ["task_struct.__state", (kernel: Kernel, value: bigint) => taskStateNames(stateBits(kernel)(Number(value)))],
  ["task_struct.state", (kernel: Kernel, value: bigint) => taskStateNames(stateBits(kernel)(Number(value)))],
  [
    "task_struct.exit_state",
    (kernel: Kernel, value: bigint) => (value === 0n ? [] : taskStateNames(stateBits(kernel)(Number(value)))),
  ],
  ["page.flags", pageFlagNames],
  ["folio.flags", pageFlagNames],
  ["slab.__page_flags", pageFlagNames],
  ["vm_area_struct.vm_flags", vmFlagNames],
  ["vm_area_struct.__vm_flags", vmFlagNames],
]);

function vmFlagNames(kernel: Kernel, value: bigint): readonly string[] {
  return vmaFlagTable(kernel)
    .filter(({ mask }) => (value & mask) === mask)
    .map(({ name }) => name);
}

/**
 * Returns the names of the bits set in a member, such as `TASK_UNINTERRUPTIBLE | TASK_NOLOAD`. @param struct name of the
 * struct that contains `member` @returns undefined if the member has no named bits, or none of them is set @throws
 * Fault
 */
export function flagNames(struct: string | undefined, member: string, object: Obj): string | undefined {
  const names = NAMES.get(`${struct}.${member}`)?.(object.kernel, object.value());
  return names && names.length > 0 ? names.join(" | ") : undefined;
}
