/** Checks how a kernel stack overflowed. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { endOfStack, STACK_END_MAGIC } from "../../linux/sched/stack.ts";
import { plainName } from "../../log/place.ts";
import { threadSize } from "../../unwind/stacks.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Check } from "../check.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { addressOf, type Finding } from "../finding.ts";
import { isStackEnd, recursingFunction } from "../guiltyFrame.ts";
import { isStackFull, ownFrames, stackDepth } from "../stackDepth.ts";

/** Reports the depth of the stack at the overflow, and the function that used most of it. */
export const stackOverflow: Check = {
  id: "stack-overflow",
  needs: ["stack"],
  about: ["stack-guard", "stack-overflow", "double-fault"],
  *run(kernel, crash) {
    const { task, pid, comm, report } = crash;
    const other = /\b(?!TASK)([A-Z#]{2,12}) stack guard page was hit/.exec(report?.headline ?? "")?.[1];
    if (other !== undefined) throw Fault.of("unknown", `the stack that overflowed is not the task's: ${other}`);
    const frames = ownFrames(crash);
    const [first] = frames;
    const depth = stackDepth(crash);
    if (!task || !first || depth === undefined)
      throw Fault.of("unknown", "no frame of the stack that overflowed was found");
    if (depth <= 0 || depth > 2 * threadSize(kernel))
      throw Fault.of("unknown", "the frames are not on one stack, so that its depth is not known");
    const takers = byFunction(frames);
    const [most] = takers;
    if (!most) throw Fault.of("unknown", "no function of the stack is known");
    const recursion = recursingFunction(frames);
    const recursing = takers.find(({ name }) => name === recursion);
    const partners = recursing ? takers.filter(({ count }) => Math.abs(count - recursing.count) <= 1) : [];
    // A double fault, and an overwritten end of the stack, have other causes too: only a full stack is an overflow.
    const isFull = isStackFull(kernel, depth);
    if (crash.kind === "double-fault" && !isFull) return;
    if (isStackEnd(crash) && !isFull) return yield overwrittenEnd(kernel, crash, task, depth);
    // Another stack may have overflowed, or the frames may end early.
    if (depth < threadSize(kernel) / 2)
      throw Fault.of("unknown", `the frames that were found take only ${depth} bytes of the task's stack`);
    yield {
      id: "stack.overflow",
      severity: "cause",
      certainty: "certain",
      slots: { task: pid, depth, recursion: recursing?.name },
      text: [
        "The stack of ",
        { kind: "task", address: task.address, pid: pid ?? 0, comm: comm ?? "?" },
        ` (${threadSize(kernel)} bytes) was full: ${frames.length} frames take ${depth} bytes`,
        recursing === undefined
          ? `; the most, ${most.bytes} bytes, are of ${most.name}.`
          : recursionWords(recursing, partners),
      ],
      evidence: [
        { kind: "frame", task: task.address, pc: first.pc, text: plainName(first.symbol?.name ?? "?") },
        ...(report ? [{ kind: "log", line: report.report.at, text: report.headline } as const] : []),
      ],
    };
  },
};

/**
 * Reports the word at the end of a stack that the scheduler found overwritten, though the frames do not fill the stack.
 * @throws Fault if the word is as it should be, or cannot be read
 */
function overwrittenEnd(kernel: Kernel, { pid, comm }: CrashFacts, task: Obj, depth: number): Finding {
  const address = endOfStack(task);
  const value = kernel.memory.word(address);
  if (value === STACK_END_MAGIC) throw Fault.of("unknown", "the word at the end of the stack is STACK_END_MAGIC");
  return {
    id: "stack.end-overwritten",
    severity: "cause",
    certainty: "certain",
    slots: { address, value, task: pid, depth },
    text: [
      "The last word of the stack of ",
      { kind: "task", address: task.address, pid: pid ?? 0, comm: comm ?? "?" },
      ", at ",
      addressOf(address),
      `, is ${hex0x(value)} instead of STACK_END_MAGIC (${hex0x(STACK_END_MAGIC)}). The frames take only ${depth} of ${threadSize(kernel)} bytes: the stack was deeper before, or something else wrote there.`,
    ],
    evidence: [{ kind: "memory", address, value }],
  };
}

/** Maximum number of functions that call each other and are named. */
const MAX_PARTNERS = 4;

/** @param partners the functions that call each other, with about as many frames each */
function recursionWords({ name, count, bytes }: Taker, partners: readonly Taker[]): string {
  if (partners.length < 2) return `; ${count} of them, ${bytes} bytes, are of ${name}, which calls itself.`;
  const others = partners.filter((one) => one.name !== name).map((one) => one.name);
  const all = partners.reduce((sum, one) => sum + one.bytes, 0);
  const more = others.length - (MAX_PARTNERS - 1);
  const named = [name, ...others.slice(0, MAX_PARTNERS - 1), ...(more > 0 ? [`${more} more`] : [])];
  const names = named.join(" and ");
  return `; ${all} bytes of them are of ${names}, which call each other, with ${count} frames of ${name}.`;
}

interface Taker {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** Returns the functions with the bytes of their frames, the largest first. */
function byFunction(frames: readonly Frame[]): Taker[] {
  const takers = new Map<string, Taker>();
  for (const [i, frame] of frames.entries()) {
    const outer = frames[i + 1];
    const name = frame.symbol && plainName(frame.symbol.name);
    if (name === undefined || !outer) continue;
    const before = takers.get(name) ?? { name, count: 0, bytes: 0 };
    takers.set(name, { name, count: before.count + 1, bytes: before.bytes + Number(outer.sp - frame.sp) });
  }
  return [...takers.values()].sort((a, b) => b.bytes - a.bytes);
}
