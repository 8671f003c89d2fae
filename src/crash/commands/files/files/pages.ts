import { Fault, faultLast } from "../../../../base/fault.ts";
import { cachedPages, inodeAt, inodeMapping, pageCache } from "../../../../linux/fs/inode.ts";
import { pageToPfn } from "../../../../linux/mm/memoryModel.ts";
import { pglistData } from "../../../../linux/mm/mmzone.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { pageRowAt, pageTitle } from "../../memory/kmem/pages.ts";
import { right } from "../../../../render/pad.ts";
import { faultPiece, progress, record, text, type Piece, type Pieces } from "../../../../say/piece.ts";

/** `files -p`: every page of an inode that is in the page cache. @throws Fault when there is no inode */
export function* inodePages(kernel: Kernel, address: bigint): Pieces {
  const { mapping, heading } = inodeHeading(kernel, address);
  yield heading;
  yield text("", pageTitle(kernel));
  for (const pfn of pageFrames(mapping)) yield pfn instanceof Fault ? faultPiece(pfn) : pageRowAt(kernel, pfn);
}

/** `files -n`: on which memory nodes these pages are. @throws Fault */
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
    // Where the spans of nodes overlap, the one that begins later lies within the other.
    else {
      const node = nodes.findLast(({ first, frames }) => pfn >= first && pfn < first + frames);
      if (node) node.pages++;
    }
    if (++done % 1024 === 0) yield progress("pages", done, cachedPages(mapping));
  }
  yield text("", [{ as: "title", text: " NODE           PAGES" }]);
  for (const { id, pages } of nodes) {
    yield record({ node: id, pages }, [...right(String(id), 4), " ".repeat(8), ...right(String(pages), 10)]);
  }
}

function inodeHeading(kernel: Kernel, address: bigint): { mapping: Obj; heading: Piece } {
  const mapping = inodeMapping(inodeAt(kernel, address));
  const inode = addressCell(kernel, () => address);
  const pages = cell(() => cachedPages(mapping));
  const title = addressTitle(kernel, "INODE");
  const heading = record(
    { inode: inode.json, mapping: addressCell(kernel, () => mapping.address).json, pages: pages.json },
    [{ as: "title", text: `${title}  NRPAGES` }],
    [inode.span, ...right(pages.span, 9)],
  );
  return { mapping, heading };
}

/** Page frames of the cached pages, and why there may be more. */
function* pageFrames(mapping: Obj): Generator<number | Fault, void, void> {
  for (const cached of faultLast(pageCache(mapping))) {
    if (cached instanceof Fault) yield cached;
    else
      yield (
        pageToPfn(mapping.kernel, cached.page) ??
        Fault.at("corrupt", cached.page, "the page cache holds what is no page")
      );
  }
}
