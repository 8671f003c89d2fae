/** The `vtop` command: translates virtual to physical addresses. */
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
import { pageHeading, pageRowAt, pfnOf, pagesTable } from "./kmem/pages.ts";
import { hexNumber } from "../../language/number.ts";
import { TableLayout } from "../../../render/layout.ts";
import { faultPiece, text, type Line, type Piece, type Pieces } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";
import { largePagePiece, lastEntry, ptePiece, entriesTable, swapEntriesTable } from "./pageEntry.ts";
import { sizeText } from "../../../render/quantity.ts";
import { selectTasks } from "../../language/taskSelector.ts";
import { originColumns, type Origin, originLine, originOf, physicalOf, userPage } from "./userPage.ts";
import { vmaHeading, vmaRow, vmasTable } from "../../say/vma.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const vtop = command({
  name: "vtop",
  readsOnly: true,
  summary: "virtual to physical address",
  usage: "[-c [pid | taskp]] [-u|-k] address ...",
  options: [
    { flag: "-u", help: "user addresses; required on machines where user and kernel addresses overlap (s390x)" },
    { flag: "-k", help: "kernel addresses" },
    { flag: "-c", argument: "pid | taskp", help: "user addresses of this task; default: the current task" },
  ],
  description:
    "Translates hexadecimal virtual addresses. It shows the walk through the page tables, the bits of the entry, the memory area of a user address, and the page. For a page that is not mapped, it shows the location in swap space or in a file.",
  examples: [
    { line: "vtop ffff8ef68526c180", shows: "A kernel address." },
    { line: "vtop -c 1 401000", shows: "A user address of process 1." },
  ],
  records: () => [
    { line: "vtop ffff8ef68526c180", fields: translationTable("kernel").columns },
    { line: "vtop -c 1 401000", fields: translationTable("user").columns },
    { line: "vtop ffff8ef68526c180", fields: entriesTable.columns },
    { line: "vtop ffff8ef68526c180", fields: pagesTable().columns },
    { line: "vtop -c 1 401000", fields: swapEntriesTable.columns },
    { line: "vtop -c 1 401000", fields: vmasTable.columns },
  ],
  *run(context, args) {
    if (args.rest.length === 0) throw new WrongUse("an address is missing");
    const task = args.value("-c") === undefined ? undefined : selectTasks(context, [args.value("-c") ?? ""])[0];
    for (const word of args.rest) {
      const address = hexNumber(word);
      if (address === undefined) throw new UsageError(`invalid input: "${word}"; give an address in hexadecimal`);
      yield* isUser(context, args, address)
        ? userAddress(task ?? context.task, address)
        : kernelAddress(context, address);
      yield text("");
    }
  },
});

const isUser = ({ kernel }: Context, args: Parsed, address: bigint): boolean =>
  args.has("-u") || (!args.has("-k") && !kernel.memory.isKernelAddress(address));

interface TranslatedRow {
  readonly address: bigint;
  readonly found: Found;
  readonly steps: readonly WalkStep[];
  /** The kernel that the address belongs to. */
  readonly kernel: Kernel;
  /** Text shown if nothing is mapped. */
  readonly why?: string;
  readonly origin: () => Origin | undefined;
}

const noOrigin = (): undefined => undefined;

export const stepsTable: Table<WalkStep> = {
  columns: {
    level: { kind: "text", title: "", width: 6, align: "right", value: ({ level }) => level },
    at: {
      kind: "address",
      title: "",
      about: "physical address of the entry",
      gap: ": ",
      width: 0,
      value: ({ entryAddress }) => entryAddress,
      text: hex,
    },
    entry: { kind: "integer", title: "", unit: "hex", gap: " => ", value: ({ entry }) => entry, text: hex },
  },
};

export const translationTable = (of: "kernel" | "user"): Table<TranslatedRow> => ({
  gap: "  ",
  columns: {
    virtual: {
      kind: "address",
      title: "VIRTUAL",
      titleAlign: "left",
      width: of === "kernel" ? "address" : 10,
      value: ({ address }) => address,
      text: (address, { kernel }) =>
        of === "kernel" && kernel.memory.isKernelAddress(address) ? addressSpan(kernel, address) : hex(address),
    },
    physical: {
      kind: "address",
      title: "PHYSICAL",
      about: "null if nothing is mapped",
      width: 0,
      value: ({ found }) => physicalOf(found),
      text: hex,
      absent: ({ why = "(not mapped)" }) => why,
    },
    pageBytes: {
      kind: "number",
      unit: "bytes",
      about: "of the page",
      value: ({ found }) => (found instanceof Fault ? undefined : Number(found.pageBytes)),
    },
    steps: {
      kind: "data",
      about: "entries of the page tables, beginning at the root",
      fields: stepsTable.columns,
      value: ({ kernel, steps }) => steps.map((step) => new TableLayout(kernel, stepsTable).data(step)),
    },
    ...(of === "user" && originColumns),
  },
});

