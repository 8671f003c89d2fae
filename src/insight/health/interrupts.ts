/** Checks for interrupt storms. */
import { cpusInUse } from "../../kernel/cpumask.ts";
import { spuriousState, occurrencesOn, irqNames, irqs } from "../../linux/irq/irq.ts";
import { uptime } from "../../linux/time/timekeeping.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Minimum number of interrupts per second that make a storm, for one line, on average since boot. */
const STORM = 100_000;
/**
 * Minimum number of interrupts without a responsible handler that is reported. note_interrupt() (kernel/irq/spurious.c)
 * disables a line if more than 99,900 of 100,000 had none.
 */
const UNHANDLED = 50_000;

/** Reports interrupt lines that the kernel disabled, that no handler is responsible for, or that interrupt very often. */
export const interrupts: HealthCheck = {
  id: "interrupts",
  title: "interrupt storms",
  shows: "irq -s",
  *run(kernel) {
    const cpus = cpusInUse(kernel);
    const seconds = Math.max(1, uptime(kernel));
    let most = 0;
    for (const { number, desc } of irqs(kernel)) {
      if (number % 16 === 0) yield pause("interrupts");
      const { isDisabledAsSpurious, unhandled } = spuriousState(desc);
      const count = cpus.reduce((sum, cpu) => sum + occurrencesOn(desc, cpu), 0);
      const rate = count / seconds;
      most = Math.max(most, rate);
      const what = isDisabledAsSpurious
        ? "was disabled by the kernel because no handler was responsible for it"
        : unhandled >= UNHANDLED
          ? `occurred ${unhandled} times lately without a handler that was responsible`
          : rate >= STORM
            ? `interrupted ${Math.round(rate)} times a second on average since boot`
            : undefined;
      if (what === undefined) continue;
      const names = irqNames(desc).join(", ");
      yield observed(
        "interrupts",
        "suspect",
        { irq: number, names, unhandled, rate: Math.round(rate), disabled: isDisabledAsSpurious },
        [`Interrupt ${number}${names === "" ? "" : ` (${names})`} ${what}.`],
        isDisabledAsSpurious || unhandled >= UNHANDLED
          ? {
              kind: "field",
              type: "struct irq_desc",
              address: desc.address,
              path: isDisabledAsSpurious ? "core_internal_state__do_not_mess_with_it" : "irqs_unhandled",
              value: isDisabledAsSpurious ? "IRQS_SPURIOUS_DISABLED" : String(unhandled),
            }
          : {
              kind: "output",
              command: "irq -s",
              text: `IRQ ${number}: ${count} interrupts in ${Math.round(seconds)} s`,
            },
      );
    }
    return `The busiest line interrupted ${Math.round(most)} times a second on average since boot; the kernel disabled none for lack of a handler, and none has many interrupts without one.`;
  },
};
