/** Implements `kmem -p` and `-m`: lists page structs. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { bare, sizeOf } from "../../../../debuginfo/ctype.ts";
import { memoryModel, pageToPfn, pfnToPage } from "../../../../linux/mm/memoryModel.ts";
import { pageShift, pageSize } from "../../../../linux/mm/page.ts";
import { pageFlagMask, pageFlagNames, pageTypeTest } from "../../../../linux/mm/pageFlags.ts";
import { pageStruct, pageStructs, type PageStruct } from "../../../../linux/mm/pageStruct.ts";
import { derived } from "../../../../model/derived.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, progress, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { valueJson } from "../../../say/valueJson.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/**
 * Returns the page frame number of a user's address: that of a `struct page`, of kernel memory, or a physical address.
 */
export function pfnOf(kernel: Kernel, address: bigint, isPhysical = false): number | Fault {
  const pointed = isPhysical ? undefined : attempt(() => pageToPfn(kernel, address));
  if (typeof pointed === "number") return pointed;
  let physical = address;
  if (!isPhysical && kernel.memory.isKernelAddress(address)) {
    const found = kernel.memory.translate(address);
    // If all addresses belong to the kernel, an address that it has not mapped is physical.
    if (found instanceof Fault && found.kind !== "unmapped") return found;
    if (!(found instanceof Fault)) physical = found.physical;
  }
  const pfn = Number(physical >> BigInt(pageShift(kernel)));
  const page = attempt(() => pfnToPage(kernel, pfn));
  if (page instanceof Fault) return page;
  return page === undefined ? Fault.at("unmapped", address, "physical address not found in mem map") : pfn;
}

const pageLayout = derived("layout of pages", (kernel) => new TableLayout(kernel, pagesTable(kernel)));

export const pageHeading = (kernel: Kernel): Piece => pageLayout(kernel).heading();

/** Lists all page frames that have a struct. */
export function* pageTable(kernel: Kernel): Pieces {
  const { runs } = memoryModel(kernel);
  const end = runs.at(-1)?.end ?? 0;
  const layout = pageLayout(kernel);
  yield layout.heading();
  let done = 0;
  for (const page of withFaultRanges(pageStructs(kernel, 0, end), pageSize(kernel))) {
    yield page instanceof Fault ? faultPiece(page) : layout.row(page);
    if (++done % 4096 === 0) yield progress("pages", done, end);
  }
}

/**
 * Joins the faults of adjacent pages that have the same reason to one fault, because thousands of pages can be missing.
 * @param pageBytes size of a page in bytes
 */
export function* withFaultRanges<T>(items: Iterable<T | Fault>, pageBytes: number): Generator<T | Fault> {
  let first: Fault | undefined;
  let count = 0;
  for (const item of items) {
    const isNext =
      first &&
      item instanceof Fault &&
      item.message === first.message &&
      item.address === pageAfter(first, count, pageBytes);
    if (isNext) {
      count++;
      continue;
    }
    if (first) yield faultRange(first, count, pageBytes);
    first = item instanceof Fault ? item : undefined;
    count = 1;
    if (!(item instanceof Fault)) yield item;
  }
  if (first) yield faultRange(first, count, pageBytes);
}

/** Returns the start of the page behind `count` pages; the fault can be in the middle of the first. */
const pageAfter = ({ address = 0n }: Fault, count: number, pageBytes: number): bigint =>
  address - (address % BigInt(pageBytes)) + BigInt(count * pageBytes);

function faultRange(first: Fault, count: number, pageBytes: number): Fault {
  if (count === 1 || first.address === undefined) return first;
  const last = pageAfter(first, count, pageBytes) - 1n;
  return Fault.at(first.kind, first.address, `${hex(first.address)} to ${hex(last)}: ${first.message}`);
}

/** Makes the row of one page. @throws Fault */
export const pageRowAt = (kernel: Kernel, pfn: number): Piece => pageLayout(kernel).row(pageStruct(kernel, pfn));

