/** Implements `timer`: lists the timers in the timer wheels. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { type TimerBase, timerBases, wheelTimers } from "../../../../linux/time/timer.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table } from "../../../../render/layout.ts";
import { faultPiece, type Pieces, text } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { functionColumn } from "../../../say/functionCell.ts";

interface Timer {
  readonly timer: Obj;
  readonly expires: bigint | Fault;
  readonly function: bigint | Fault;
}

/** Lists the timer wheels of a CPU, each by time of expiry. Times are in jiffies. */
export function* cpuWheels(kernel: Kernel, cpu: number, jiffies: bigint): Pieces {
  for (const { name, base } of timerBases(kernel, cpu)) yield* wheel({ name, base }, cpu, jiffies);
}

function* wheel({ name, base }: TimerBase, cpu: number, jiffies: bigint): Pieces {
  const { kernel } = base;
  yield text([{ as: "title", text: `TIMER_BASES[${cpu}][${name}]: ` }, addressSpan(kernel, base.address)]);
  const faults: Fault[] = [];
  const timers = [...untilFault(wheelTimers(base), (fault) => faults.push(fault))].map((timer): Timer => ({
    timer,
    expires: attempt(() => timer.at("expires").value()),
    function: attempt(() => timer.at("function").value()),
  }));
  const untilExpiry = remaining(kernel, jiffies);
  timers.sort((a, b) => order(untilExpiry(a), untilExpiry(b)));
  if (timers.length === 0 && faults.length === 0) yield text("  (none)");
  if (timers.length > 0) yield* table(kernel, wheelTable(cpu, name, jiffies), timers);
  yield* faults.map((fault) => faultPiece(fault, "timer: "));
}

/** Returns the function that gives the jiffies until a timer expires. Jiffies wrap around, on 32 bits after 5 minutes. */
const remaining =
  ({ arch }: Kernel, jiffies: bigint) =>
  ({ expires }: Timer): bigint | Fault =>
    expires instanceof Fault ? expires : BigInt.asIntN(arch.wordSize * 8, expires - jiffies);

/** Orders timers by the time until they expire. Sorting is stable, so equal times keep the order of their buckets. */
function order(a: bigint | Fault, b: bigint | Fault): number {
  if (a instanceof Fault || b instanceof Fault) return Number(a instanceof Fault) - Number(b instanceof Fault);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The table of timers. @param jiffies the current time */
export const wheelTable = (cpu: number, base: string, jiffies: bigint): Table<Timer, PageKeys["timer"]> => ({
  columns: {
    cpu: { kind: "number", value: () => cpu },
    base: { kind: "text", about: "name of the wheel", value: () => base },
    expires: {
      kind: "integer",
      title: "EXPIRES",
      titleWidth: 7,
      unit: "jiffies",
      width: "rows",
      align: "left",
      gap: "  ",
      value: ({ expires }) => expires,
    },
    timeToExpire: {
      kind: "integer",
      title: "TTE",
      titleWidth: 3,
      unit: "jiffies",
      about: "negative if overdue",
      width: "rows",
      gap: "   ",
      titleGap: "        ",
      value: (row) => remaining(row.timer.kernel, jiffies)(row),
    },
    timer: {
      kind: "address",
      title: "TIMER_LIST",
      titleAlign: "right",
      takesSlack: true,
      gap: "  ",
      titleGap: "",
      value: ({ timer }) => timer.address,
    },
    function: {
      ...functionColumn<Timer>(
        ({ timer }) => timer.kernel,
        ({ function: callback }) => callback,
      ),
      gap: "  ",
      titleGap: "     ",
    },
  },
});
