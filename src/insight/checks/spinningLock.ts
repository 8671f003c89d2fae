/** Checks for a spinlock that was never released, or whose memory is free. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Check } from "../check.ts";
import { type CpuContext, cpuContext } from "../cpuContext.ts";
import { functionOf } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, type Finding } from "../finding.ts";
import { objectFindings, objectState } from "../objectState.ts";
import { readWord, siteOf } from "../values/site.ts";
import { type AskedLock, lockOf, SPINLOCK_LOOP, spinners } from "../waits/spinning.ts";

/**
 * Reports a spinlock that a CPU spins on: one in a free object; or, if all other CPUs are idle, one that was never
 * released or whose holder sleeps.
 */
export const spinningLock: Check = {
  id: "spinning-lock",
  needs: ["stack"],
  about: ["soft-lockup", "hard-lockup", "rcu-stall", "nmi"],
  *run(kernel, crash) {
    const cpu = crash.cpu ?? crash.report?.cpu;
    const context = cpu === undefined ? undefined : cpuContext(kernel, cpu);
    const [frame] = context?.frames ?? [];
    if (!context || !frame || !SPINLOCK_LOOP.test(functionOf(frame) ?? "")) return;
    const others = possibleCpus(kernel).filter((one) => one !== cpu);
    const isAlone = others.every((one) => cpuContext(kernel, one)?.pid === 0);
    const site = yield* siteOf(kernel, frame, cpu);
    const found = yield* lockOf(site);
    if (!found) throw Fault.of("unknown", "which lock the CPU spins for cannot be told from the code");
    yield* freedLock(kernel, context, frame, found);
    if (!isAlone || objectState(kernel, found.lock)?.state === "free") return;
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

/** Reports a lock that is in a free object. */
export function* freedLock(
  kernel: Kernel,
  context: CpuContext,
  frame: Frame,
  { lock, asker }: AskedLock,
): Generator<Finding, void, void> {
  const object = objectState(kernel, lock);
  if (object?.state !== "free") return;
  const word = readWord(kernel, lock, 4);
  yield {
    id: "lock.freed",
    severity: "cause",
    certainty: object.isTypesafeByRcu ? "likely" : "certain",
    slots: { lock, object: object.address, cache: object.cache, function: asker },
    text: [
      { kind: "cpu", cpu: context.cpu },
      " spins for the lock at ",
      addressOf(lock),
      `, which ${asker} tried to take. The lock is in a free object of the slab cache ${object.cache}`,
      word === undefined ? "." : `; its word is ${hex0x(word)}.`,
      object.isTypesafeByRcu ? " Readers under RCU may take the lock of such an object (SLAB_TYPESAFE_BY_RCU)." : "",
    ],
    evidence: [
      { kind: "frame", task: context.task.address, pc: frame.pc, text: functionOf(frame) ?? "?" },
      { kind: "object", cache: object.cache, address: object.address, state: object.state },
    ],
  };
  yield* objectFindings(kernel, lock, { name: undefined, type: undefined });
}
