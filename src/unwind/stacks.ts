import { attempt, Fault } from "../base/fault.ts";
import { bare, sizeOf } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { StackKind } from "./frame.ts";

/** One stack of the kernel; addresses, end exclusive. */
export interface StackRange {
  readonly kind: StackKind;
  readonly start: bigint;
  readonly end: bigint;
  /** The CPU it belongs to; undefined for a task's. */
  readonly cpu: number | undefined;
}

/** CPUs that a lying `nr_cpu_ids` may claim: the largest CONFIG_NR_CPUS is 8192. */
const MAX_CPUS = 8192;
/** With KASAN on 64K pages they come to 128 KiB. */
const MAX_THREAD_SIZE = 1 << 20;
const EXCEPTION_STACK_BYTES = 4096n;
const PAGE_BYTES = 4096n;

/** Bytes of a kernel stack, THREAD_SIZE: the size of `union thread_union`, which holds one. */
export function threadSize(kernel: Kernel): number {
  return kernel.memo("THREAD_SIZE", () => {
    const union = kernel.types.find("union", "thread_union");
    const size = union ? sizeOf(union) : 0;
    // A stack is a power of two; anything else is no stack.
    return size >= 4096 && size <= MAX_THREAD_SIZE && (size & (size - 1)) === 0 ? size : kernel.arch.threadSize;
  });
}

/** The stack that `address` lies on: the task's own, else one of a CPU's. */
export function stackAt(kernel: Kernel, address: bigint, task: Obj | undefined): StackRange | undefined {
  const own = task && attempt(() => taskStackRange(kernel, task));
  if (own && !(own instanceof Fault) && holds(own, address)) return own;
  return cpuStacks(kernel).find((stack) => holds(stack, address));
}

/** Whether `address` lies in the guard page below a task's stack: where a stack that overflowed has come to. */
export function isInGuardPage({ start }: StackRange, address: bigint): boolean {
  return address < start && address >= start - PAGE_BYTES;
}

const holds = ({ start, end }: StackRange, address: bigint): boolean => address >= start && address < end;

/** @throws Fault unmapped for a task that has given its stack back */
export function taskStackRange(kernel: Kernel, task: Obj): StackRange {
  const start = task.at("stack").value();
  if (start === 0n) throw Fault.of("unmapped", "the task has exited and given its stack back");
  return { kind: "task", start, end: start + BigInt(threadSize(kernel)), cpu: undefined };
}

/** Interrupt, exception and entry stacks of every CPU, as far as this kernel has them. */
export function cpuStacks(kernel: Kernel): readonly StackRange[] {
  return kernel.memo("CPU stacks", () => {
    const stacks: StackRange[] = [];
    for (let cpu = 0; cpu < cpuCount(kernel); cpu++) {
      for (const find of [irqStack, exceptionStacks, overflowStack, lowcoreStacks]) {
        const found = attempt(() => find(kernel, cpu));
        // A CPU that never came up has none; of others, an unreadable pointer only leaves the stack's kind unknown.
        if (!(found instanceof Fault)) stacks.push(...found);
      }
    }
    return stacks;
  });
}

function cpuCount(kernel: Kernel): number {
  const symbol = kernel.symbols.find("nr_cpu_ids");
  const count = symbol && attempt(() => kernel.memory.u32(symbol.address));
  return Math.min(typeof count === "number" ? count : Math.max(1, kernel.cpuNotes.length), MAX_CPUS);
}

/** Address of a per-CPU symbol's copy; undefined without the symbol. @throws Fault */
function perCpu(kernel: Kernel, name: string, cpu: number): bigint | undefined {
  const symbol = kernel.symbols.find(name);
  const offsets = kernel.symbols.find("__per_cpu_offset");
  if (!symbol) return undefined;
  const offset = offsets ? kernel.memory.word(offsets.address + BigInt(cpu * kernel.arch.wordSize)) : 0n;
  return BigInt.asUintN(kernel.arch.wordSize * 8, symbol.address + offset);
}

/**
 * The stack for interrupts and softirqs. x86_64 keeps its top (`irq_stack_ptr` before 5.2, `hardirq_stack_ptr` since,
 * in `pcpu_hot` from 6.2 to 6.14), arm too (`irq_stack_ptr`), arm64 its bottom (`irq_stack_ptr`).
 */
