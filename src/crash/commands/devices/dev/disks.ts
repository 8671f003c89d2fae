import { attempt, Fault, faultLast } from "../../../../base/fault.ts";
import { driverInFlight, requestKinds, requestsInFlight } from "../../../../linux/block/blkMq.ts";
import { disks } from "../../../../linux/block/gendisk.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell } from "../../../say/addressCell.ts";
import { cell, faultCell } from "../../../../say/cell.ts";
import { left, right } from "../../../../render/pad.ts";
import { faultPiece, record, spanText, text, type Line, type Piece, type Pieces } from "../../../../say/piece.ts";

/** Disks in memory and files as disks: they have no device that could be slow. */
const SKIPPED = /^(ram|loop)\d/;

const NAME_WIDTH = 10;
const COUNT_WIDTH = 5;

/** `dev -d`, and with `all` false `-D`: disks with their requests under way. */
export function* diskRequests(kernel: Kernel, all: boolean): Pieces {
  const kinds = requestKinds(kernel);
  const hasDriverCount = kernel.object("struct request_queue", 0n).has("in_flight");
  const titles = ["TOTAL", ...kinds.map((kind) => kind.padStart(COUNT_WIDTH)), ...(hasDriverCount ? ["  DRV"] : [])];
  const heading = `MAJOR ${"GENDISK".padEnd(kernel.arch.wordSize * 2)}   ${"NAME".padEnd(NAME_WIDTH)} `;
  const queue = "REQUEST_QUEUE".padEnd(kernel.arch.wordSize * 2);
  yield text([{ as: "title", text: `${heading}${queue}   ${titles.join(" ")}` }]);
  for (const disk of faultLast(disks(kernel))) {
    const piece = disk instanceof Fault ? faultPiece(disk, "dev: ") : diskRow(disk, all, hasDriverCount);
    if (piece) yield piece;
  }
}

/** undefined for a disk that is not shown */
function diskRow(disk: Obj, all: boolean, hasDriverCount: boolean): Piece | undefined {
  const { kernel } = disk;
  const name = cell(() => disk.at("disk_name").text());
  if (SKIPPED.test(spanText(name.span))) return undefined;
  const found = attempt(() => requestsInFlight(disk));
  if (!all && !(found instanceof Fault) && found[0] + found[1] === 0) return undefined;
  const own = addressCell(kernel, () => disk.address);
  const queue = addressCell(kernel, () => disk.at("queue").value());
  const major = cell(() => disk.at("major").number());
  const [first, second] = requestKinds(kernel);
  const counts: Line =
    found instanceof Fault
      ? [faultCell(found).span]
      : [found[0] + found[1], ...found].flatMap((count) => [...right(String(count), COUNT_WIDTH), " "]);
  const driver = cell(
    () => driverInFlight(disk),
    (count) => (count === undefined ? "N/A(MQ)" : String(count)),
  );
  const data = {
    major: major.json,
    disk: own.json,
    name: name.json,
    queue: queue.json,
    ...(found instanceof Fault
      ? { fault: faultCell(found).json }
      : { [first.toLowerCase()]: found[0], [second.toLowerCase()]: found[1] }),
    driver: hasDriverCount ? driver.json : undefined,
  };
  return record(data, [
    ...[
      ...right(major.span, COUNT_WIDTH),
      " ",
      own.span,
      "   ",
      ...left(name.span, NAME_WIDTH),
      " ",
      queue.span,
      "   ",
    ],
    ...counts,
    ...(hasDriverCount ? right(driver.span, COUNT_WIDTH) : []),
  ]);
}
