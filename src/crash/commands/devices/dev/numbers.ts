/** Implements `dev`: lists the registered device numbers. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { charDeviceRegions, regionCdev } from "../../../../linux/devices/charDevice.ts";
import { blockMajors, disks } from "../../../../linux/block/gendisk.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { symbolColumn } from "../../../say/functionCell.ts";

interface NumberRow {
  /** The registration, `struct char_device_struct` or `blk_major_name`. */
  readonly entry: Obj;
  /** The device with this number: a `struct cdev` or a `struct gendisk`. */
  readonly device: Obj | undefined | Fault;
}

/**
 * The kinds of devices: the key is the name in JSON, then titles of columns, and the member that points to the
 * operations.
 */
const kinds = {
  character: { title: "CHRDEV", object: "CDEV", operations: "ops" },
  block: { title: "BLKDEV", object: "GENDISK", operations: "fops" },
} as const;

export const numbersTable = (kind: keyof typeof kinds): Table<NumberRow, PageKeys["dev"]> => ({
  columns: {
    kind: { kind: "text", about: "character or block", value: () => kind },
    major: {
      kind: "number",
      title: kinds[kind].title,
      titleAlign: "left",
      titleWidth: 6,
      width: 4,
      gap: "",
      value: ({ entry }) => entry.at("major").number(),
    },
    name: {
      kind: "text",
      title: "NAME",
      width: 15,
      gap: "      ",
      titleGap: "    ",
      value: ({ entry }) => entry.at("name").text(),
    },
    device: {
      kind: "address",
      title: kinds[kind].object,
      align: "center",
      gap: "",
      about: "struct cdev, or the struct gendisk that was added last",
      value: ({ device }) => (device instanceof Fault ? device : device?.address),
      absent: "(none)",
    },
    operations: {
      ...symbolColumn<NumberRow>(
        ({ entry }) => entry.kernel,
        ({ device }) =>
          device === undefined || device instanceof Fault ? undefined : device.at(kinds[kind].operations).value(),
      ),
      title: "OPERATIONS",
      gap: "  ",
    },
  },
});

/** Lists character devices, then block devices, in the order of the kernel's tables. */
export function* deviceNumbers(kernel: Kernel): Pieces {
  const faults: Piece[] = [];
  const keepFault = (fault: Fault): unknown => faults.push(faultPiece(fault, "dev: "));
  const characters = new TableLayout(kernel, numbersTable("character"));
  yield characters.heading();
  for (const entry of untilFault(charDeviceRegions(kernel), keepFault))
    yield characters.row({ entry, device: attempt(() => regionCdev(kernel, entry)) });
  yield* faults.splice(0);
  yield text("");
  const blocks = new TableLayout(kernel, numbersTable("block"));
  yield blocks.heading();
  const known = [...untilFault(disks(kernel), keepFault)];
  for (const entry of untilFault(blockMajors(kernel), keepFault)) {
    const number = attempt(() => entry.at("major").value());
    // If several disks have the number, show the one that was added last, as crash does.
    const device = known.findLast((one) => attempt(() => one.at("major").value()) === number);
    yield blocks.row({ entry, device });
  }
  yield* faults;
}