/** Makes the piece of a translation. @param lines the lines about the walk, which begin with a blank line */
const translation = (of: "kernel" | "user", row: TranslatedRow, lines: () => readonly Line[]): Piece =>
  new TableLayout(row.kernel, translationTable(of)).headed(row, lines);

function* kernelAddress({ kernel }: Context, address: bigint): Pieces {
  if (!kernel.memory.isKernelAddress(address)) {
    const why = "not a kernel virtual address";
    const found = Fault.at("unmapped", address, why);
    return yield translation(
      "kernel",
      { address, found, steps: [], kernel, why: `(${why})`, origin: noOrigin },
      () => [],
    );
  }
  const steps: WalkStep[] = [];
  const found = kernel.memory.translate(address, steps);
  const { firstEntryIsDirectory } = kernel.arch;
  const layout = new TableLayout(kernel, stepsTable);
  yield translation("kernel", { address, found, steps, kernel, origin: noOrigin }, () => [
    [],
    ...rootLine(kernel, firstEntryIsDirectory ? "PGD" : "PAGE"),
    ...steps.map((step, i): Line =>
      firstEntryIsDirectory && i === 0 ? [`PAGE DIRECTORY: ${hex(step.entry)}`] : layout.line(step),
    ),
    ...pageLine(found),
  ]);
  yield* entryOf(kernel, steps, found);
  if (!(found instanceof Fault)) yield* pageOf(kernel, found.physical);
}

function rootLine({ symbols }: Kernel, name: string): Line[] {
  const root = ["init_top_pgt", "swapper_pg_dir", "init_level4_pgt"].map((one) => symbols.find(one)).find((one) => one);
  return root ? [[`${name} DIRECTORY: `, { as: "symbol", text: hex(root.address), address: root.address }]] : [];
}

type Found = ReturnType<Kernel["memory"]["translate"]>;

function pageLine(found: Found): Line[] {
  if (found instanceof Fault || found.steps.length === 0) return [];
  const { physical, pageBytes } = found;
  const isLarge = pageBytes > 65536n;
  const size = isLarge ? `  (${sizeText(Number(pageBytes)).replace(" ", "")})` : "";
  return [[`  PAGE: ${hex(physical & ~(pageBytes - 1n))}${size}`]];
}

/** Shows the bits of the entry at which a walk ended. */
function* entryOf(kernel: Kernel, steps: readonly WalkStep[], found: Found): Pieces {
  const entry = lastEntry(kernel, steps);
  if (entry === undefined || entry === 0n) return;
  yield text("");
  // Section entries of arm have bits that the kernel's own entries do not have.
  const isSection = kernel.arch.pte?.ownEntry !== undefined && steps.length === 1;
  if (isSection && !(found instanceof Fault)) yield largePagePiece(kernel, entry, found.physical & -found.pageBytes);
  else yield ptePiece(kernel, entry);
}

/** Shows the page's struct, if the memory has one and the session has types. */
function* pageOf(kernel: Kernel, physical: bigint): Pieces {
  if (kernel.types.sources.length === 0) return;
  const page = attempt(() => {
    const pfn = pfnOf(kernel, physical, true);
    return pfn instanceof Fault ? pfn : pageRowAt(kernel, pfn);
  });
  yield text("");
  if (page instanceof Fault) return yield faultPiece(page);
  yield pageHeading(kernel);
  yield page;
}

function* userAddress(task: Obj, address: bigint): Pieces {
  const { kernel } = task;
  const mm = task.at("mm");
  const vma = mm.value() === 0n ? undefined : findVma(mm.deref(), address);
  if (!vma) {
    const found = Fault.at("unmapped", address, "not accessible");
    const row = { address, found, steps: [], kernel, why: "(not accessible)", origin: noOrigin };
    return yield translation("user", row, () => []);
  }
  const page = userPage(taskMemory(task), address);
  const { found, steps } = page;
  const origin = found instanceof Fault ? originOf(vma, address, page) : undefined;
  const layout = new TableLayout(kernel, stepsTable);
  yield translation("user", { address, found, steps, kernel, origin: () => origin }, () => [
    [],
    ...steps.map((step) => layout.line(step)),
    ...pageLine(found),
  ]);
  yield* entryOf(kernel, steps, found);
  yield text("");
  yield vmaHeading(kernel);
  yield vmaRow(vma);
  if (!(found instanceof Fault)) return yield* pageOf(kernel, found.physical);
  if (origin) yield text("", originLine(origin));
}
