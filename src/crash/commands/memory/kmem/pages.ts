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
import { addressTitle } from "../../../say/addressCell.ts";
import {
  faultPiece,
  faultSpan,
  progress,
  text,
  type Json,
  type Line,
  type Piece,
  type Pieces,
  type Span,
  lazyRecord,
  addressJson,
} from "../../../../say/piece.ts";

/** The page frame that a user's address means: that of a `struct page`, of kernel memory, or a physical address. */
export function pfnOf(kernel: Kernel, address: bigint, isPhysical = false): number | Fault {
  const pointed = isPhysical ? undefined : attempt(() => pageToPfn(kernel, address));
  if (typeof pointed === "number") return pointed;
  let physical = address;
  if (!isPhysical && kernel.memory.isKernelAddress(address)) {
    const found = kernel.memory.translate(address);
    // Where all addresses are the kernel's, those that it has not mapped are physical.
    if (found instanceof Fault && found.kind !== "unmapped") return found;
    if (!(found instanceof Fault)) physical = found.physical;
  }
  const pfn = Number(physical >> BigInt(pageShift(kernel)));
  const page = attempt(() => pfnToPage(kernel, pfn));
  if (page instanceof Fault) return page;
  return page === undefined ? Fault.at("unmapped", address, "physical address not found in mem map") : pfn;
}

export const pageTitle = (kernel: Kernel): Line => [
  {
    as: "title",
    text: `${addressTitle(kernel, "PAGE")} PHYSICAL  ${addressTitle(kernel, "MAPPING")}  INDEX CNT FLAGS`,
  },
];

/** `kmem -p`: every page frame that has a struct. */
export function* pageTable(kernel: Kernel): Pieces {
  const { runs } = memoryModel(kernel);
  const end = runs.at(-1)?.end ?? 0;
  yield text(pageTitle(kernel));
  let done = 0;
  for (const page of pageStructs(kernel, 0, end)) {
    yield page instanceof Fault ? faultPiece(page) : pageRow(kernel, page);
    if (++done % 4096 === 0) yield progress("pages", done, end);
  }
}

/** One page's row. @throws Fault */
export const pageRowAt = (kernel: Kernel, pfn: number): Piece => pageRow(kernel, pageStruct(kernel, pfn));

function pageRow(kernel: Kernel, page: PageStruct): Piece {
  const width = kernel.arch.wordSize * 2;
  const { address, flags, mapping, index, count } = page;
  const physical = BigInt(page.pfn) * BigInt(pageSize(kernel));
  const data = (): Json => ({
    page: addressJson(address),
    physical: addressJson(physical),
    mapping: addressJson(mapping),
    index: String(index),
    count,
    flags: String(flags),
    names: namesOf(kernel, page),
  });
  const pointer: Span = mapping === 0n ? "0" : { as: "address", text: hex(mapping), address: mapping };
  const lines = (): Line[] => [
    [
      { as: "address", text: padHex(address, width), address },
      ` ${hex(physical).padStart(8)} ${" ".repeat(Math.max(0, width - hex(mapping).length))}`,
      pointer,
      ` ${hex(index).padStart(8)} ${String(count).padStart(2)} ${hex(flags)} ${namesOf(kernel, page).join(",")}`,
    ],
  ];
  return lazyRecord(data, lines);
}

const slabPageTest = derived("slab page type", (kernel) =>
  pageFlagMask(kernel, "PG_slab") === undefined ? pageTypeTest(kernel, "slab") : undefined,
);

/** Names of flags, and what the page is for where no flag tells it any more. */
function namesOf(kernel: Kernel, page: PageStruct): readonly string[] {
  const names = pageFlagNames(kernel, page.flags);
  const isSlab = slabPageTest(kernel);
  return isSlab?.(page.type) ? ["slab", ...names] : names;
}

/** Members that crash shows in decimal whatever they are declared as. */
const COUNTS: readonly string[] = ["_count", "_refcount", "_mapcount"];

/** `kmem -m`: members of every page's struct, or of one page's. @throws UsageError for a member that it has not */
export function* pageMembers(kernel: Kernel, members: readonly string[], pfn: number | undefined): Pieces {
  const type = kernel.types.named("struct page");
  const shape = kernel.object(type, 0n);
  for (const member of members) {
    if (!(attempt(() => shape.has(member)) === true)) throw new UsageError(`invalid page struct member: ${member}`);
  }
  const rowOf = (address: bigint): Piece => memberRow(kernel.object(type, address), members);
  yield text([{ as: "title", text: `${addressTitle(kernel, "PAGE")}  ${members.join("  ")}` }]);
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

function memberRow(page: Obj, members: readonly string[]): Piece {
  const value = (member: string): string | Fault => attempt(() => memberText(page.at(member), member));
  const { address } = page;
  const width = page.kernel.arch.wordSize * 2;
  return lazyRecord(
    () => ({
      page: addressJson(address),
      ...Object.fromEntries(
        members.map((member) => {
          const text = value(member);
          return [member, text instanceof Fault ? { fault: text.message } : text];
        }),
      ),
    }),
    () => [
      [
        { as: "address", text: padHex(address, width), address },
        ...members.flatMap((member): Span[] => {
          const text = value(member);
          return ["  ", text instanceof Fault ? faultSpan(text) : text];
        }),
      ],
    ],
  );
}

/** @throws Fault */
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
