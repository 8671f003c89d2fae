import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { clockName, clockTimers, hrtimerBase } from "../../../../linux/time/timer.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { middle } from "../../../../render/pad.ts";
import { faultPiece, faultText, lineText, type Pieces, record, text, addressJson } from "../../../../say/piece.ts";
import { functionSpans, symbolName } from "../../../say/functionCell.ts";

/** The high-resolution timers of a CPU, clock by clock; nanoseconds. */
export function* cpuHrtimers(kernel: Kernel, cpu: number, now: bigint): Pieces {
  const base = hrtimerBase(kernel, cpu);
  yield text([{ as: "title", text: `CPU: ${cpu}  HRTIMER_CPU_BASE: ` }, addressSpan(kernel, base.address)]);
  let number = 0;
  for (const clock of base.at("clock_base").elements()) {
    const name = cell(() => clockName(clock));
    const at = addressSpan(kernel, clock.address);
    yield text([`  CLOCK: ${number}  HRTIMER_CLOCK_BASE: `, at, "  [", name.span, "]"]);
    yield* clockQueue(clock, { cpu, clock: number++ }, now);
    yield text("");
  }
}

function* clockQueue(clock: Obj, place: { readonly cpu: number; readonly clock: number }, now: bigint): Pieces {
  const faults: Fault[] = [];
  const timers = [...untilFault(clockTimers(clock), (fault) => faults.push(fault))];
  if (timers.length === 0 && faults.length === 0) return yield text("  (empty)");
  const offset = attempt(() => clock.at("offset").value());
  yield* queueRows(timers, place, offset instanceof Fault ? now : now + offset);
  yield* faults.map((fault) => faultPiece(fault, "timer: "));
}

function* queueRows(timers: readonly Obj[], place: object, now: bigint): Pieces {
  const rows = timers.map((timer) => ({
    timer,
    soft: attempt(() => timer.at("_softexpires").value()),
    expires: attempt(() => timer.at("node.expires").value()),
    function: attempt(() => timer.at("function").value()),
  }));
  const shown = (value: bigint | Fault): string => (value instanceof Fault ? `<${faultText(value)}>` : String(value));
  const left = (value: bigint | Fault): string => (value instanceof Fault ? "" : String(value - now));
  const widest = (texts: readonly string[]): number => Math.max(...texts.map((one) => one.length));
  const times = [String(now), ...rows.flatMap(({ soft, expires }) => [soft, expires]).map(shown)];
  const width = widest(["SOFTEXPIRES", ...times]);
  const leftWidth = widest(["TTE", ...rows.map(({ expires }) => left(expires))]);
  const centered = (value: string, columns: number): string => lineText(middle(value, columns));
  yield text(`  ${centered("CURRENT", width)}`, `  ${centered(String(now), width)}`);
  const titles = [
    centered("SOFTEXPIRES", width),
    centered("EXPIRES", width),
    centered("TTE", leftWidth),
    "    HRTIMER     ",
    "    FUNCTION",
  ];
  yield text([{ as: "title", text: `  ${titles.join("  ")}` }]);
  for (const { timer, soft, expires, function: callback } of rows) {
    const { kernel } = timer;
    yield record(
      {
        ...place,
        hrtimer: addressJson(timer.address),
        softExpires: shown(soft),
        expires: shown(expires),
        timeToExpire: left(expires),
        function: symbolName(kernel, callback),
      },
      [
        `  ${centered(shown(soft), width)}  ${centered(shown(expires), width)}  ${left(expires).padStart(leftWidth)}  `,
        addressSpan(kernel, timer.address),
        "  ",
        ...functionSpans(kernel, callback),
      ],
    );
  }
}