/** The table of pages. @param kernel provides the names of flags and the page size */
export const pagesTable = (kernel?: Kernel): Table<PageStruct> => ({
  columns: {
    page: {
      kind: "address",
      title: "PAGE",
      titleAlign: "center",
      about: "of the struct page",
      value: ({ address }) => address,
    },
    physical: {
      kind: "address",
      title: "PHYSICAL",
      width: 8,
      align: "right",
      value: ({ pfn }) => BigInt(pfn) * BigInt(kernel ? pageSize(kernel) : 0),
      text: hex,
    },
    mapping: {
      kind: "address",
      title: "MAPPING",
      titleAlign: "center",
      titleGap: "  ",
      align: "right",
      value: ({ mapping }) => mapping,
      text: (mapping) => (mapping === 0n ? "0" : shortAddressSpan(mapping)),
    },
    index: {
      kind: "integer",
      title: "INDEX",
      titleGap: "  ",
      titleWidth: 5,
      width: 8,
      value: ({ index }) => index,
      text: hex,
    },
    count: { kind: "number", title: "CNT", titleWidth: 3, width: 2, value: ({ count }) => count },
    flags: { kind: "integer", title: "FLAGS", unit: "hex", align: "left", value: ({ flags }) => flags, text: hex },
    names: {
      kind: "data",
      title: "",
      titleGap: "",
      about: "names of the flags, and the owner of the page",
      value: (page) => () => (kernel ? namesOf(kernel, page) : []),
      text: (_, page) => (kernel ? namesOf(kernel, page).join(",") : ""),
    },
  },
});

const slabPageTest = derived("slab page type", (kernel) =>
  pageFlagMask(kernel, "PG_slab") === undefined ? pageTypeTest(kernel, "slab") : undefined,
);

/** Returns the names of the flags, and the use of the page if no flag records it. */
function namesOf(kernel: Kernel, page: PageStruct): readonly string[] {
  const names = pageFlagNames(kernel, page.flags);
  const isSlab = slabPageTest(kernel);
  return isSlab?.(page.type) ? ["slab", ...names] : names;
}

/** Members that crash shows in decimal, whatever their C type is. */
const COUNTS: readonly string[] = ["_count", "_refcount", "_mapcount"];

/** Lists members of all page structs, or of one, for `kmem -m`. @throws UsageError for an unknown member */
export function* pageMembers(kernel: Kernel, members: readonly string[], pfn: number | undefined): Pieces {
  const type = kernel.types.named("struct page");
  const shape = kernel.object(type, 0n);
  for (const member of members) {
    if (!(attempt(() => shape.has(member)) === true))
      throw new UsageError(`invalid page struct member: ${member}; "struct page" lists them`);
  }
  const layout = new TableLayout(kernel, membersTable(members));
  const rowOf = (address: bigint): Piece => layout.row(kernel.object(type, address));
  yield layout.heading();
  if (pfn !== undefined) {
    const address = pfnToPage(kernel, pfn);
    if (address !== undefined) yield rowOf(address);
    return;
  }
  let done = 0;
  const { runs, size } = memoryModel(kernel);
  const end = runs.at(-1)?.end ?? 0;
  for (const { first, end: last, base } of runs) {
    for (let frame = first; frame < last; frame++) {
      yield rowOf(BigInt.asUintN(64, base + BigInt(frame) * BigInt(size)));
      if (++done % 4096 === 0) yield progress("pages", done, end);
    }
  }
}

/** The table of members. A row is a `struct page`. */
export const membersTable = (members: readonly string[]): Table<Obj> => ({
  gap: "  ",
  columns: {
    page: { kind: "address", title: "PAGE", titleAlign: "center", value: ({ address }) => address },
    ...Object.fromEntries(members.map((member) => [member, memberColumn(member)])),
  },
});

const memberColumn = (member: string): Column<Obj> => ({
  kind: "data",
  title: member,
  about: "as its C type is",
  value: (page) => () => valueJson(page.at(member)),
  text: (_, page) => memberText(page.at(member), member),
});

/** Formats a member of a page struct. @throws Fault */
function memberText(object: Obj, member: string): string {
  const { kernel } = object;
  const width = kernel.arch.wordSize * 2;
  const type = bare(object.type);
  const name = member.split(".")[0] ?? member;
  if (name === "flags" && sizeOf(type) === kernel.arch.wordSize)
    return padHex(kernel.memory.word(object.address), width);
  if (COUNTS.includes(name) && sizeOf(type) === 4) return String(kernel.memory.u32(object.address) | 0);
  if (type.kind === "int" || type.kind === "enum") return object.value().toString();
  if (type.kind === "pointer") return padHex(object.value(), width);
  const words: string[] = [];
  for (let at = 0; at < sizeOf(type); at += kernel.arch.wordSize)
    words.push(padHex(kernel.memory.word(object.address + BigInt(at)), width));
  return words.join(",");
}
