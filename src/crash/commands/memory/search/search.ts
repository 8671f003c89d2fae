/** The `search` command: searches memory. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import type { AddressSpace } from "../../../../memory/memory.ts";
import { addressSpan, shortAddressSpan } from "../../../say/addressCell.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { hexDump } from "../../../say/hexDump.ts";
import { count } from "../../../language/number.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, lazyRecord, progress, text, type Line, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { matches, type Match } from "./scan.ts";
import { scopes, type Scope } from "./scope.ts";
import { needlesOf, unitSize } from "./values.ts";
import { taskHeading } from "../../../say/taskHeading.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const search = command({
  name: "search",
  readsOnly: true,
  summary: "search memory",
  usage:
    "[-s start] [ -[kKV] | -u | -p | -t | -T ] [-e end | -l length] [-m mask]\n[-x count] -[cwh] [value | (expression) | symbol | string] ...",
  options: [
    { flag: "-s", argument: "start", help: "the address to start at: a symbol or a hexadecimal number" },
    { flag: "-k", help: "kernel memory (default)" },
    { flag: "-K", help: "kernel memory without vmalloc areas, modules and structs of pages" },
    { flag: "-V", help: "only vmalloc areas, modules and structs of pages" },
    { flag: "-u", help: "user memory of the current task" },
    { flag: "-p", help: "physical memory" },
    { flag: "-t", help: "the kernel stack of every task" },
    { flag: "-T", help: "the kernel stacks of the tasks that CPUs were running" },
    { flag: "-e", argument: "end", help: "end before this address" },
    { flag: "-l", argument: "length", help: "the number of bytes to search" },
    { flag: "-m", argument: "mask", help: "ignore the bits that are set in this hexadecimal mask" },
    { flag: "-c", help: "search for text" },
    { flag: "-w", help: "search for numbers of 32 bits" },
    { flag: "-h", help: "search for numbers of 16 bits" },
    { flag: "-x", argument: "count", help: "show this many units of memory before and after each match" },
  ],
  description: `Searches memory for numbers, at addresses that are multiples of their size. Numbers have the word size of the machine unless -w or -h is given. With -c, searches for text at any address. A value is a hexadecimal number, a symbol, or an (expression); several values are searched for at the same time. Each match is printed when it is found.

Memory that the dump does not contain is skipped. A page that the kernel maps at two addresses is searched at both.`,
  examples: [
    { line: "search init_task", shows: "Pointers to init_task." },
    { line: "search -t -w dead4ead", shows: "Kernel stacks that contain the magic number of a spinlock." },
    { line: 'search -p -c "Kernel panic"', shows: "A text in physical memory." },
    { line: "search -m ffff -w abcd0000", shows: "Numbers whose upper half is abcd." },
  ],
  records: () => [
    { line: "search -k deadbeef", fields: matchesTable.columns },
    { line: "search -c panic", fields: textsTable.columns },
  ],
  *run(context, args) {
    if (args.rest.length === 0) throw new WrongUse("what to search for is missing");
    if (args.has("-x") && args.has("-c")) throw new UsageError("-x option is not allowed with -c");
    const needles = needlesOf(context, args);
    const around = args.has("-x") ? count(args.value("-x") ?? "") : 0;
    for (const scope of scopes(context, args)) {
      let isFirst = true;
      let scanned = 0;
      for (const step of matches(scope.pages(), needles)) {
        if (step && "needle" in step) {
          if (isFirst && scope.task) yield text(taskHeading(scope.task));
          isFirst = false;
          yield found(context, args, scope, step, around);
        } else if (step) scanned += step.bytes.length;
        else yield progress("bytes", scanned, scope.size);
      }
      if (!isFirst && scope.task) yield text("");
      else if (scope.task) yield progress("stacks", 0, 0);
      for (const fault of scope.missing ?? []) yield faultPiece(fault.within("not searched"));
    }
  },
});

/** Number of characters of text that are shown from a match on. */
const SHOWN_TEXT = 56;

function found(
  context: Context,
  args: Parsed,
  { space, task }: Scope,
  { address, needle }: Match,
  around: number,
): Piece {
  const size = unitSize(context, args);
  const row = { kernel: context.kernel, space, task, size, address, needle };
  if (args.has("-c")) return new TableLayout(context.kernel, textsTable).row(row);
  if (around === 0) return new TableLayout(context.kernel, matchesTable).row(row);
  const layout = new TableLayout(context.kernel, matchesAmidTable);
  const near = (start: bigint): Line[] => [...surroundings(space, start, around, size)];
  const lines = (): Line[] => [
    ...near(address - BigInt(around * size)),
    layout.line(row),
    ...near(address + BigInt(size)),
    [],
  ];
  return lazyRecord(() => layout.data(row), lines, { fields: matchesAmidTable.columns });
}

interface MatchRow extends Match {
  readonly kernel: Kernel;
  readonly space: AddressSpace;
  /** The `struct task_struct` whose stack contains the match; undefined outside of stacks. */
  readonly task: Obj | undefined;
  /** Size of a unit in bytes. */
  readonly size: 2 | 4 | 8;
}

function unitAt({ space, size, address }: MatchRow): bigint {
  if (size === 2) return BigInt(space.u16(address));
  return size === 4 ? BigInt(space.u32(address)) : space.u64(address);
}

const placeColumns = {
  address: {
    kind: "address",
    title: "",
    width: 0,
    value: ({ address }) => address,
    text: shortAddressSpan,
  },
  task: {
    kind: "task",
    about: "task whose stack contains the match; null outside of stacks",
    value: ({ task }) => task?.address,
  },
} as const satisfies { readonly [key: string]: Column<MatchRow> };

const valueColumns = {
  value: { kind: "integer", title: "", unit: "hex", gap: ": ", align: "left", value: unitAt, text: hex },
  label: {
    kind: "text",
    title: "",
    about: "the symbol or expression that the user entered",
    value: ({ needle }) => needle.label,
  },
} as const satisfies { readonly [key: string]: Column<MatchRow> };

export const matchesTable: Table<MatchRow> = { columns: { ...placeColumns, ...valueColumns } };

/** The table of matches that are shown with the memory around them; addresses have all their digits. */
export const matchesAmidTable: Table<MatchRow> = {
  columns: {
    ...placeColumns,
    address: { ...placeColumns.address, text: (address: bigint, { kernel }: MatchRow) => addressSpan(kernel, address) },
    ...valueColumns,
    value: { ...valueColumns.value, gap: ":  " },
  },
};

export const textsTable: Table<MatchRow> = {
  columns: {
    ...placeColumns,
    text: { kind: "text", title: "", gap: ": ", value: ({ space, address }) => textFrom(space, address) },
  },
};

/** Shows memory next to a match; unreadable memory is left out. */
function* surroundings(space: AddressSpace, start: bigint, units: number, size: 2 | 4 | 8): Generator<Line> {
  const dump: Pieces = hexDump(space, start, units, { size, as: "hex", withText: true });
  for (;;) {
    const step = attempt(() => dump.next());
    if (step instanceof Fault || step.done) return;
    if (step.value.kind === "record") yield* step.value.lines;
  }
}

/** Reads text from an address; a byte that is not a printable ASCII character is shown as a dot. */
function textFrom(space: AddressSpace, address: bigint): string {
  let all = "";
  for (let at = address; all.length < SHOWN_TEXT;) {
    const page = space.page(at);
    if (page instanceof Fault) break;
    for (const byte of page.subarray(0, SHOWN_TEXT - all.length))
      all += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    at += BigInt(Math.min(page.length, SHOWN_TEXT));
  }
  return all;
}
