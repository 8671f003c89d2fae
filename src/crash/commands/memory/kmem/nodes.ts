import { hex, padHex } from "../../../../base/hex.ts";
import { memoryBlocks, memoryBlockState, sectionsPerBlock } from "../../../../linux/mm/memoryBlock.ts";
import { memoryModel } from "../../../../linux/mm/memoryModel.ts";
import { pageFrames, pglistData, zoneName, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import {
  hasSections,
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
import { cell } from "../../../../say/cell.ts";
import { left, middle, right } from "../../../../render/pad.ts";
import { record, text, type Line, type Piece, type Pieces, type Span, addressJson } from "../../../../say/piece.ts";
import { startOf } from "./place.ts";

/** `kmem -n`: nodes with their zones, sections of memory, and blocks of sections. */
export function* memoryNodeTables(kernel: Kernel): Pieces {
  for (const node of pglistData(kernel)) yield* nodeTable(kernel, node);
  if (hasSections(kernel)) yield* sectionTable(kernel);
  yield* blockTable(kernel);
}

const shownAt = (address: bigint, width = 16): Span => ({ as: "address", text: padHex(address, width), address });

function* nodeTable(kernel: Kernel, node: Obj): Pieces {
  const width = kernel.arch.wordSize * 2;
  const id = cell(() => node.at("node_id").number());
  const size = cell(() => node.at("node_spanned_pages").number());
  const zones = [...zonesOf(node)];
  const start = cell(() => startOf(node, "node_start_pfn", "node_spanned_pages").pfn);
  const first = startOf(node, "node_start_pfn", "node_spanned_pages");
  yield text([
    {
      as: "title",
      text: `NODE    SIZE    ${center("PGLIST_DATA", width)}    BOOTMEM_DATA    ${center("NODE_ZONES", width)}`,
    },
  ]);
  yield record(
    {
      node: id.json,
      size: size.json,
      pglistData: addressJson(node.address),
      zones: zones.map(({ address }) => addressJson(address)),
    },
    [
      ...right(id.span, 3),
      "    ",
      ...left(size.span, 6),
      "   ",
      shownAt(node.address, width),
      "        ----        ",
      ...zones.slice(0, 1).map(({ address }) => shownAt(address, width)),
    ],
    ...zones.slice(1).map(({ address }): Line => [" ".repeat(36 + width), shownAt(address, width)]),
    [{ as: "title", text: `${center("MEM_MAP", width)}     START_PADDR    START_MAPNR` }],
    [...left(first.map, width), "    ", ...middle(first.physical, 11), "     ", ...middle(start.span, 11)],
    [],
    [{ as: "title", text: `ZONE  NAME         SIZE  ${center(" MEM_MAP", width)}  START_PADDR  START_MAPNR` }],
  );
  let number = 0;
  for (const zone of zones) yield zoneRow(zone, number++, width);
  yield text("");
}

function zoneRow(zone: Obj, number: number, width: number): Piece {
  const name = cell(() => zoneName(zone));
  const size = cell(() => zone.at("spanned_pages").number());
  const start = startOf(zone, "zone_start_pfn", "spanned_pages");
  return record(
    { zone: number, address: addressJson(zone.address), name: name.json, size: size.json, startPfn: start.pfn },
    [
      `${String(number).padStart(3)}   `,
      ...left(name.span, 9),
      ...right(size.span, 8),
      "  ",
      ...right(start.map, width),
      ...right(start.physical, 13),
      ...right(String(start.pfn), 13),
    ],
  );
}

/** Letters of a section's state; a blank where it is not so. */
const STATE: readonly (readonly [mask: bigint, letter: string])[] = [
  [SECTION_MARKED_PRESENT, "P"],
  [SECTION_HAS_MEM_MAP, "M"],
  [SECTION_IS_ONLINE, "O"],
  [SECTION_IS_EARLY, "E"],
  [SECTION_TAINT_ZONE_DEVICE, "D"],
];

function* sectionTable(kernel: Kernel): Pieces {
  const width = kernel.arch.wordSize * 2;
  const { size } = memoryModel(kernel);
  const perSection = pagesPerSection(kernel);
  const titles = ["SECTION", "CODED_MEM_MAP", "MEM_MAP"].map((title) => center(title, width)).join("  ");
  yield text("-".repeat(67), "", [{ as: "title", text: `NR  ${titles}  STATE PFN` }]);
  for (const section of memSections(kernel)) yield sectionRow(section, perSection, size, width);
}

function sectionRow(section: MemSection, perSection: number, size: number, width: number): Piece {
  const pfn = section.number * perSection;
  const coded = sectionMap(section);
  const map = BigInt.asUintN(64, coded + BigInt(pfn) * BigInt(size));
  const state = STATE.map(([mask, letter]) => (section.encoded & mask ? letter : " ")).join("");
  const data = {
    section: section.number,
    address: addressJson(section.address),
    memMap: addressJson(map),
    state: state.trim(),
    pfn,
  };
  return record(data, [
    String(section.number).padStart(2),
    "  ",
    shownAt(section.address, width),
    `  ${padHex(coded, width)}  `,
    shownAt(map, width),
    `  ${state} `,
    String(pfn),
  ]);
}

function* blockTable(kernel: Kernel): Pieces {
  // Ranges are as wide as the highest address; their title stands in the middle of both.
  const digits = hex(BigInt(pageFrames(kernel).end) * BigInt(pageSize(kernel))).length;
  const range = `${" ".repeat(digits)}PHYSICAL RANGE${" ".repeat(Math.max(1, digits - 3))}`;
  let isFirst = true;
  for (const block of memoryBlocks(kernel)) {
    const title = `${center("MEM_BLOCK", kernel.arch.wordSize * 2)}    NAME${range}NODE  STATE   START_SECTION_NO`;
    if (isFirst) yield text("", [{ as: "title", text: title }]);
    isFirst = false;
    yield blockRow(kernel, block, digits);
  }
}

function blockRow(kernel: Kernel, block: Obj, digits: number): Piece {
  const bytes = pagesPerSection(kernel) * pageSize(kernel);
  const name = cell(() => block.at("dev.kobj.name").text());
  const section = cell(() => block.at("start_section_nr").number());
  const node = block.has("nid") ? cell(() => block.at("nid").number()) : undefined;
  const state = cell(() => memoryBlockState(block));
  const range = cell(
    () => BigInt(block.at("start_section_nr").number()) * BigInt(bytes),
    (start) => {
      const last = start + BigInt(bytes * sectionsPerBlock(kernel)) - 1n;
      return `${hex(start).padStart(digits + 3)} - ${hex(last).padStart(digits)}`;
    },
  );
  const data = {
    block: addressJson(block.address),
    name: name.json,
    start: range.json,
    node: node?.json,
    state: state.json,
    section: section.json,
  };
  return record(data, [
    " ",
    shownAt(block.address, kernel.arch.wordSize * 2),
    "   ",
    ...left(name.span, 8),
    range.span,
    "  ",
    ...left(node?.span ?? "", 5),
    ...left(state.span, 8),
    section.span,
  ]);
}

const center = (title: string, width: number): string =>
  title.padStart(Math.floor((width - title.length) / 2) + title.length).padEnd(width);
