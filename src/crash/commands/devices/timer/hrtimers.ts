/** Implements `timer -r`: lists high-resolution timers. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { clockName, clockTimers, hrtimerBase } from "../../../../linux/time/timer.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { longestLength } from "../../../../render/pad.ts";
import { faultPiece, faultSpan, type Pieces, type Span, spanText, text } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { cell } from "../../../../say/cell.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { functionColumn } from "../../../say/functionCell.ts";

/** Lists the high-resolution timers of a CPU by clock. Times are in nanoseconds. */
export function* cpuHrtimers(kernel: Kernel, cpu: number, now: bigint): Pieces {
  const base = hrtimerBase(kernel, cpu);
  const title = (text: string): Span => ({ as: "title", text });
  yield text([title(`CPU: ${cpu}`), "  ", title("HRTIMER_CPU_BASE: "), addressSpan(kernel, base.address)]);
  let number = 0;
  for (const clock of base.at("clock_base").elements()) {
    const name = cell(() => clockName(clock));
    const at = addressSpan(kernel, clock.address);
    yield text([`  CLOCK: ${number}  HRTIMER_CLOCK_BASE: `, at, "  [", name.span, "]"]);
    yield* clockQueue(clock, { cpu, clock: number++ }, now);
    yield text("");
  }
}

/** A clock of a CPU and its time in nanoseconds. */
interface Clock {
  readonly cpu: number;
  readonly clock: number;
  readonly now: bigint | Fault;
}

function* clockQueue(clock: Obj, place: Omit<Clock, "now">, now: bigint): Pieces {
  const faults: Fault[] = [];
  const timers = [...untilFault(clockTimers(clock), (fault) => faults.push(fault))];
  if (timers.length === 0 && faults.length === 0) return yield text("  (empty)");
  yield* queueRows(clock.kernel, timers, { ...place, now: attempt(() => now + clock.at("offset").value()) });
  yield* faults.map((fault) => faultPiece(fault, "timer: "));
}

interface Hrtimer {
  readonly timer: Obj;
  readonly soft: bigint | Fault;
  readonly expires: bigint | Fault;
}

/** The table of timers. @param rows the timers from whose times the common width of the time columns is computed */
export const hrtimersTable = ({ cpu, clock, now }: Clock, rows: readonly Hrtimer[]): Table<Hrtimer> => {
  const time = timeColumn(now, rows);
  return {
    gap: "  ",
    columns: {
      cpu: { kind: "number", value: () => cpu },
      clock: { kind: "number", about: "index of the clock in the CPU's base", value: () => clock },
      softExpires_ns: { ...time("SOFTEXPIRES", ({ soft }) => soft), gap: "  " },
      expires_ns: time("EXPIRES", ({ expires }) => expires),
      timeToExpire_ns: {
        kind: "nanoseconds",
        title: "TTE",
        titleAlign: "middle",
        width: "rows",
        about: "negative if overdue",
        value: ({ expires }) => (expires instanceof Fault ? expires : now instanceof Fault ? now : expires - now),
      },
      hrtimer: {
        kind: "address",
        title: "HRTIMER",
        titleAlign: "center",
        titleWidth: 16,
        value: ({ timer }) => timer.address,
      },
      function: {
        ...functionColumn<Hrtimer>(
          ({ timer }) => timer.kernel,
          ({ timer }) => timer.at("function").value(),
        ),
        titleGap: "      ",
      },
    },
  };
};

/** The table with the time of a clock, printed above its timers. */
const nowTable = (now: bigint | Fault, rows: readonly Hrtimer[]): Table<Clock> => ({
  columns: { now_ns: { ...timeColumn<Clock>(now, rows)("CURRENT", () => now), gap: "  " } },
});

/** Returns a function that makes centred time columns of the same width. */
function timeColumn<Row = Hrtimer>(now: bigint | Fault, rows: readonly Hrtimer[]) {
  const shown = (time: bigint | Fault): string => (time instanceof Fault ? spanText(faultSpan(time)) : String(time));
  const width = longestLength([
    "SOFTEXPIRES",
    ...[now, ...rows.flatMap(({ soft, expires }) => [soft, expires])].map(shown),
  ]);
  return (title: string, value: (row: Row) => bigint | Fault): Column<Row> => ({
    kind: "nanoseconds",
    title,
    align: "middle",
    width,
    value,
  });
}

function* queueRows(kernel: Kernel, timers: readonly Obj[], clock: Clock): Pieces {
  const rows = timers.map((timer) => ({
    timer,
    soft: attempt(() => timer.at("_softexpires").value()),
    expires: attempt(() => timer.at("node.expires").value()),
  }));
  const now = new TableLayout(kernel, nowTable(clock.now, rows));
  yield text(now.headingLine(), now.line(clock));
  const layout = new TableLayout(kernel, hrtimersTable(clock, rows));
  layout.fit(rows);
  yield layout.heading();
  for (const row of rows) yield layout.row(row);
}
