/** Short descriptions of addresses. */
import { attempt, Fault } from "../../base/fault.ts";
import { withOffset } from "../../base/nameOffset.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { type Container, identify } from "../../linux/identify.ts";
import { holderWords, locksWithin } from "../../linux/locks/locksWithin.ts";
import { moduleName } from "../../linux/module/module.ts";
import { commAndPid } from "../../linux/sched/task.ts";
import { cacheName, isMerged } from "../../linux/slab/slab.ts";
import { slabStruct } from "../../linux/slab/slabTypes.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/**
 * Describes an address in a few words, with the first fact that `identify` gives, for views with one line per address:
 * `<jiffies>`, `<timer_bases+0x40> of CPU 3`, `kmalloc-64 object+0x10, free`.
 *
 * @param returns whether the address is a return address, which is described by the function of the call before it
 * @returns undefined if only the page is known, if it is not a kernel address, or if the description cannot be read
 */
export function glance(kernel: Kernel, address: bigint, returns = false): string | undefined {
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  const call = returns && kernel.code.isText(address - 1n) ? kernel.symbols.at(address - 1n) : undefined;
  if (call) return symbolWords(call, address);
  for (const container of identify(kernel, address)) {
    const words = attempt(() => wordsFor(kernel, address, container));
    return words instanceof Fault ? undefined : words;
  }
  return undefined;
}

function wordsFor(kernel: Kernel, address: bigint, container: Container): string | undefined {
  switch (container.kind) {
    case "symbol":
      return symbolWords(container.symbol, address) + heldWords(kernel, container.symbol, address);
    case "per-CPU variable":
      return `<${withOffset(container.symbol.name, container.offset, 16)}> of CPU ${container.cpu}`;
    case "module section":
      return `${withOffset(container.section.name, container.offset, 16)} [${moduleName(container.module)}]`;
    case "slab object":
      return slabWords(kernel, address, container);
    case "task":
      return `${withOffset("task_struct", container.offset, 16)} of ${commAndPid(container.task)}`;
    case "task stack":
      return `stack of ${commAndPid(container.task)}`;
    case "CPU stack": {
      const { kind, cpu } = container.stack;
      return `${kind} stack${cpu === undefined ? "" : ` of CPU ${cpu}`}`;
    }
    case "free block":
      return "free pages";
    case "page struct":
      return `struct page of frame ${container.page.pfn}`;
    case "vmalloc area":
      return "vmalloc area";
    case "page":
    case "capture area":
    case "physical address space":
    case "user area":
      return undefined;
  }
}

const symbolWords = (symbol: KSymbol, address: bigint): string =>
  `<${symbolPlace(symbol, address, 16)}>${symbol.module === undefined ? "" : ` [${symbol.module}]`}`;

/** Returns `, held by bash [279]` for the address of a lock in a variable; nothing for others. */
const heldWords = (kernel: Kernel, { name }: KSymbol, address: bigint): string =>
  lockAt(address, () => (kernel.hasVariable(name) ? kernel.variable(name) : undefined));

/** Returns who holds the lock at an address in an object: `, i_rwsem: held by bash [279]`; nothing for others. */
function lockAt(address: bigint, objectOf: () => Obj | undefined): string {
  const words = attempt(() => {
    const object = objectOf();
    const found = object && locksWithin(object).find(({ lock }) => lock.address === address);
    if (!found) return undefined;
    const holder = holderWords(found);
    return holder === undefined || found.path === "" ? holder : `${found.path}: ${holder}`;
  });
  return typeof words === "string" ? `, ${words}` : "";
}

function slabWords(
  kernel: Kernel,
  address: bigint,
  { object, freeIn, offset }: Extract<Container, { kind: "slab object" }>,
): string {
  const cache = cacheName(object.cache);
  const isFree = freeIn !== undefined;
  // A known task says more than the slab cache of its task_struct.
  if (cache === "task_struct" && !isFree)
    for (const next of identify(kernel, address))
      if (next.kind === "task") return `${withOffset("task_struct", next.offset, 16)} of ${commAndPid(next.task)}`;
  const struct = attempt(() => (isFree || isMerged(object.cache) ? undefined : slabStruct(kernel, object)));
  const held =
    typeof struct === "string" ? lockAt(address, () => kernel.object(`struct ${struct}`, object.address)) : "";
  return `${withOffset(`${cache} object`, offset, 16)}${isFree ? ", free" : ""}${held}`;
}
