/** Checks for a spinlock that was never released. */
import { Fault } from "../../base/fault.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import type { Check } from "../check.ts";
import { cpuContext } from "../cpuContext.ts";
import { functionOf } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { readWord, siteOf } from "../values/site.ts";
import { lockOf, spinners } from "../waits/spinning.ts";

/** Functions that spin on a spinlock, which is their first argument. */
const SPINS = /^(?:native_|pv_)?queued_spin_lock_slowpath$|^__pv_queued_spin_lock_slowpath$/;

/**
 * Reports a spinlock that a CPU spins on while all other CPUs are idle: it was never released, or its holder sleeps.
 */
export const spinningLock: Check = {
  id: "spinning-lock",
  needs: ["stack"],
  about: ["soft-lockup", "hard-lockup", "rcu-stall", "nmi"],
  *run(kernel, crash) {
    const cpu = crash.cpu ?? crash.report?.cpu;
    const context = cpu === undefined ? undefined : cpuContext(kernel, cpu);
    const [frame] = context?.frames ?? [];
    if (!context || !frame || !SPINS.test(functionOf(frame) ?? "")) return;
    const others = possibleCpus(kernel).filter((one) => one !== cpu);
    const isAlone = others.every((one) => cpuContext(kernel, one)?.pid === 0);
    const site = yield* siteOf(kernel, frame, cpu);
    const found = yield* lockOf(site);
    if (!found) throw Fault.of("unknown", "which lock the CPU spins for cannot be told from the code");
    if (!isAlone) return;
    // The stacks show who has taken it: `waits` reports that.
    const all = yield* spinners(kernel);
    if (all.some(({ context: one, wait }) => one.cpu === cpu && (wait.state?.holders ?? []).length > 0)) return;
    const { lock, asker } = found;
    const evidence: [Evidence, ...Evidence[]] = [
      { kind: "frame", task: context.task.address, pc: frame.pc, text: functionOf(frame) ?? "?" },
    ];
    const word = readWord(kernel, lock & ~7n, 8);
    if (word !== undefined) evidence.push({ kind: "memory", address: lock & ~7n, value: word });
    yield {
      id: "lock.never-released",
      severity: "cause",
      certainty: "likely",
      slots: { lock, function: asker },
      text: [
        { kind: "cpu", cpu: context.cpu },
        " spins for the lock at ",
        { kind: "address", address: lock },
        `, which ${asker} tried to take; every other CPU is idle: the lock was never released, or its holder sleeps.`,
      ],
      evidence,
    };
  },
};
