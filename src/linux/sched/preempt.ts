/** Preempt counts. */
import { Fault } from "../../base/fault.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import { cpuTask } from "./cpu.ts";

/**
 * Returns the preempt count of a CPU, without x86's bit for the need to reschedule. x86 has it in a per-CPU variable,
 * from v6.2 to v6.14 in `pcpu_hot`; other architectures in the running task's `thread_info`. @throws Fault
 */
export function preemptCount(kernel: Kernel, cpu: number): number {
  const count = (value: number): number => (value & 0x7fff_ffff) >>> 0;
  if (kernel.types.find("struct", "pcpu_hot")) {
    const hot = perCpuVariable(kernel, "pcpu_hot", cpu);
    if (hot.has("preempt_count")) return count(hot.at("preempt_count").number());
  }
  const symbol = kernel.symbols.find("__preempt_count");
  if (symbol) return count(perCpuVariable(kernel, "__preempt_count", cpu).number());
  const task = cpuTask(kernel, cpu);
  for (const path of ["thread_info.preempt.count", "thread_info.preempt_count"])
    if (task.has(path)) return count(task.at(path).number());
  throw Fault.of("unknown", "the location of the preempt count is not known for this architecture");
}
