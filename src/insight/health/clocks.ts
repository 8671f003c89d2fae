/** Checks whether the machine's clocks are consistent. */
import { attempt, Fault } from "../../base/fault.ts";
import { logLines } from "../../linux/printk/printk.ts";
import { timekeeper, uptime } from "../../linux/time/timekeeping.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Largest step back of the log's time that is not reported, in seconds. The clocks of CPUs normally differ by less. */
const STEP_BACK = 1;
/** Largest difference between timer ticks and clock that is not reported, in seconds. */
const LOST_TICKS = 10;
/** Messages about a clock source that cannot be trusted (kernel/time/clocksource.c, arch/x86/kernel/tsc.c). */
const UNSTABLE =
  /Marking clocksource .{1,40} as unstable|Marking TSC unstable|clocksource .{1,40} (?:wd|cs) .{0,40}skewed/;

/** Reports a log whose time steps back, clock sources that were marked as unstable, and lost timer ticks. */
export const clocks: HealthCheck = {
  id: "clocks",
  title: "clock jumps",
  shows: "sys",
  *run(kernel) {
    const lines = logLines(kernel);
    const unstable = lines.findIndex(({ text }) => UNSTABLE.test(text));
    const text = lines[unstable]?.text;
    if (text !== undefined)
      yield observed(
        "clocks",
        "note",
        { unstable: true },
        ["The kernel marked a clock source as unstable; the log line gives the reason."],
        { kind: "log", line: unstable, text },
      );
    let newest = 0;
    for (const [line, { seconds, text: message }] of lines.entries()) {
      if (seconds === undefined) continue;
      if (newest - seconds > STEP_BACK) {
        yield observed(
          "clocks",
          "note",
          { stepBack: newest - seconds },
          [`The log's clock steps back by ${(newest - seconds).toFixed(1)} s: the clocks of the CPUs differ.`],
          { kind: "log", line, text: message },
        );
        break;
      }
      newest = Math.max(newest, seconds);
    }
    const clock = attempt(() => timekeeper(kernel).at("ktime_sec").number());
    const ticks = uptime(kernel);
    if (!(clock instanceof Fault) && Math.abs(clock - ticks) > LOST_TICKS)
      yield observed(
        "clocks",
        "note",
        { clock, ticks: Math.round(ticks) },
        [
          `The clock counts ${clock} s since boot and the timer ticks ${Math.round(ticks)} s: ticks were lost, or the machine was suspended or paused.`,
        ],
        { kind: "output", command: "sys", text: `uptime by ticks: ${Math.round(ticks)} s` },
      );
    const source = attempt(() => timekeeper(kernel).at("tkr_mono.clock.name").text());
    const agrees =
      clock instanceof Fault ? "" : `, and the clock and the timer ticks differ by at most ${LOST_TICKS} s`;
    return `The log's time does not step back by more than ${STEP_BACK} s${agrees}${source instanceof Fault ? "" : `; the clock source is ${source}`}.`;
  },
};
