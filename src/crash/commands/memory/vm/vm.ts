/** The `vm` command: shows user address spaces. */
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { taskMemory } from "../../../../linux/mm/mm.ts";
import { vmaFlagTable, vmas } from "../../../../linux/mm/vma.ts";
import type { AddressSpace } from "../../../../memory/memory.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { address } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { hexNumber } from "../../../language/number.ts";
import { TableLayout } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { lazyRecord, text, type Piece, type Pieces } from "../../../../say/piece.ts";
import { formatOptions, structPiece } from "../../../say/structView.ts";
import { taskColumns, taskFacts, taskHeading } from "../../../say/taskHeading.ts";
import { selectTasks } from "../../../language/taskSelector.ts";
import { eachVma, mmPiece, mmTable, pagesTable, vmaPages, vmaReferences, vmaTable } from "./areas.ts";
import { vmaHeading, vmasTable } from "../../../say/vma.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import { attempt, Fault } from "../../../../base/fault.ts";
import { cacheName } from "../../../../linux/slab/slab.ts";
import { slabObjectAt } from "../../../../linux/slab/slabObject.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";

export const vm = command({
  name: "vm",
  readsOnly: true,
  summary: "user address spaces",
  usage: "[-p | -P vma | -M mm | -v | -m | -x | -d | [-R reference] [pid | task]]\n[-f vm_flags]",
  options: [
    { flag: "-p", help: "every page of every area: its physical address, or its location in swap space or in a file" },
    { flag: "-P", argument: "vma", help: "the pages of this area" },
    { flag: "-M", argument: "mm", help: "use this mm_struct, for a task that no longer has one" },
    { flag: "-v", help: "the vm_area_struct of every area" },
    { flag: "-m", help: "the mm_struct" },
    { flag: "-x", help: "with -v and -m: numbers in hexadecimal" },
    { flag: "-d", help: "with -v and -m: numbers in decimal" },
    {
      flag: "-R",
      argument: "reference",
      help: "only areas that contain this address, have these flags, or have this text in their path",
    },
    { flag: "-f", argument: "vm_flags", help: "names of the bits in a FLAGS value" },
  ],
  description: `Shows the user memory of the current task, or of the tasks given by pid or task_struct address: mm_struct, page directory, resident and total size, and each memory area with its bounds, flags and file.`,
  examples: [
    { line: "vm", shows: "The memory areas of the current task." },
    { line: "vm -p 1", shows: "Where each page of process 1 is." },
    { line: "vm -f 8100073", shows: "Flags of an area by name." },
  ],
  records: () => [
    { line: "vm", fields: taskColumns },
    { line: "vm", fields: mmTable.columns },
    { line: "vm", fields: vmasTable.columns },
    { line: "vm -p", fields: pagesTable.columns },
    { line: "vm -f 8100073", fields: flagNamesTable.columns },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const flags = args.value("-f");
    if (flags !== undefined) return yield flagNames(context.kernel, flags);
    if (["-p", "-P", "-v", "-m", "-R"].filter((flag) => args.has(flag)).length > 1)
      throw new WrongUse("-p, -P, -v, -m and -R exclude each other");
    let isFirst = true;
    for (const task of selectTasks(context, args.rest)) {
      if (!isFirst) yield text("");
      isFirst = false;
      yield* taskMemoryMap(context, args, task);
    }
  },
});

/** Names the bits of a FLAGS value. @throws UsageError; Fault if the kernel has no names for them */
function flagNames(kernel: Kernel, word: string): Piece {
  const value = hexNumber(word);
  if (value === undefined) throw new WrongUse(`invalid flags: ${word}; give a hexadecimal number`);
  return new TableLayout(kernel, flagNamesTable).row({ kernel, value });
}

const namesOf = ({ kernel, value }: FlagsRow): string[] =>
  vmaFlagTable(kernel)
    .filter(({ mask }) => mask !== 0n && (value & mask) === mask)
    .map(({ name }) => name);

interface FlagsRow {
  readonly kernel: Kernel;
  readonly value: bigint;
}

const flagNamesTable: Table<FlagsRow> = {
  columns: {
    flags: { kind: "integer", title: "", unit: "hex", value: ({ value }) => value, text: hex },
    names: { kind: "data", title: "", gap: ": ", value: namesOf, text: (_, row) => `(${namesOf(row).join("|")})` },
  },
};

