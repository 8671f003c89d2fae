import { type Fault, untilFault } from "../../../base/fault.ts";
import { filePath } from "../../../linux/fs/dcache.ts";
import { pageSize } from "../../../linux/mm/page.ts";
import { isSwapPartition, swapAreas, swapPages, swapPagesInUse } from "../../../linux/mm/swap.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { cell } from "../../../say/cell.ts";
import { command } from "../../language/command.ts";
import { middle, right } from "../../../render/pad.ts";
import { faultPiece, record, text, type Piece, addressJson } from "../../../say/piece.ts";

export const swap = command({
  name: "swap",
  readsOnly: true,
  summary: "swap areas",
  usage: "",
  options: [],
  description: "Lists the swap areas in use: size and what is used of it in kilobytes, priority, and file or device.",
  examples: [{ line: "swap", shows: "Every swap area." }],
  needs: ["types"],
  *run({ kernel }) {
    const width = kernel.arch.wordSize * 2;
    const title = `${"SWAP_INFO_STRUCT".padEnd(width)}    TYPE       SIZE       USED     PCT  PRI  FILENAME`;
    yield text([{ as: "title", text: title }]);
    let fault: Fault | undefined;
    for (const { area } of untilFault(swapAreas(kernel), (why) => (fault = why))) yield row(kernel, area);
    if (fault) yield faultPiece(fault, "swap: ");
  },
});

function row(kernel: Kernel, area: Obj): Piece {
  const kilobytes = (pages: number): number => pages * (pageSize(kernel) / 1024);
  const type = cell(() => (isSwapPartition(area) ? "PARTITION" : "FILE"));
  const size = cell(
    () => kilobytes(swapPages(area)),
    (value) => `${value}k`,
  );
  const used = cell(
    () => kilobytes(swapPagesInUse(area)),
    (value) => `${value}k`,
  );
  const percent = cell(
    () => Math.floor((swapPagesInUse(area) * 100) / Math.max(1, swapPages(area))),
    (value) => `${value}%`,
  );
  const priority = cell(() => area.at("prio").number());
  const file = cell(() => filePath(area.at("swap_file").deref()));
  const data = {
    swapInfo: addressJson(area.address),
    type: type.json,
    size: size.json,
    used: used.json,
    percent: percent.json,
    priority: priority.json,
    file: file.json,
  };
  return record(data, [
    addressSpan(kernel, area.address),
    "  ",
    ...middle(type.span, 9),
    ...right(size.span, 11),
    ...right(used.span, 11),
    ...right(percent.span, 7),
    ...right(priority.span, 5),
    "  ",
    file.span,
  ]);
}
