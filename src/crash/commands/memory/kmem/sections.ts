/** Tables of memory sections and blocks of sections, for `kmem -n`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { memoryBlocks, memoryBlockState, sectionsPerBlock } from "../../../../linux/mm/memoryBlock.ts";
import { memoryModel } from "../../../../linux/mm/memoryModel.ts";
import { pageFrames } from "../../../../linux/mm/mmzone.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import {
  memSections,
  pagesPerSection,
  SECTION_HAS_MEM_MAP,
  SECTION_IS_EARLY,
  SECTION_IS_ONLINE,
  SECTION_MARKED_PRESENT,
  SECTION_TAINT_ZONE_DEVICE,
  sectionMap,
  type MemSection,
} from "../../../../linux/mm/sparse.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** Letters of a section's state; a blank if the bit is not set. */
const STATE: readonly (readonly [mask: bigint, letter: string])[] = [
  [SECTION_MARKED_PRESENT, "P"],
  [SECTION_HAS_MEM_MAP, "M"],
  [SECTION_IS_ONLINE, "O"],
  [SECTION_IS_EARLY, "E"],
  [SECTION_TAINT_ZONE_DEVICE, "D"],
];

interface SectionRow {
  readonly section: MemSection;
  /** First page frame of the section. */
  readonly pfn: number;
  /** Size of a `struct page` in bytes. */
  readonly size: number;
}

const lettersOf = ({ encoded }: MemSection): string =>
  STATE.map(([mask, letter]) => (encoded & mask ? letter : " ")).join("");

export const sectionsTable: Table<SectionRow> = {
  gap: "  ",
  columns: {
    section: { kind: "number", title: "NR", width: 2, value: ({ section }) => section.number },
    address: {
      kind: "address",
      title: "SECTION",
      titleAlign: "center",
      about: "of the struct mem_section",
      value: ({ section }) => section.address,
    },
    codedMap: {
      kind: "address",
      title: "CODED_MEM_MAP",
      titleAlign: "center",
      about: "section_mem_map without its flags: the address that the struct page of frame 0 would have",
      value: ({ section }) => BigInt.asUintN(64, sectionMap(section)),
    },
    memMap: {
      kind: "address",
      title: "MEM_MAP",
      titleAlign: "center",
      about: "the struct page of its first page",
      value: ({ section, pfn, size }) => BigInt.asUintN(64, sectionMap(section) + BigInt(pfn) * BigInt(size)),
    },
    state: {
      kind: "text",
      title: "STATE",
      about: "letters of its flags: present, with a mem map, online, early, of a device",
      value: ({ section }) => lettersOf(section).replaceAll(" ", ""),
      text: (_, { section }) => lettersOf(section),
    },
    pfn: { kind: "number", title: "PFN", align: "left", gap: " ", value: ({ pfn }) => pfn },
  },
};

/** The rule that crash prints. */
const RULE = "-------------------------------------------------------------------";

/** Lists memory sections. */
export function* sectionTable(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, sectionsTable);
  const { size } = memoryModel(kernel);
  const perSection = pagesPerSection(kernel);
  yield text(RULE, "", layout.headingLine());
  for (const section of memSections(kernel)) yield layout.row({ section, pfn: section.number * perSection, size });
}

interface BlockRow {
  /** The block, `struct memory_block`. */
  readonly block: Obj;
  /** The range of physical addresses of the block. */
  readonly range: { readonly start: bigint; readonly last: bigint } | Fault;
}

/**
 * The table of blocks. @param digits digits of the highest physical address: both columns of a range have this width,
 * and one title is centred above them
 */
export const blocksTable = (digits = 9): Table<BlockRow> => ({
  columns: {
    block: {
      kind: "address",
      title: "MEM_BLOCK",
      titleAlign: "center",
      gap: " ",
      titleGap: "",
      about: "of the struct memory_block",
      value: ({ block }) => block.address,
    },
    name: {
      kind: "text",
      title: "NAME",
      gap: "   ",
      titleGap: "    ",
      width: 8,
      titleWidth: 4,
      value: ({ block }) => block.at("dev.kobj.name").text(),
    },
    ...rangeColumns(digits),
    node: {
      kind: "number",
      title: "NODE",
      align: "left",
      gap: "  ",
      titleGap: "",
      titleWidth: 6,
      width: 5,
      value: ({ block }) => (block.has("nid") ? block.at("nid").number() : undefined),
    },
    state: { kind: "text", title: "STATE", gap: "", width: 8, value: ({ block }) => memoryBlockState(block) },
    section: {
      kind: "number",
      title: "START_SECTION_NO",
      align: "left",
      gap: "",
      value: ({ block }) => block.at("start_section_nr").number(),
    },
  },
});

const RANGE_TITLE = "PHYSICAL RANGE";

const rangeColumns = (digits: number): Table<BlockRow>["columns"] => ({
  start: {
    kind: "address",
    title: RANGE_TITLE,
    titleAlign: "right",
    titleWidth: digits + RANGE_TITLE.length,
    gap: "",
    width: digits + 3,
    align: "right",
    value: ({ range }) => (range instanceof Fault ? range : range.start),
    text: hex,
  },
  last: {
    kind: "address",
    title: "",
    titleGap: "",
    titleWidth: Math.max(1, digits - 3),
    gap: " - ",
    width: digits,
    align: "right",
    about: "its last byte",
    value: ({ range }) => (range instanceof Fault ? range : range.last),
    text: hex,
  },
});

/** Lists the blocks of sections, the units that go online and offline. */
export function* blockTable(kernel: Kernel): Pieces {
  const digits = hex(BigInt(pageFrames(kernel).end) * BigInt(pageSize(kernel))).length;
  const bytes = pagesPerSection(kernel) * pageSize(kernel);
  const layout = new TableLayout(kernel, blocksTable(digits));
  let isFirst = true;
  for (const block of memoryBlocks(kernel)) {
    if (isFirst) yield text("", layout.headingLine());
    isFirst = false;
    const range = attempt(() => {
      const start = BigInt(block.at("start_section_nr").number()) * BigInt(bytes);
      return { start, last: start + BigInt(bytes * sectionsPerBlock(kernel)) - 1n };
    });
    yield layout.row({ block, range });
  }
}
