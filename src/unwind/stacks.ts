/** Kernel stacks of tasks and CPUs. */
import { attempt, Fault } from "../base/fault.ts";
import { bare, sizeOf } from "../debuginfo/ctype.ts";
import { knownCpus } from "../kernel/cpumask.ts";
import { perCpuAddress } from "../kernel/percpu.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { StackKind } from "./frame.ts";

/** A kernel stack: address range with an exclusive end. */
export interface StackRange {
  readonly kind: StackKind;
  readonly start: bigint;
  readonly end: bigint;
  /** The CPU that the stack belongs to; undefined for a task's stack. */
  readonly cpu: number | undefined;
  /** The member of the kernel's struct that is or points to the stack, such as `DF_stack`, if a CPU has several of them. */
  readonly member?: string;
}

/** Maximum THREAD_SIZE in bytes: with KASAN and 64K pages it is 128 KiB. */
const MAX_THREAD_SIZE = 1 << 20;
/** Size of a stack for exceptions in bytes. */
const EXCEPTION_STACK_BYTES = 4096n;
const PAGE_BYTES = 4096n;

/** Size of a kernel stack, THREAD_SIZE, in bytes: the size of `union thread_union`. */
export const threadSize = derived("THREAD_SIZE", (kernel): number => {
  const union = kernel.types.find("union", "thread_union");
  const size = union ? sizeOf(union) : 0;
  // The size of a stack is a power of two.
  return size >= 4096 && size <= MAX_THREAD_SIZE && (size & (size - 1)) === 0 ? size : kernel.arch.threadSize;
});

/** Returns the stack that contains `address`: the task's own, otherwise one of a CPU's; undefined if none does. */
export function stackAt(kernel: Kernel, address: bigint, task: Obj | undefined): StackRange | undefined {
  const own = task && attempt(() => taskStackRange(kernel, task));
  if (own && !(own instanceof Fault) && holds(own, address)) return own;
  return cpuStacks(kernel).find((stack) => holds(stack, address));
}

/** Whether `address` is in the guard page below a task's stack, as after a stack overflow. */
export function isInGuardPage({ start }: StackRange, address: bigint): boolean {
  return address < start && address >= start - PAGE_BYTES;
}

const holds = ({ start, end }: StackRange, address: bigint): boolean => address >= start && address < end;

/** Returns a task's stack. @throws Fault unmapped for a task whose stack was freed */
export function taskStackRange(kernel: Kernel, task: Obj): StackRange {
  const start = task.at("stack").value();
  if (start === 0n) throw Fault.of("unmapped", "the task has exited and its stack was freed");
  return { kind: "task", start, end: start + BigInt(threadSize(kernel)), cpu: undefined };
}

/** Stacks of one CPU. @throws Fault for a CPU that was never online, and for an unreadable pointer */
type CpuStacks = (cpu: number) => StackRange[];

/** Returns the interrupt, exception and entry stacks of each CPU that this kernel has. */
export const cpuStacks = derived("CPU stacks", (kernel): readonly StackRange[] => {
  const stacks: StackRange[] = [];
  // Names are looked up once, because a missing name is searched for in every image.
  for (const kind of [
    irqStack,
    softirqStack,
    interruptContexts,
    emergencyStacks,
    exceptionStacks,
    overflowStack,
    lowcoreStacks,
  ]) {
    const ofCpu = attempt(() => kind(kernel));
    if (ofCpu instanceof Fault || ofCpu === undefined) continue;
    for (const cpu of knownCpus(kernel)) {
      const found = attempt(() => ofCpu(cpu));
      // A stack whose pointer cannot be read is left out. Its frames then have the kind "unknown".
      if (!(found instanceof Fault)) stacks.push(...found);
    }
  }
  return stacks;
});

/** Returns a function that gives the address of a CPU's copy of a per-CPU symbol; undefined without the symbol. */
function perCpu(kernel: Kernel, name: string): ((cpu: number) => bigint) | undefined {
  const symbol = kernel.symbols.find(name);
  return symbol && ((cpu) => perCpuAddress(kernel, symbol.address, cpu));
}

