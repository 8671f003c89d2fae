/** Per-CPU data. */
import { Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/**
 * Returns what to add to a per-CPU symbol or pointer to reach the copy of `cpu`. `__per_cpu_offset` (mm/percpu.c, arch
 * setup_percpu.c) works for zero-based symbols (x86_64 until v6.14) and ordinary ones. A kernel without SMP has no such
 * array and only one copy, in place. @throws Fault when the array cannot be read
 */
export function perCpuOffset(kernel: Kernel, cpu: number): bigint {
  const offsets = kernel.symbols.find("__per_cpu_offset");
  if (!offsets) return 0n;
  return kernel.memory.word(offsets.address + BigInt(cpu * kernel.arch.wordSize));
}

/** Returns the address of `cpu`'s copy of a per-CPU address. @throws Fault */
export const perCpuAddress = (kernel: Kernel, base: bigint, cpu: number): bigint =>
  BigInt.asUintN(kernel.arch.wordSize * 8, base + perCpuOffset(kernel, cpu));

/** Returns a per-CPU variable of one CPU. @throws Fault unknown when the symbol or its type is unknown */
export function perCpuVariable(kernel: Kernel, name: string, cpu: number): Obj {
  const base = kernel.variable(name);
  return kernel.object(base.type, perCpuAddress(kernel, base.address, cpu));
}

/** Returns the target of a `__percpu` pointer for one CPU. @throws Fault */
export function perCpuPointee(kernel: Kernel, pointer: Obj, cpu: number): Obj {
  const first = pointer.deref();
  if (first.address === 0n) throw Fault.of("unmapped", "per-CPU pointer is NULL");
  return kernel.object(first.type, perCpuAddress(kernel, first.address, cpu));
}
