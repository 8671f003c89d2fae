/** The memory that `search` searches, selected by its options. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { runningOn } from "../../../../linux/sched/cpu.ts";
import { kernelRanges, type KernelRange, missingRanges } from "../../../../linux/mm/kernelRanges.ts";
import { taskTable } from "../../../../linux/sched/task.ts";
import { vmaRange, vmas } from "../../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../../memory/memory.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { taskStackRange } from "../../../../unwind/stacks.ts";
import type { Context, Parsed } from "../../../language/command.ts";
import { anyNumber, hexNumber, symbolAddress } from "../../../language/number.ts";
import { currentUserSpace } from "../../../language/userSpace.ts";
import { kernelPages, physicalPages, readTarget, virtualPages, type MemoryPage, type Stretch } from "./pages.ts";

/** Memory that is searched as one: a whole address space, or one task's stack. */
export interface Scope {
  readonly space: AddressSpace;
  /** The task whose stack is searched; undefined for other memory. */
  readonly task: Obj | undefined;
  /** Size of the address range in bytes, for progress. */
  readonly size: number;
  /** Why parts of the memory are not searched. */
  readonly missing?: readonly Fault[];
  pages(): Iterable<MemoryPage | undefined>;
}

/** Returns the scopes that the options -k -K -V -u -p -t -T, -s, -e and -l select. @throws UsageError, Fault */
export function* scopes(context: Context, args: Parsed): Generator<Scope> {
  const { kernel } = context;
  const stackFlag = ["-t", "-T"].find((flag) => args.has(flag));
  const other = ["-k", "-K", "-V", "-u", "-p", "-s", "-e", "-l"].find((flag) => args.has(flag));
  if (stackFlag !== undefined && other !== undefined)
    throw new UsageError(`${stackFlag} and ${other} exclude each other: ${stackFlag} searches whole stacks`);
  if (stackFlag !== undefined) yield* stacks(kernel, args.has("-T"));
  else if (args.has("-p")) {
    const stretch = bounds(context, args, { start: 0n, end: kernel.memory.physical.end });
    const pages = () => physicalPages(kernel, stretch, readTarget());
    yield { space: kernel.memory.physical, task: undefined, size: sizeOf(stretch), pages };
  } else if (args.has("-u")) yield userMemory(context, args);
  else yield kernelMemory(context, args);
}

const sizeOf = ({ start, end }: Stretch): number => Number(end - start);

const KINDS: Readonly<Record<string, readonly KernelRange["kind"][]>> = {
  "-K": ["direct map", "kernel image"],
  "-V": ["vmalloc", "vmemmap"],
};

function kernelMemory(context: Context, args: Parsed): Scope {
  const { kernel } = context;
  const flag = ["-K", "-V"].find((one) => args.has(one));
  const kinds = flag === undefined ? undefined : KINDS[flag];
  const ranges = kernelRanges(kernel).filter(({ kind }) => kinds?.includes(kind) ?? true);
  const whole = { start: ranges[0]?.start ?? 0n, end: ranges.at(-1)?.end ?? 0n };
  const stretch = bounds(context, args, whole);
  for (const [name, at] of Object.entries({ start: stretch.start, end: stretch.end - 1n })) {
    if (args.has(`-${name[0]}`) && !kernel.memory.isKernelAddress(at))
      throw new UsageError(`invalid kernel virtual address: ${hex(at)}`);
  }
  const size = ranges.reduce((sum, range) => sum + Math.max(0, sizeOf(overlap(range, stretch))), 0);
  const pages = () => kernelPages(kernel, ranges, stretch);
  const isWhole = stretch.start === whole.start && stretch.end === whole.end && flag !== "-K";
  return { space: kernel.memory, task: undefined, size, missing: isWhole ? missingRanges(kernel) : [], pages };
}

const overlap = (a: Stretch, b: Stretch): Stretch => ({
  start: a.start > b.start ? a.start : b.start,
  end: a.end < b.end ? a.end : b.end,
});

function userMemory(context: Context, args: Parsed): Scope {
  const { kernel, task } = context;
  const space = currentUserSpace(context);
  const areas: Stretch[] = [];
  for (const vma of vmas(task.at("mm").deref())) {
    const range = attempt(() => vmaRange(vma));
    if (!(range instanceof Fault)) areas.push(range);
  }
  const stretch = bounds(context, args, { start: areas[0]?.start ?? 0n, end: areas.at(-1)?.end ?? 0n });
  const chosen = areas.map((area) => overlap(area, stretch)).filter(({ start, end }) => start < end);
  const size = chosen.reduce((sum, area) => sum + sizeOf(area), 0);
  return {
    space,
    task: undefined,
    size,
    *pages() {
      const target = readTarget();
      for (const area of chosen) yield* virtualPages(space, kernel.memory.physical, area, target);
    },
  };
}

function* stacks(kernel: Kernel, onlyActive: boolean): Generator<Scope> {
  const target = readTarget();
  for (const task of taskTable(kernel).tasks) {
    if (onlyActive && runningOn(kernel, task) === undefined) continue;
    const range = attempt(() => taskStackRange(kernel, task));
    if (range instanceof Fault) continue;
    const pages = () => virtualPages(kernel.memory, kernel.memory.physical, range, target);
    yield { space: kernel.memory, task, size: sizeOf(range), pages };
  }
}

/** Applies -s, -e and -l to a range. @throws UsageError */
function bounds(context: Context, args: Parsed, whole: Stretch): Stretch {
  const place = (flag: string): bigint | undefined => {
    const text = args.value(flag);
    if (text === undefined) return undefined;
    const value = symbolAddress(context, text) ?? hexNumber(text);
    if (value === undefined) throw new UsageError(`not an address: ${text}`);
    return value;
  };
  const start = place("-s") ?? whole.start;
  const length = args.value("-l");
  if (length !== undefined && args.has("-e")) throw new UsageError("-l and -e exclude each other");
  const bytes = length === undefined ? undefined : anyNumber(length);
  if (length !== undefined && bytes === undefined) throw new UsageError(`not a length: ${length}`);
  const end = bytes === undefined ? (place("-e") ?? whole.end) : start + bytes;
  if (end <= start) throw new UsageError(`the end ${hex(end)} is not after the start ${hex(start)}`);
  const word = BigInt(context.kernel.arch.wordSize);
  if (start % word !== 0n) throw new UsageError(`the start must be a multiple of ${word}: ${hex(start)}`);
  return { start, end };
}