/**
 * Returns the stacks for interrupts and softirqs; undefined for kernels without these variables. x86_64 stores the top
 * (`irq_stack_ptr` before 5.2, `hardirq_stack_ptr` since, in `pcpu_hot` from 6.2 to 6.14), arm the top
 * (`irq_stack_ptr`), arm64 the bottom (`irq_stack_ptr`), LoongArch the bottom (`irq_stack`).
 */
function irqStack(kernel: Kernel): CpuStacks | undefined {
  const size = BigInt(threadSize(kernel));
  const place = irqStackPointer(kernel);
  if (!place) return undefined;
  return (cpu) => {
    const pointer = kernel.memory.word(place(cpu));
    if (pointer === 0n) return [];
    if (kernel.arch.irqStackPointer === "bottom") return [{ kind: "irq", start: pointer, end: pointer + size, cpu }];
    // On x86_64 it points to the last word of the stack since 5.8, before to or near its end.
    const end = (pointer + PAGE_BYTES - 1n) & -PAGE_BYTES;
    return [{ kind: "irq", start: end - size, end, cpu }];
  };
}

/**
 * Returns the stacks for interrupts and softirqs of powerpc, which has arrays of pointers to the stacks of all CPUs
 * (arch/powerpc/kernel/irq.c).
 */
function interruptContexts(kernel: Kernel): CpuStacks | undefined {
  const arrays = ["hardirq_ctx", "softirq_ctx"].flatMap((name) => kernel.symbols.find(name)?.address ?? []);
  const { wordSize } = kernel.arch;
  const size = BigInt(threadSize(kernel));
  return (cpu) =>
    arrays.flatMap((array) => {
      const start = kernel.memory.word(array + BigInt(cpu * wordSize));
      return start === 0n ? [] : [{ kind: "irq", start, end: start + size, cpu } as const];
    });
}

/**
 * Returns the stacks for emergencies of powerpc; undefined if the kernel does not have them. The `struct paca_struct`
 * of a CPU has their ends (asm/paca.h).
 */
function emergencyStacks(kernel: Kernel): CpuStacks | undefined {
  const pacas = kernel.symbols.find("paca_ptrs");
  if (!pacas) return undefined;
  const list = kernel.memory.word(pacas.address);
  const size = BigInt(threadSize(kernel));
  const kinds = [["emergency_sp", "exception"], ["nmi_emergency_sp", "nmi"], ["mc_emergency_sp", "nmi"]] as const; // prettier-ignore
  return (cpu) => {
    const paca = kernel.object("struct paca_struct", kernel.memory.word(list + BigInt(cpu * kernel.arch.wordSize)));
    return kinds.flatMap(([member, kind]) => {
      const end = paca.has(member) ? paca.at(member).value() : 0n;
      return end === 0n ? [] : [{ kind, start: end - size, end, cpu, member }];
    });
  };
}

/**
 * Returns the stacks for softirqs of i386, which stores their bottoms (arch/x86/kernel/irq_32.c); undefined if the
 * kernel does not have them.
 */
function softirqStack(kernel: Kernel): CpuStacks | undefined {
  const place = perCpuPointer(kernel, "softirq_stack_ptr");
  const size = BigInt(threadSize(kernel));
  return (
    place &&
    ((cpu) => {
      const start = kernel.memory.word(place(cpu));
      return start === 0n ? [] : [{ kind: "irq", start, end: start + size, cpu }];
    })
  );
}

/**
 * Returns a function that gives the address of a CPU's pointer to its interrupt stack; undefined if the kernel does not
 * have it.
 */
const irqStackPointer = (kernel: Kernel): ((cpu: number) => bigint) | undefined =>
  perCpuPointer(kernel, "hardirq_stack_ptr") ??
  perCpu(kernel, "irq_stack_ptr") ??
  (kernel.arch.irqCaller && perCpu(kernel, "irq_stack"));

/**
 * Returns a function that gives the address of a CPU's pointer that was in `pcpu_hot` from 6.2 to 6.14; undefined if
 * the kernel does not have it.
 */
