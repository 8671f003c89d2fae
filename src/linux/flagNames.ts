import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { pageFlagNames } from "./mm/pageFlags.ts";
import { taskStateNames } from "./sched/taskState.ts";
import { vmaFlagTable } from "./mm/vma.ts";

/** What the bits of a member are called, the member by its struct. */
const NAMES: ReadonlyMap<string, (kernel: Kernel, value: bigint) => readonly string[]> = new Map([
  ["task_struct.__state", (_: Kernel, value: bigint) => taskStateNames(Number(value))],
  ["task_struct.state", (_: Kernel, value: bigint) => taskStateNames(Number(value))],
  ["task_struct.exit_state", (_: Kernel, value: bigint) => (value === 0n ? [] : taskStateNames(Number(value)))],
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
 * What a number that C declares as nothing more says to people: `TASK_UNINTERRUPTIBLE | TASK_NOLOAD`.
 * @param owner name of the struct that `member` stands in
 * @returns undefined for a member without named bits, and for one with none of them set
 * @throws Fault
 */
export function flagNames(owner: string | undefined, member: string, object: Obj): string | undefined {
  const names = NAMES.get(`${owner}.${member}`)?.(object.kernel, object.value());
  return names && names.length > 0 ? names.join(" | ") : undefined;
}
