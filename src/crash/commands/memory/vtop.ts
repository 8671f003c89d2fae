import type { WalkStep } from "../../../arch/arch.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { taskMemory } from "../../../linux/mm/mm.ts";
import { findVma } from "../../../linux/mm/vma.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { command, type Context, type Parsed } from "../../language/command.ts";
import { pageRowAt, pageTitle, pfnOf } from "./kmem/pages.ts";
import { hexNumber } from "../../language/number.ts";
import {
  faultPiece,
  faultSpan,
  faultJson,
  record,
  text,
  type Line,
  type Pieces,
  addressJson,
} from "../../../say/piece.ts";
import { largePagePiece, lastEntry, ptePiece } from "./pageEntry.ts";
import { sizeText } from "../../../render/quantity.ts";
import { selectTasks } from "../../language/taskSelector.ts";
import { originOf, userPage } from "./userPage.ts";
import { vmaRow, vmaTitle } from "../../say/vma.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const vtop = command({
  name: "vtop",
  readsOnly: true,
  summary: "virtual to physical address",
  usage: "[-c [pid | taskp]] [-u|-k] address ...",
  options: [
    { flag: "-u", help: "a user address: needed where user and kernel addresses overlap (s390x)" },
    { flag: "-k", help: "a kernel address" },
    { flag: "-c", argument: "pid | taskp", help: "a user address of this task; of the current one unless given" },
  ],
  description:
    "Translates hexadecimal addresses and shows the walk through the page tables, the entry's bits, the memory area of a user address, and the page. Of a page that is not mapped it shows where it would be read from.",
  examples: [
    { line: "vtop ffff8ef68526c180", shows: "A kernel address." },
    { line: "vtop -c 1 401000", shows: "A user address of process 1." },
  ],
  *run(context, args) {
    if (args.rest.length === 0) throw new WrongUse("an address is missing");
    const task = args.value("-c") === undefined ? undefined : selectTasks(context, [args.value("-c") ?? ""])[0];
    for (const word of args.rest) {
      const address = hexNumber(word);
      if (address === undefined) throw new UsageError(`invalid input: "${word}"`);
      yield* isUser(context, args, address)
        ? userAddress(task ?? context.task, address)
        : kernelAddress(context, address);
      yield text("");
    }
  },
});

const isUser = ({ kernel }: Context, args: Parsed, address: bigint): boolean =>
  args.has("-u") || (!args.has("-k") && !kernel.memory.isKernelAddress(address));

function* kernelAddress({ kernel }: Context, address: bigint): Pieces {
  const width = kernel.arch.wordSize * 2;
  const title: Line = [{ as: "title", text: `${"VIRTUAL".padEnd(width)}  PHYSICAL` }];
  if (!kernel.memory.isKernelAddress(address)) {
    const data = {
      virtual: addressJson(address),
      physical: faultJson(Fault.at("unmapped", address, "not a kernel virtual address")),
    };
    return yield record(data, title, [`${hex(address).padEnd(width)}  (not a kernel virtual address)`]);
  }
  const steps: WalkStep[] = [];
  const found = kernel.memory.translate(address, steps);
  const place = found instanceof Fault ? notThere(found) : hex(found.physical);
  const { firstEntryIsDirectory } = kernel.arch;
  yield record(
    translationData(address, found, steps),
    title,
    [addressSpan(kernel, address), "  ", place],
    [],
    ...rootLine(kernel, firstEntryIsDirectory ? "PGD" : "PAGE"),
    ...steps.map((step, i): Line =>
      firstEntryIsDirectory && i === 0 ? [`PAGE DIRECTORY: ${hex(step.entry)}`] : stepLine(step),
    ),
    ...pageLine(found),
  );
  yield* entryOf(kernel, steps, found);
  if (!(found instanceof Fault)) yield* pageOf(kernel, found.physical);
}

const notThere = (fault: Fault) => (fault.kind === "unmapped" ? "(not mapped)" : faultSpan(fault));

function rootLine({ symbols }: Kernel, name: string): Line[] {
  const root = ["init_top_pgt", "swapper_pg_dir", "init_level4_pgt"].map((one) => symbols.find(one)).find((one) => one);
  return root ? [[`${name} DIRECTORY: `, { as: "symbol", text: hex(root.address), address: root.address }]] : [];
}

const stepLine = ({ level, entryAddress, entry }: WalkStep): Line => [
  `${level.padStart(6)}: ${hex(entryAddress)} => ${hex(entry)}`,
];

type Found = ReturnType<Kernel["memory"]["translate"]>;

function pageLine(found: Found): Line[] {
  if (found instanceof Fault || found.steps.length === 0) return [];
  const { physical, pageBytes } = found;
  const isLarge = pageBytes > 65536n;
  const size = isLarge ? `  (${sizeText(Number(pageBytes)).replace(" ", "")})` : "";
  return [[`  PAGE: ${hex(physical & ~(pageBytes - 1n))}${size}`]];
}

function translationData(address: bigint, found: Found, steps: readonly WalkStep[]) {
  return {
    virtual: addressJson(address),
    physical: found instanceof Fault ? faultJson(found) : addressJson(found.physical),
    pageBytes: found instanceof Fault ? null : Number(found.pageBytes),
    steps: steps.map((step) => ({
      level: step.level,
      at: addressJson(step.entryAddress),
      entry: addressJson(step.entry),
    })),
  };
}

/** The bits of the entry at which a walk ended. */
function* entryOf(kernel: Kernel, steps: readonly WalkStep[], found: Found): Pieces {
  const entry = lastEntry(kernel, steps);
  if (entry === undefined || entry === 0n) return;
  yield text("");
  // Sections of arm have bits that the kernel's own entries do not.
  const isSection = kernel.arch.pte?.ownEntry !== undefined && steps.length === 1;
  if (isSection && !(found instanceof Fault)) yield largePagePiece(entry, found.physical & -found.pageBytes);
  else yield ptePiece(kernel, entry);
}

/** The page's struct, for memory that has one. */
function* pageOf(kernel: Kernel, physical: bigint): Pieces {
  const page = attempt(() => {
    const pfn = pfnOf(kernel, physical, true);
    return pfn instanceof Fault ? pfn : pageRowAt(kernel, pfn);
  });
  yield text("");
  if (page instanceof Fault) return yield faultPiece(page);
  yield text(pageTitle(kernel));
  yield page;
}

function* userAddress(task: Obj, address: bigint): Pieces {
  const { kernel } = task;
  const title: Line = [{ as: "title", text: "VIRTUAL     PHYSICAL" }];
  const mm = task.at("mm");
  const vma = mm.value() === 0n ? undefined : findVma(mm.deref(), address);
  if (!vma) {
    const data = {
      virtual: addressJson(address),
      physical: faultJson(Fault.at("unmapped", address, "not accessible")),
    };
    return yield record(data, title, [`${hex(address).padEnd(10)}  (not accessible)`]);
  }
  const page = userPage(taskMemory(task), address);
  const { found, steps } = page;
  const place = found instanceof Fault ? notThere(found) : hex(found.physical);
  yield record(
    translationData(address, found, steps),
    title,
    [`${hex(address).padEnd(10)}  `, place],
    [],
    ...steps.map(stepLine),
    ...pageLine(found),
  );
  yield* entryOf(kernel, steps, found);
  yield text("", vmaTitle(kernel));
  yield vmaRow(vma);
  if (!(found instanceof Fault)) return yield* pageOf(kernel, found.physical);
  const origin = originOf(vma, address, page);
  if (origin) yield text("", origin);
}
