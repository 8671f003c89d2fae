/** Checks whether memory was freed that the allocator did not allocate. */
import { Fault } from "../../base/fault.ts";
import { withOffset } from "../../base/nameOffset.ts";
import { type Container, identify } from "../../linux/identify.ts";
import { taskComm, taskPid } from "../../linux/sched/task.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import { type CrashFacts, frameHolding, functionOf } from "../crashFacts.ts";
import { addressOf, type Finding, type Sentence } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";
import { attempted, withEntry } from "../values/calls.ts";
import { calledBy } from "../values/callTarget.ts";
import { argumentOf } from "../values/passed.ts";
import { entryValue, siteOf } from "../values/site.ts";
import { instructionText, sourceWords } from "../values/words.ts";
import { plainName } from "../../log/place.ts";

/** Functions that free an object of the slab allocator, and the number of the argument that points to it. */
const FREES: ReadonlyMap<string, number> = new Map([
  ["kfree", 0],
  ["kfree_sensitive", 0],
  ["kmem_cache_free", 1],
]);

/** What cache_from_obj() prints when an object is freed to a cache that is not its own (mm/slab.h, since v3.12). */
const WRONG_CACHE = /Wrong slab cache\. (?<expected>\S{1,64}) but object is from (?<cache>\S{1,64})/;

/**
 * Reports a pointer to a stack, to static data or into an object that was passed to kfree(), or an object that was freed
 * to another cache.
 */
export const wrongFree: Check = {
  id: "wrong-free",
  needs: ["stack", "types"],
  about: ["page-fault", "null-pointer", "general-protection", "kernel-bug", "warning", "slab"],
  *run(kernel, crash) {
    const other = wrongCache(crash);
    if (other) return yield other;
    const index = guiltyFrame(crash)?.index ?? 0;
    const frame = crash.frames[index];
    if (!frame || frame.exact || index === 0) return;
    const site = yield* withEntry(yield* siteOf(kernel, frame, crash.cpu));
    const target = calledBy(site);
    const symbol = target === undefined ? undefined : kernel.symbols.at(target);
    const name = symbol?.address === target && symbol ? plainName(symbol.name) : "";
    const argument = FREES.get(name);
    const register = argument === undefined ? undefined : kernel.arch.argumentRegisters?.[argument];
    if (register === undefined) return;
    const value = argumentOf(site, register) ?? (yield* keptArgument(kernel, crash, index - 1, name, register));
    if (value === undefined || value === 0n)
      throw Fault.of("unknown", `the code does not show which pointer was passed to ${name}()`);
    const memory = placeOf(kernel, crash, value);
    const effect = site.graph.effects[site.index];
    if (!memory || !effect) return;
    const { words, ...slots } = memory;
    yield {
      id: "fault.wrong-free",
      severity: "cause",
      certainty: "certain",
      slots: { value, ...slots },
      text: [
        functionOf(frame) ?? "The code",
        ...sourceWords(kernel, frame.pc - 1n),
        ` passed ${name}() the address `,
        addressOf(value),
        ", which is ",
        ...words,
        ": it is not the start of an object that the slab allocator gave.",
      ],
      evidence: [
        { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) },
        { kind: "output", command: `kmem 0x${value.toString(16)}`, text: slots.memory },
      ],
    };
  },
};

/** Returns the finding about an object that was freed to a cache that is not its own; undefined for other reports. */
function wrongCache(crash: CrashFacts): Finding | undefined {
  const { report } = crash;
  const at = report?.texts.findIndex((text) => WRONG_CACHE.test(text)) ?? -1;
  const { expected, cache } = WRONG_CACHE.exec(report?.texts[at] ?? "")?.groups ?? {};
  const line = report?.numbers[at];
  if (expected === undefined || cache === undefined || line === undefined) return undefined;
  const name = guiltyFrame(crash)?.function;
  return {
    id: "fault.wrong-free",
    severity: "cause",
    certainty: "certain",
    slots: { cache, expected, function: name },
    text: [`${name ?? "The code"} freed an object of the slab cache ${cache} to the slab cache ${expected}.`],
    evidence: [{ kind: "log", line, text: report?.texts[at]?.trim() ?? "" }],
  };
}

/**
 * Returns an argument that the called function, which has a frame, has kept in a register that calls preserve;
 * undefined if it has not.
 */
function* keptArgument(
  kernel: Kernel,
  { frames, cpu }: CrashFacts,
  index: number,
  name: string,
  register: string,
): Generator<Step, bigint | undefined, void> {
  const frame = frames[index];
  if (!frame || functionOf(frame) !== name) return undefined;
  const site = yield* attempted(siteOf(kernel, frame, cpu));
  return site && entryValue(site, register);
}

/** What an address belongs to. */
interface MemoryPlace {
  /** "stack", "static data", "object", "vmalloc". */
  readonly memory: string;
  readonly task?: bigint;
  readonly pid?: number;
  /** The function whose frame contains the address, or the variable. */
  readonly function?: string | undefined;
  readonly words: Sentence;
}

/** Returns what an address belongs to; undefined if it may be the start of an object of the slab allocator. */
function placeOf(kernel: Kernel, crash: CrashFacts, address: bigint): MemoryPlace | undefined {
  for (const container of identify(kernel, address)) return placeIn(container, crash, address);
  return undefined;
}

function placeIn(container: Container, crash: CrashFacts, address: bigint): MemoryPlace | undefined {
  switch (container.kind) {
    case "symbol": {
      const name = withOffset(container.symbol.name, container.offset, 16);
      return { memory: "static data", function: container.symbol.name, words: [{ kind: "symbol", name, address }] };
    }
    case "task stack":
      return stackPlace(crash, container.task, address);
    case "slab object": {
      const { object, offset } = container;
      const words = [`${offset} bytes into an object of the slab cache ${cacheName(object.cache)}`];
      return offset === 0 ? undefined : { memory: "object", words };
    }
    case "vmalloc area":
      return { memory: "vmalloc", words: ["memory of vmalloc()"] };
    default:
      return undefined;
  }
}

function stackPlace({ task, stack }: CrashFacts, of: Parameters<typeof taskPid>[0], address: bigint): MemoryPlace {
  const [pid, comm] = [taskPid(of), taskComm(of)];
  const isOwn = task?.address === of.address;
  const frame = isOwn && stack ? frameHolding(stack.frames, address) : undefined;
  const name = frame && functionOf(frame);
  return {
    memory: "stack",
    task: of.address,
    pid,
    function: name,
    words: [
      "on the stack of ",
      { kind: "task", address: of.address, pid, comm },
      ...(name === undefined ? [] : [`, in the frame of ${name}`]),
    ],
  };
}