function* taskMemoryMap(context: Context, args: Parsed, task: Obj): Pieces {
  const reference = args.value("-R");
  const { mm, space } = memoryOf(context, args, task);
  if (reference !== undefined) return yield* references(task, mm, space, reference);
  yield headingPiece(task);
  if (args.has("-m")) {
    if (mm.address !== 0n) yield structPiece(mm, wholeStruct(mm, "mm_struct"), formatOptions(context, args));
    return;
  }
  if (args.has("-v")) {
    if (mm.address === 0n) return;
    const show = (vma: Obj) => [structPiece(vma, wholeStruct(vma, "vm_area_struct"), formatOptions(context, args))];
    return yield* eachVma(mm, show);
  }
  const area = args.value("-P");
  if (area !== undefined) return yield* pagesOfArea(mm, space, address(context, area));
  yield mmPiece(task, mm);
  if (!args.has("-p")) return yield* vmaTable(mm);
  if (mm.address === 0n) return;
  const pages = space();
  yield* eachVma(mm, (vma) => vmaPages(vma, pages));
}

const headingPiece = (task: Obj): Piece =>
  lazyRecord(
    () => taskFacts(task),
    () => [taskHeading(task)],
    { fields: taskColumns },
  );

const wholeStruct = (object: Obj, name: string) => ({ name, type: object.type, members: [] });

interface UserMemory {
  /** The `struct mm_struct`, at NULL for a kernel thread. */
  readonly mm: Obj;
  /** Returns the address space. @throws Fault */
  readonly space: () => AddressSpace;
}

/** Returns the task's own address space, or the one that -M names for a task without one. */
function memoryOf(context: Context, args: Parsed, task: Obj): UserMemory {
  const own = task.at("mm").deref();
  const given = args.value("-M");
  const mm = given === undefined ? undefined : mmAt(context.kernel, address(context, given));
  if (given !== undefined && !mm)
    throw new UsageError(`invalid mm_struct address: ${given}; "task -R mm" shows that of a task`);
  // As in crash, the task's own address space takes precedence over -M.
  if (!mm || own.address !== 0n) return { mm: own, space: () => taskMemory(task) };
  return { mm, space: () => context.kernel.memory.user(mm.at("pgd").value(), `user of mm_struct ${hex(mm.address)}`) };
}

function* pagesOfArea(mm: Obj, space: () => AddressSpace, wanted: bigint): Pieces {
  if (mm.address !== 0n) {
    for (const vma of vmas(mm)) if (vma.address === wanted) return yield* vmaPages(vma, space());
  }
  throw new UsageError(`the task has no memory area at ${hex(wanted)}`);
}

/** Shows headings only if there is something below them, for `foreach vm -R`. */
function* references(task: Obj, mm: Obj, space: () => AddressSpace, reference: string): Pieces {
  if (mm.address === 0n) return;
  const value = hexNumber(reference);
  // The address of the mm_struct or of its page directory selects the address space, but no area of it.
  let isShown = value !== undefined && (value === mm.address || value === mm.at("pgd").value());
  if (isShown) yield* [headingPiece(task), mmPiece(task, mm)];
  let hasAreas = false;
  for (const piece of vmaReferences(mm, space, reference)) {
    if (!isShown) yield* [headingPiece(task), mmPiece(task, mm)];
    if (!hasAreas) yield vmaHeading(mm.kernel);
    isShown = hasAreas = true;
    yield piece;
  }
  if (isShown) yield text("");
}

/**
 * Returns the `struct mm_struct` that a user named: `init_mm`, or an object of the slab cache of all others
 * (kernel/fork.c: mm_cache_init).
 * @returns undefined if there is none
 * @throws Fault when it cannot be read
 */
function mmAt(kernel: Kernel, address: bigint): Obj<"struct mm_struct"> | undefined {
  const mm = kernel.object("struct mm_struct", address);
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  if (address === globalAddress(kernel, "init_mm")) return mm;
  const object = attempt(() => slabObjectAt(kernel, address));
  // If slab objects cannot be identified, a struct without a page directory is not an mm_struct.
  if (object instanceof Fault) return kernel.memory.isKernelAddress(mm.at("pgd").value()) ? mm : undefined;
  return object?.address === address && cacheName(object.cache) === "mm_struct" ? mm : undefined;
}
