/** Checks whether a double fault came from a bad stack pointer. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { taskAt, taskComm, taskPid } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import { stackAt } from "../../unwind/stacks.ts";
import type { Check } from "../check.ts";
import { code, type Sentence } from "../finding.ts";
import { loadEvidence } from "../values/chain.ts";
import { loadedFrom, type Origin } from "../values/provenance.ts";
import { type Site, siteOf } from "../values/site.ts";
import { functionName, registerEvidence, sourceWords } from "../values/words.ts";

/** Reports a stack pointer that is not a mapped address of the kernel, and the task whose saved stack pointer it was. */
export const stackPointer: Check = {
  id: "stack-pointer",
  needs: ["trap"],
  about: ["double-fault", "stack-segment"],
  *run(kernel, crash) {
    const { trap, task, cpu } = crash;
    const [frame] = crash.frames;
    const { sp } = kernel.arch;
    const value = trap?.registers.get(sp);
    if (!frame || value === undefined) throw Fault.of("unknown", "the stack pointer at the fault is not known");
    const problem = stackAt(kernel, value, task) ? undefined : problemOf(kernel, value);
    if (problem === undefined) return;
    const site = yield* siteOf(kernel, frame, cpu);
    const from = savedPlace(site, sp, value);
    const held = from?.object === undefined ? undefined : taskAt(kernel, from.object);
    const pid = held && attempt(() => taskPid(held));
    const owner: Sentence =
      held && typeof pid === "number"
        ? [" of ", { kind: "task", address: held.address, pid, comm: attempt(() => taskComm(held)).toString() }]
        : [];
    const member = from?.expression?.member?.path;
    const words: Sentence = from
      ? [" It is what ", member === undefined ? `the word at ${hex0x(from.address)}` : code(member), ...owner, ` holds, which ${functionName(site)} loads`, ...sourceWords(kernel, from.effect.address), "."] // prettier-ignore
      : [];
    const register = registerEvidence(site, task?.address ?? 0n, sp, value);
    yield {
      id: "fault.stack-pointer",
      severity: "cause",
      certainty: "certain",
      slots: { value, task: held?.address, pid: typeof pid === "number" ? pid : undefined, member },
      text: [
        `The stack pointer was ${hex0x(value)}, ${problem}: an exception could not be delivered on this stack.`,
        ...words,
      ],
      evidence: from ? [register, loadEvidence(kernel, from, value)] : [register],
    };
  },
};

/**
 * Returns where the function loads its stack pointer from, if the memory there still has the value of the stack
 * pointer. That equality shows that pushes and pops after the load cancelled each other, as in a loop.
 */
function savedPlace(site: Site, sp: string, value: bigint): Load | undefined {
  const found = site.graph.definitions(sp, site.index).flatMap((definition): Load[] => {
    const effect = definition.kind === "instruction" ? site.graph.effects[definition.index] : undefined;
    const from = effect?.writes.get(sp);
    if (definition.kind !== "instruction" || !effect || from?.kind !== "load") return [];
    const origin = loadedFrom(site, effect, definition.index, from, value);
    return origin.kind === "load" ? [origin] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

type Load = Extract<Origin, { kind: "load" }>;

/** Says why an address cannot be that of a stack; undefined if it can, or if a page table is not in the dump. */
function problemOf({ memory }: Kernel, address: bigint): string | undefined {
  if (!memory.isKernelAddress(address)) return "which is not a kernel address";
  const found = memory.translate(address);
  return found instanceof Fault && found.kind === "unmapped" ? "where nothing is mapped" : undefined;
}
