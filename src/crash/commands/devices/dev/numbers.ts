import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { charDeviceRegions, regionCdev } from "../../../../linux/devices/charDevice.ts";
import { blockMajors, disks } from "../../../../linux/block/gendisk.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, symbolCell } from "../../../say/addressCell.ts";
import { type Cell, cell } from "../../../../say/cell.ts";
import { left, center, right } from "../../../../render/pad.ts";
import { faultPiece, faultSpan, faultJson, record, text, type Piece, type Pieces } from "../../../../say/piece.ts";

const MAJOR_WIDTH = 4;
const NAME_WIDTH = 15;

/** `dev`: character devices, then block devices, in the order of the kernel's tables. */
export function* deviceNumbers(kernel: Kernel): Pieces {
  yield heading(kernel, "CHRDEV", "CDEV");
  const faults: Piece[] = [];
  const note = (fault: Fault): unknown => faults.push(faultPiece(fault, "dev: "));
  for (const region of untilFault(charDeviceRegions(kernel), note)) {
    const cdev = attempt(() => regionCdev(kernel, region));
    yield row(region, "character", cdev, "ops");
  }
  yield* faults.splice(0);
  yield text("");
  yield heading(kernel, "BLKDEV", "GENDISK");
  const known = [...untilFault(disks(kernel), note)];
  for (const major of untilFault(blockMajors(kernel), note)) {
    const number = attempt(() => major.at("major").value());
    // Of several disks as crash, the one added last.
    const disk = known.findLast((one) => attempt(() => one.at("major").value()) === number);
    yield row(major, "block", disk, "fops");
  }
  yield* faults;
}

function heading({ arch }: Kernel, kind: string, object: string): Piece {
  const width = arch.wordSize * 2;
  const title = object.padStart(Math.ceil((width + object.length) / 2)).padEnd(width);
  return text([{ as: "title", text: `${kind}    ${"NAME".padEnd(NAME_WIDTH)}${title}  OPERATIONS` }]);
}

/**
 * @param entry `struct char_device_struct` or `blk_major_name`
 * @param device what the number leads to: a `struct cdev`, a `struct gendisk`
 * @param operations its member that points to its functions
 */
function row(entry: Obj, kind: string, device: Obj | undefined | Fault, operations: string): Piece {
  const { kernel } = entry;
  const width = kernel.arch.wordSize * 2;
  const major = cell(() => entry.at("major").number());
  const name = cell(() => entry.at("name").text());
  const known = device instanceof Fault ? undefined : device;
  const own: Cell =
    device instanceof Fault
      ? { span: faultSpan(device), json: faultJson(device) }
      : device
        ? addressCell(kernel, () => device.address)
        : { span: "(none)", json: null };
  const functions = known && symbolCell(kernel, () => known.at(operations).value());
  return record({ kind, major: major.json, name: name.json, device: own.json, operations: functions?.json }, [
    ...right(major.span, MAJOR_WIDTH),
    " ".repeat(6),
    ...left(name.span, NAME_WIDTH),
    ...(known ? [own.span] : center(own.span, width)),
    ...(functions ? ["  ", functions.span] : []),
  ]);
}
