import { UsageError } from "../../base/usageError.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Context } from "./command.ts";
import { parseCpus } from "./number.ts";

const perCpuSection = derived("per-CPU section", (kernel) => ({
  start: kernel.symbols.find("__per_cpu_start")?.address,
  end: kernel.symbols.find("__per_cpu_end")?.address,
}));

/** Whether a symbol has a copy for each CPU: it lies in the per-CPU section of the kernel's image. */
export function isPerCpu(kernel: Kernel, symbol: KSymbol): boolean {
  const section = perCpuSection(kernel);
  const { start, end } = section;
  return start !== undefined && end !== undefined && symbol.address >= start && symbol.address < end;
}

export interface CpuSpec {
  /** What stands before the colon. */
  readonly text: string;
  /** What follows the list of CPUs: `.nr_running`, `->lock`, `[3]`; "" for the whole. */
  readonly member: string;
  /** undefined when there is no cpuspec. */
  readonly cpus: readonly number[] | undefined;
}

/**
 * `runqueues:a`, `runqueues:0-3,7`, `runqueues:0.nr_running`; an empty spec is the CPU of the current task.
 * @throws UsageError, Fault
 */
export function cpuSpec(context: Context, text: string, currentCpu: () => number): CpuSpec {
  const [, before, spec, member = ""] =
    /^([^:?]+):(a|all|[\d,-]*)$/.exec(text) ?? /^(&?\w+):(a|all|[\d,-]*)((?:\.|->|\[).*)$/s.exec(text) ?? [];
  if (before === undefined || spec === undefined) return { text, member: "", cpus: undefined };
  if (spec === "") return { text: before, member, cpus: [currentCpu()] };
  try {
    return { text: before, member, cpus: parseCpus(spec, possibleCpus(context.kernel)) };
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`invalid cpu specification: ${spec}`) : error;
  }
}