function irqStack(kernel: Kernel, cpu: number): StackRange[] {
  const size = BigInt(threadSize(kernel));
  const hot = perCpu(kernel, "pcpu_hot", cpu);
  const inHot = hot !== undefined && kernel.types.find("struct", "pcpu_hot") && kernel.object("struct pcpu_hot", hot);
  const place =
    inHot && inHot.has("hardirq_stack_ptr")
      ? inHot.at("hardirq_stack_ptr").address
      : (perCpu(kernel, "hardirq_stack_ptr", cpu) ?? perCpu(kernel, "irq_stack_ptr", cpu));
  const pointer = place === undefined ? 0n : kernel.memory.word(place);
  if (pointer === 0n) return [];
  if (kernel.arch.name === "arm") return [{ kind: "irq", start: pointer - size, end: pointer, cpu }];
  if (kernel.arch.name !== "x86_64") return [{ kind: "irq", start: pointer, end: pointer + size, cpu }];
  // It points at the last word of the stack since 5.8, before at or near its end.
  const end = (pointer + PAGE_BYTES - 1n) & -PAGE_BYTES;
  return [{ kind: "irq", start: end - size, end, cpu }];
}

/** x86_64: the stacks of the interrupt stack table, and the one that entry code starts on, in `cpu_entry_area`. */
function exceptionStacks(kernel: Kernel, cpu: number): StackRange[] {
  const place = perCpu(kernel, "cea_exception_stacks", cpu);
  if (place === undefined) return oldExceptionStacks(kernel, cpu);
  const base = kernel.memory.word(place);
  const type = kernel.types.find("struct", "cea_exception_stacks");
  if (base === 0n || type?.kind !== "struct") return [];
  const stacks = type.members.flatMap(({ name, type: member, bitOffset }): StackRange[] => {
    if (!name?.endsWith("_stack") || bare(member).kind !== "array") return [];
    const start = base + BigInt(bitOffset >> 3);
    return [{ kind: name === "NMI_stack" ? "nmi" : "exception", start, end: start + BigInt(sizeOf(member)), cpu }];
  });
  const area = kernel.object("struct cpu_entry_area", 0n);
  const entry = area.at("entry_stack_page");
  const start = base - area.at("estacks").address + entry.address;
  return [...stacks, { kind: "entry", start, end: start + BigInt(entry.size), cpu }];
}

/** Before 5.2 `orig_ist.ist[]` holds their tops; the second is the NMI's (arch/x86/include/asm/page_64_types.h). */
function oldExceptionStacks(kernel: Kernel, cpu: number): StackRange[] {
  const place = perCpu(kernel, "orig_ist", cpu);
  if (place === undefined) return [];
  return Array.from({ length: 4 }, (_, i): StackRange => {
    const end = kernel.memory.word(place + BigInt(i * 8));
    return { kind: i === 1 ? "nmi" : "exception", start: end - EXCEPTION_STACK_BYTES, end, cpu };
  });
}

/** arm64: where the kernel stands after its stack overflowed. */
function overflowStack(kernel: Kernel, cpu: number): StackRange[] {
  if (kernel.arch.name !== "arm64") return [];
  const start = perCpu(kernel, "overflow_stack", cpu);
  return start === undefined ? [] : [{ kind: "overflow", start, end: start + EXCEPTION_STACK_BYTES, cpu }];
}

/** s390x: `struct lowcore` of a CPU keeps where its stacks begin, a little below their ends. */
function lowcoreStacks(kernel: Kernel, cpu: number): StackRange[] {
  const pointers = kernel.symbols.find("lowcore_ptr");
  if (!pointers || kernel.arch.name !== "s390x") return [];
  const address = kernel.memory.word(pointers.address + BigInt(cpu * 8));
  if (address === 0n) return [];
  const lowcore = kernel.object("struct lowcore", address);
  const size = BigInt(threadSize(kernel));
  const kinds = [["async_stack", "irq"], ["nodat_stack", "entry"], ["restart_stack", "entry"], ["mcck_stack", "nmi"]] as const; // prettier-ignore
  return kinds.flatMap(([member, kind]) => {
    const top = lowcore.has(member) ? lowcore.at(member).value() : 0n;
    if (top === 0n) return [];
    const start = top & -size;
    return [{ kind, start, end: start + size, cpu }];
  });
}
