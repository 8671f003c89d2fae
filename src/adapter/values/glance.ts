/** Short descriptions of addresses. */
import { attempt, Fault } from "../../base/fault.ts";
import { withOffset } from "../../base/nameOffset.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { type Container, identify } from "../../linux/identify.ts";
import { lockWords } from "../../linux/locks/lockText.ts";
import { moduleName } from "../../linux/module/module.ts";
import { taskComm, taskPid } from "../../linux/sched/task.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/**
 * Describes an address in a few words, with the first fact that `identify` gives, for views with one line per address:
 * `<jiffies>`, `<timer_bases+0x40> of CPU 3`, `kmalloc-64 object+0x10, free`.
 *
 * @param returns whether the address is a return address; after a call that never returns, the next function begins
 *   there
 * @returns undefined for an address of which only the page is known
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
      return `${withOffset("task_struct", container.offset, 16)} of ${taskName(container.task)}`;
    case "task stack":
      return `stack of ${taskName(container.task)}`;
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
    case "physical address space":
    case "user area":
      return undefined;
  }
}

const symbolWords = (symbol: KSymbol, address: bigint): string =>
  `<${symbolPlace(symbol, address, 16)}>${symbol.module === undefined ? "" : ` [${symbol.module}]`}`;

/** Returns `, held by bash [279]` for a variable that is a sleeping lock; nothing for others. */
function heldWords(kernel: Kernel, { name }: KSymbol, address: bigint): string {
  const held = attempt(() => {
    if (!kernel.hasVariable(name)) return undefined;
    const variable = kernel.variable(name);
    return variable.address === address ? lockWords(variable) : undefined;
  });
  return typeof held === "string" ? `, ${held}` : "";
}

function slabWords(
  kernel: Kernel,
  address: bigint,
  { object, holder, offset }: Extract<Container, { kind: "slab object" }>,
): string {
  const cache = cacheName(object.cache);
  const isFree = holder !== undefined;
  // A known task says more than the slab cache of its task_struct.
  if (cache === "task_struct" && !isFree)
    for (const next of identify(kernel, address))
      if (next.kind === "task") return `${withOffset("task_struct", next.offset, 16)} of ${taskName(next.task)}`;
  return `${withOffset(`${cache} object`, offset, 16)}${isFree ? ", free" : ""}`;
}

const taskName = (task: Obj): string => `${taskComm(task)} [${taskPid(task)}]`;
