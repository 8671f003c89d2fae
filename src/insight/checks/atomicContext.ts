/** Checks why a task that slept was not allowed to sleep. */
import { Fault } from "../../base/fault.ts";
import { resourceName } from "../../linux/locks/resourceName.ts";
import { preemptCountText, preemptFields } from "../../log/preemptCount.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Check, Step } from "../check.ts";
import { type CrashFacts, functionOf } from "../crashFacts.ts";
import type { Finding, Reference } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";
import { attempted, withEntry } from "../values/calls.ts";
import { argumentAt } from "../values/passed.ts";
import { siteOf } from "../values/site.ts";
import { instructionText, sourceWords } from "../values/words.ts";
import { calledName, callsOf, LOCK_CALLS } from "../waits/lockCalls.ts";

/** Maximum number of functions on the stack, from the guilty one outwards, that are searched. */
const MAX_FRAMES = 8;

/** Reports the spinlock that a function on the stack took and has not released, when the task slept. */
export const atomicContext: Check = {
  id: "atomic-context",
  needs: ["stack"],
  about: ["atomic-schedule", "atomic-sleep"],
  *run(kernel, crash) {
    const from = guiltyFrame(crash)?.index ?? 0;
    let searched = 0;
    for (const frame of crash.frames.slice(from, from + MAX_FRAMES)) {
      if (frame.trap) break;
      searched++;
      const found = yield* takenBefore(kernel, crash, frame);
      if (found) return void (yield found);
    }
    const because = `none of the ${searched} functions searched on the stack is known to call one that takes a spinlock`;
    const counted = countFinding(crash, because);
    if (!counted) throw Fault.of("unknown", because);
    yield counted;
  },
};

/** Returns the preempt count that the report prints; undefined if it prints none. */
function reportedCount({ report }: CrashFacts): number | undefined {
  const digits = /\/0x([0-9a-f]{8})\b/.exec(report?.headline ?? "")?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/**
 * Returns the phrase for a preempt count that __schedule_bug() printed. schedule() itself has disabled preemption then;
 * a kernel without CONFIG_PREEMPT_COUNT does not count that, nor spinlocks, so that the field is 0.
 */
const countWords = (count: number): string =>
  `the preempt count was ${preemptCountText(count)}${preemptFields(count).preempt === 0 ? "" : ", of which 1 is that of schedule()"}`;

/** Returns the finding about the preempt count alone; undefined without one. @param because why no spinlock is known */
function countFinding(crash: CrashFacts, because: string): Finding | undefined {
  const preemptCount = reportedCount(crash);
  const name = guiltyFrame(crash)?.function;
  const { report } = crash;
  if (preemptCount === undefined || name === undefined || !report) return undefined;
  return {
    id: "context.atomic",
    severity: "cause",
    certainty: "certain",
    slots: { function: name, preemptCount },
    text: [
      `${name} slept when it was not allowed to: ${countWords(preemptCount)}. No spinlock is known to be the reason.`,
    ],
    evidence: [{ kind: "log", line: report.report.at, text: report.headline }],
    unknown: [{ what: "which lock was held, if any", because }],
  };
}

/** Returns the finding about the last spinlock that a function took before its call in progress, and did not release. */
function* takenBefore(kernel: Kernel, crash: CrashFacts, frame: Frame): Generator<Step, Finding | undefined, void> {
  const plain = yield* attempted(siteOf(kernel, frame, crash.cpu));
  const site = plain && ((yield* attempted(withEntry(plain))) ?? plain);
  const register = kernel.arch.argumentRegisters?.[0];
  if (!site || register === undefined) return undefined;
  const { graph } = site;
  const { take, release } = LOCK_CALLS.spinlock;
  const isReleasing = (index: number): boolean => release.test(calledName(graph, index));
  const index = callsOf(graph, take).findLast((one) => one !== site.index && graph.leads(one, site.index, isReleasing));
  const effect = index === undefined ? undefined : graph.effects[index];
  if (index === undefined || !effect) return undefined;
  const lock = argumentAt(site, index, register);
  const name = functionOf(frame) ?? "the code";
  const taker = calledName(graph, index);
  const count = reportedCount(crash);
  const which = lock === undefined ? undefined : lockReference(kernel, lock);
  return {
    id: "context.atomic",
    severity: "cause",
    certainty: "likely",
    slots: { function: name, lock, preemptCount: count },
    text: [
      `${name} called ${taker}()`,
      ...(which ? [" for ", which] : []),
      ...sourceWords(kernel, effect.address),
      " before it slept, and nothing shows that it has released the lock",
      count === undefined ? "." : `; ${countWords(count)}.`,
    ],
    evidence: [
      { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) },
      { kind: "frame", task: crash.task?.address ?? 0n, pc: frame.pc, text: name },
    ],
  };
}

function lockReference(kernel: Kernel, address: bigint): Reference {
  const name = resourceName(kernel, { kind: "spinlock", address, type: undefined });
  return {
    kind: "lock",
    address,
    type: "struct raw_spinlock",
    name: name === undefined ? undefined : `spinlock ${name}`,
  };
}
