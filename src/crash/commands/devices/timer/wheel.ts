import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { type TimerBase, timerBases, wheelTimers } from "../../../../linux/time/timer.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { faultSpan, type Line, type Pieces, faultPiece, record, text, addressJson } from "../../../../say/piece.ts";
import { functionSpans, symbolName } from "../../../say/functionCell.ts";

interface Timer {
  readonly timer: Obj;
  readonly expires: bigint | Fault;
  readonly function: bigint | Fault;
}

/** The timer wheels of a CPU, each by time of expiry; times in jiffies. */
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
  timers.sort((a, b) => order(a, b));
  if (timers.length === 0 && faults.length === 0) yield text("  (none)");
  if (timers.length > 0) yield* rows(timers, cpu, name, jiffies);
  yield* faults.map((fault) => faultPiece(fault, "timer: "));
}

/** By time; sorting is stable, so those of the same time stay in the order of their buckets. */
function order(a: Timer, b: Timer): number {
  if (a.expires instanceof Fault || b.expires instanceof Fault)
    return Number(a.expires instanceof Fault) - Number(b.expires instanceof Fault);
  return a.expires < b.expires ? -1 : a.expires > b.expires ? 1 : 0;
}

function* rows(timers: readonly Timer[], cpu: number, base: string, jiffies: bigint): Pieces {
  const { kernel } = timers[0]?.timer ?? {};
  if (!kernel) return;
  const left = (expires: bigint): bigint => BigInt.asIntN(kernel.arch.wordSize * 8, expires - jiffies);
  const shown = timers.map((one) => (one.expires instanceof Fault ? "" : String(one.expires)));
  const tte = timers.map((one) => (one.expires instanceof Fault ? "" : String(left(one.expires))));
  const expiresWidth = Math.max("EXPIRES".length, ...shown.map((one) => one.length));
  const tteWidth = Math.max("TTE".length, ...tte.map((one) => one.length)) + 1;
  const list = "TIMER_LIST".padStart(kernel.arch.wordSize * 2 + 2 + expiresWidth + 2 + tteWidth - 18);
  yield text([{ as: "title", text: `  EXPIRES        TTE${list}     FUNCTION` }]);
  for (const [i, one] of timers.entries()) {
    const { timer, expires } = one;
    const line: Line = [
      "  ",
      expires instanceof Fault ? faultSpan(expires) : (shown[i] ?? "").padEnd(expiresWidth),
      "  ",
      (tte[i] ?? "").padStart(tteWidth),
      "  ",
      addressSpan(kernel, timer.address),
      "  ",
      ...functionSpans(kernel, one.function),
    ];
    yield record(
      {
        cpu,
        base,
        timer: addressJson(timer.address),
        expires: expires instanceof Fault ? null : expires.toString(),
        timeToExpire: expires instanceof Fault ? null : left(expires).toString(),
        function: symbolName(kernel, one.function),
      },
      line,
    );
  }
}