function perCpuPointer(kernel: Kernel, name: string): ((cpu: number) => bigint) | undefined {
  const hot = perCpu(kernel, "pcpu_hot");
  if (hot && kernel.types.find("struct", "pcpu_hot")) {
    const inHot = kernel.object("struct pcpu_hot", 0n);
    const offset = inHot.has(name) ? inHot.at(name).address : undefined;
    if (offset !== undefined) return (cpu) => hot(cpu) + offset;
  }
  return perCpu(kernel, name);
}

/**
 * Returns the stacks of x86_64's interrupt stack table, and the stack on which entry code starts, from
 * `cpu_entry_area`; undefined if the kernel does not have them.
 */
function exceptionStacks(kernel: Kernel): CpuStacks | undefined {
  const place = perCpu(kernel, "cea_exception_stacks");
  if (!place) return oldExceptionStacks(kernel);
  const type = kernel.types.find("struct", "cea_exception_stacks");
  if (type?.kind !== "struct") return undefined;
  const area = kernel.object("struct cpu_entry_area", 0n);
  const [estacks, entry] = [area.at("estacks"), area.at("entry_stack_page")];
  return (cpu) => {
    const base = kernel.memory.word(place(cpu));
    if (base === 0n) return [];
    const stacks = type.members.flatMap(({ name, type: member, bitOffset }): StackRange[] => {
      if (!name?.endsWith("_stack") || bare(member).kind !== "array") return [];
      const start = base + BigInt(bitOffset >> 3);
      const kind = name === "NMI_stack" ? "nmi" : "exception";
      return [{ kind, start, end: start + BigInt(sizeOf(member)), cpu, member: name }];
    });
    const start = base - estacks.address + entry.address;
    return [...stacks, { kind: "entry", start, end: start + BigInt(entry.size), cpu }];
  };
}

/** The stacks of `orig_ist.ist[]` by index, under the names of later kernels (arch/x86/include/asm/page_64_types.h). */
const OLD_STACKS = ["DF_stack", "NMI_stack", "DB_stack", "MCE_stack"];

/**
 * Returns the stacks of the interrupt stack table before 5.2, when `orig_ist.ist[]` had their tops; undefined for later
 * kernels.
 */
function oldExceptionStacks(kernel: Kernel): CpuStacks | undefined {
  const place = perCpu(kernel, "orig_ist");
  if (!place) return undefined;
  return (cpu) =>
    OLD_STACKS.map((member, i): StackRange => {
      const end = kernel.memory.word(place(cpu) + BigInt(i * 8));
      const kind = member === "NMI_stack" ? "nmi" : "exception";
      return { kind, start: end - EXCEPTION_STACK_BYTES, end, cpu, member };
    });
}

/** Returns the stacks that arm64 uses after a stack overflow; undefined if the kernel does not have them. */
function overflowStack(kernel: Kernel): CpuStacks | undefined {
  const place = perCpu(kernel, "overflow_stack");
  return place && ((cpu) => [{ kind: "overflow", start: place(cpu), end: place(cpu) + EXCEPTION_STACK_BYTES, cpu }]);
}

/**
 * Returns the stacks of s390x; undefined if the kernel does not have them. The `struct lowcore` of a CPU has an address
 * in each, slightly below the end.
 */
function lowcoreStacks(kernel: Kernel): CpuStacks | undefined {
  const pointers = kernel.symbols.find("lowcore_ptr");
  if (!pointers) return undefined;
  const size = BigInt(threadSize(kernel));
  return (cpu) => {
    const address = kernel.memory.word(pointers.address + BigInt(cpu * 8));
    if (address === 0n) return [];
    const lowcore = kernel.object("struct lowcore", address);
    const kinds = [["async_stack", "irq"], ["nodat_stack", "entry"], ["restart_stack", "entry"], ["mcck_stack", "nmi"]] as const; // prettier-ignore
    return kinds.flatMap(([member, kind]) => {
      const top = lowcore.has(member) ? lowcore.at(member).value() : 0n;
      if (top === 0n) return [];
      const start = top & -size;
      return [{ kind, start, end: start + size, cpu, member }];
    });
  };
}
