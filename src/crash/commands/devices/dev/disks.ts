/** Implements `dev -d` and `-D`: lists disks with their requests in flight. */
import { attempt, Fault, faultLast } from "../../../../base/fault.ts";
import { driverInFlight, type InFlight, requestKinds, requestsInFlight } from "../../../../linux/block/blkMq.ts";
import { disks } from "../../../../linux/block/gendisk.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";

/** RAM disks and loop devices are skipped, because they have no hardware that could be slow. */
const SKIPPED = /^(ram|loop)\d/;

interface DiskRow {
  /** The disk, `struct gendisk`. */
  readonly disk: Obj;
  readonly inFlight: InFlight | Fault;
}

/**
 * The table of disks.
 * @param kinds the two kinds by which requests are counted
 * @param hasDriverCount whether request queues count the requests that their driver has
 */
export const disksTable = (kinds: readonly [string, string], hasDriverCount: boolean): Table<DiskRow> => ({
  columns: {
    major: { kind: "number", title: "MAJOR", width: 5, value: ({ disk }) => disk.at("major").number() },
    disk: { kind: "address", title: "GENDISK", titleAlign: "left", value: ({ disk }) => disk.address },
    name: { kind: "text", title: "NAME", width: 10, gap: "   ", value: ({ disk }) => disk.at("disk_name").text() },
    queue: {
      kind: "address",
      title: "REQUEST_QUEUE",
      titleAlign: "left",
      value: ({ disk }) => disk.at("queue").value(),
    },
    total: count("TOTAL", ([one, other]) => one + other, "   "),
    [kinds[0].toLowerCase()]: count(kinds[0], ([one]) => one),
    [kinds[1].toLowerCase()]: count(kinds[1], ([, other]) => other),
    driver: {
      kind: "number",
      ...(hasDriverCount && { title: "DRV" }),
      width: 5,
      about: "requests that the driver has; only for drivers with a single queue",
      value: ({ disk }) => driverInFlight(disk),
      absent: "N/A(MQ)",
    },
  },
});

const count = (title: string, countOf: (inFlight: InFlight) => number, gap = " "): Column<DiskRow> => ({
  kind: "number",
  title,
  width: 5,
  gap,
  value: ({ inFlight }) => (inFlight instanceof Fault ? inFlight : countOf(inFlight)),
});

/** Lists all disks for `dev -d`; with `all` false only busy ones, for `-D`. */
export function* diskRequests(kernel: Kernel, all: boolean): Pieces {
  const hasDriverCount = kernel.object("struct request_queue", 0n).has("in_flight");
  const layout = new TableLayout(kernel, disksTable(requestKinds(kernel), hasDriverCount));
  yield layout.heading();
  for (const disk of faultLast(disks(kernel))) {
    if (disk instanceof Fault) {
      yield faultPiece(disk, "dev: ");
      continue;
    }
    const name = attempt(() => disk.at("disk_name").text());
    if (typeof name === "string" && SKIPPED.test(name)) continue;
    const inFlight = attempt(() => requestsInFlight(disk));
    if (!all && !(inFlight instanceof Fault) && inFlight[0] + inFlight[1] === 0) continue;
    yield layout.row({ disk, inFlight });
  }
}
