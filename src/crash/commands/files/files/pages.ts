/** Implements `files -p` and `-n`: lists the cached pages of an inode. */
import { Fault, faultLast } from "../../../../base/fault.ts";
import { cachedPages, inodeAt, inodeMapping, pageCache } from "../../../../linux/fs/inode.ts";
import { pageToPfn } from "../../../../linux/mm/memoryModel.ts";
import { pglistData } from "../../../../linux/mm/mmzone.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { pageHeading, pageRowAt } from "../../memory/kmem/pages.ts";
import { table, TableLayout } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { faultPiece, progress, text, type Piece, type Pieces } from "../../../../say/piece.ts";

/** Lists all pages of an inode that are in the page cache, for `files -p`. @throws Fault if there is no inode */
export function* inodePages(kernel: Kernel, address: bigint): Pieces {
  const { mapping, heading } = inodeHeading(kernel, address);
  yield heading;
  yield text("");
  yield pageHeading(kernel);
  for (const pfn of pageFrames(mapping)) yield pfn instanceof Fault ? faultPiece(pfn) : pageRowAt(kernel, pfn);
}

/** Counts these pages by memory node, for `files -n`. @throws Fault */
export function* inodeNodes(kernel: Kernel, address: bigint): Pieces {
  const { mapping, heading } = inodeHeading(kernel, address);
  yield heading;
  const nodes = [...pglistData(kernel)].map((node) => ({
    id: node.at("node_id").number(),
    first: node.at("node_start_pfn").number(),
    frames: node.at("node_spanned_pages").number(),
    pages: 0,
  }));
  let done = 0;
  for (const pfn of pageFrames(mapping)) {
    if (pfn instanceof Fault) yield faultPiece(pfn);
    // If the spans of nodes overlap, the node that begins later is inside the other.
    else {
      const node = nodes.findLast(({ first, frames }) => pfn >= first && pfn < first + frames);
      if (node) node.pages++;
    }
    if (++done % 1024 === 0) yield progress("pages", done, cachedPages(mapping));
  }
  yield text("");
  yield* table(kernel, nodePagesTable, nodes);
}

export const nodePagesTable: Table<{ readonly id: number; readonly pages: number }> = {
  gap: "        ",
  columns: {
    node: { kind: "number", title: "NODE", titleWidth: 5, width: 4, value: ({ id }) => id },
    pages: { kind: "number", title: "PAGES", titleWidth: 8, width: 10, value: ({ pages }) => pages },
  },
};

interface InodeRow {
  readonly address: bigint;
  /** The `struct address_space` of the inode. */
  readonly mapping: Obj;
}

export const inodeTable: Table<InodeRow> = {
  gap: "  ",
  columns: {
    inode: { kind: "address", title: "INODE", titleAlign: "center", value: ({ address }) => address },
    mapping: { kind: "address", about: "of the struct address_space", value: ({ mapping }) => mapping.address },
    pages: {
      kind: "number",
      title: "NRPAGES",
      about: "in the page cache",
      width: 7,
      value: ({ mapping }) => cachedPages(mapping),
    },
  },
};

function inodeHeading(kernel: Kernel, address: bigint): { mapping: Obj; heading: Piece } {
  const mapping = inodeMapping(inodeAt(kernel, address));
  return { mapping, heading: new TableLayout(kernel, inodeTable).headed({ address, mapping }) };
}

/** Yields the page frame numbers of the cached pages, and why the list may be incomplete. */
function* pageFrames(mapping: Obj): Generator<number | Fault, void, void> {
  for (const cached of faultLast(pageCache(mapping))) {
    if (cached instanceof Fault) yield cached;
    else
      yield (
        pageToPfn(mapping.kernel, cached.page) ??
        Fault.at("corrupt", cached.page, "the entry in the page cache is not a page; the cache is probably damaged")
      );
  }
}
