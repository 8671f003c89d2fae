/** CPU counts and clock rate, for `sys` and `mach`. */
import { cpus, onlineCpus } from "../../../kernel/cpumask.ts";
import { globalU32 } from "../../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../../model/kernel.ts";

/** Returns the number of CPUs, and how many of them are not in the kernel's online mask. @throws Fault */
export function cpuCount(kernel: Kernel): { readonly present: number; readonly offline: number } {
  const online = onlineCpus(kernel).length;
  const present = Math.max(cpus(kernel, "present").length, online);
  return { present, offline: present - online };
}

/** Returns `4`, or `2 [OFFLINE: 1]`. @throws Fault */
export function cpuText(kernel: Kernel): string {
  const { present, offline } = cpuCount(kernel);
  return offline > 0 ? `${present} [OFFLINE: ${offline}]` : String(present);
}

/**
 * Returns the clock rate of the CPUs in MHz; undefined except on x86, the only architecture with the variable
 * `cpu_khz`. @throws Fault
 */
export function megahertz(kernel: Kernel): number | undefined {
  const khz = globalU32(kernel, "cpu_khz");
  return khz === undefined ? undefined : Math.floor(khz / 1000);
}
