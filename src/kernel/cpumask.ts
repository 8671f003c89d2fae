/** CPU masks. */
import { attempt, Fault } from "../base/fault.ts";
import { derived, derivedFor } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";

/** Maximum number of CPUs; NR_CPUS is at most 8192. */
const MAX_CPUS = 65536;

/** Returns the numbers of the bits set among the first `count` of a kernel bitmap, an array of words. @throws Fault */
export function bitmapBits(kernel: Kernel, address: bigint, count: number): number[] {
  const bits: number[] = [];
  const wordBits = kernel.arch.wordSize * 8;
  for (let first = 0; first < count; first += wordBits) {
    let word = kernel.memory.word(address + BigInt(first / 8));
    for (let bit = first; word !== 0n && bit < count; bit++, word >>= 1n) if (word & 1n) bits.push(bit);
  }
  return bits;
}

/**
 * Checks that the kernel has no SMP, because such a kernel has no masks. If the symbols contain only code, a missing
 * symbol does not show that. @throws Fault unknown
 */
function checkNoSmp(kernel: Kernel, missing: string): void {
  if (!kernel.symbols.find("init_task")) throw Fault.of("unknown", `no symbol ${missing}`);
}

/** The maximum number of CPUs of this kernel, `nr_cpu_ids`; 1 if it is a constant (no SMP). @throws Fault */
export const nrCpuIds = derived("nr_cpu_ids", (kernel): number => {
  const symbol = kernel.symbols.find("nr_cpu_ids");
  if (!symbol) {
    checkNoSmp(kernel, "nr_cpu_ids");
    return 1;
  }
  const count = kernel.memory.u32(symbol.address);
  if (count < 1 || count > MAX_CPUS)
    throw Fault.at("corrupt", symbol.address, `nr_cpu_ids is ${count}, not a number from 1 to ${MAX_CPUS}`);
  return count;
});

type CpuMask = "possible" | "present" | "online" | "active";

/**
 * Returns the CPU numbers set in `__cpu_possible_mask` and similar masks (kernel/cpu.c); CPU 0 without SMP. @throws
 * Fault
 */
export const cpus = derivedFor("CPU mask", (kernel, which: CpuMask): readonly number[] => {
  const name = `__cpu_${which}_mask`;
  const symbol = kernel.symbols.find(name);
  if (symbol) return bitmapBits(kernel, symbol.address, nrCpuIds(kernel));
  checkNoSmp(kernel, name);
  return [0];
});

/**
 * Returns the CPUs that have per-CPU data. Use these after a panic, when only one CPU is still online. @throws Fault
 */
export const possibleCpus = (kernel: Kernel): readonly number[] => cpus(kernel, "possible");

/** Returns the possible CPUs. If the masks cannot be read, returns as many CPUs as saved their registers. */
export function knownCpus(kernel: Kernel): readonly number[] {
  const possible = attempt(() => possibleCpus(kernel));
  if (!(possible instanceof Fault)) return possible;
  return Array.from({ length: Math.min(Math.max(1, kernel.cpuNotes.length), MAX_CPUS) }, (_, cpu) => cpu);
}

/** Returns the online CPUs; only one after a panic that stopped the others. @throws Fault */
export const onlineCpus = (kernel: Kernel): readonly number[] => cpus(kernel, "online");

/**
 * The CPUs that tasks ran on until the crash, ascending. A panic takes the CPUs that it stops out of the online mask, but
 * not out of the active mask. @throws Fault
 */
export const cpusInUse = derived("CPUs in use", (kernel): readonly number[] =>
  [
    ...new Set([
      ...onlineCpus(kernel),
      ...cpus(kernel, kernel.symbols.find("__cpu_active_mask") ? "active" : "online"),
    ]),
  ].sort((a, b) => a - b),
);

/** Formats a CPU list as the kernel's %*pbl: `0-3,7`. */
export function cpuList(numbers: readonly number[]): string {
  const ranges: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const first = numbers[i];
    while (i + 1 < numbers.length && numbers[i + 1] === (numbers[i] ?? 0) + 1) i++;
    ranges.push(first === numbers[i] ? String(first) : `${first}-${numbers[i]}`);
  }
  return ranges.join(",");
}
