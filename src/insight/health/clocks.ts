/** Checks whether the machine's clocks are consistent. */
import { attempt, Fault } from "../../base/fault.ts";
import { logLines } from "../../linux/printk/printk.ts";
import { timekeeper, uptime } from "../../linux/time/timekeeping.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Step back of the log's time above which it is reported, in seconds. The clocks of CPUs normally differ by less. */
const STEP_BACK = 1;
/** Difference between timer ticks and clock above which it is reported, in seconds. */
const LOST_TICKS = 10;
/** Messages about a clock source that is no longer used (kernel/time/clocksource.c, arch/x86/kernel/tsc.c). */
const UNSTABLE = /Marking clocksource .{1,40} as unstable|Marking TSC unstable/;

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
    let [newest, timed] = [0, 0];
    for (const [line, { seconds, text: message }] of lines.entries()) {
      if (seconds === undefined) continue;
      timed++;
      if (newest - seconds > STEP_BACK) {
        yield observed(
          "clocks",
          "note",
          { stepBack: newest - seconds },
          [
            `The log's clock steps back by ${(newest - seconds).toFixed(1)} s: the clocks of the CPUs differ, or a CPU was delayed while it stored a message.`,
          ],
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
          `The clock counts ${clock} s since boot and the timer ticks ${Math.round(ticks)} s${clock > ticks ? ": ticks were lost, as when interrupts are off for long or a virtual machine is paused" : ""}.`,
        ],
        { kind: "output", command: "sys", text: `uptime by ticks: ${Math.round(ticks)} s` },
      );
    const source = attempt(() => timekeeper(kernel).at("tkr_mono.clock.name").text());
    const log = timed === 0 ? "The log has no times" : `The log's time does not step back by more than ${STEP_BACK} s`;
    const agrees =
      clock instanceof Fault ? "" : `, and the clock and the timer ticks differ by at most ${LOST_TICKS} s`;
    return `${log}${agrees}${source instanceof Fault ? "" : `; the clock source is ${source}`}.`;
  },
};
