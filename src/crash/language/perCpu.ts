/** Parses crash's cpuspec (`symbol:cpus`) and recognises per-CPU symbols. */
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

/** Whether a symbol has a copy for each CPU, that is, whether it is in the per-CPU section of the kernel's image. */
export function isPerCpu(kernel: Kernel, symbol: KSymbol): boolean {
  const section = perCpuSection(kernel);
  const { start, end } = section;
  return start !== undefined && end !== undefined && symbol.address >= start && symbol.address < end;
}

export interface CpuSpec {
  /** The text before the colon. */
  readonly text: string;
  /** The text after the list of CPUs: `.nr_running`, `->lock`, `[3]`; "" for the whole variable. */
  readonly member: string;
  /** The CPU numbers; undefined if there is no cpuspec. */
  readonly cpus: readonly number[] | undefined;
}

/**
 * Parses `runqueues:a`, `runqueues:0-3,7`, `runqueues:0.nr_running`. An empty cpuspec selects the CPU of the current
 * task.
 * @throws UsageError, Fault
 */
export function cpuSpec(context: Context, text: string, currentCpu: () => number): CpuSpec {
  const [, before, spec, member = ""] =
    /^([^:?]+):(a|all|[\d,-]*)$/.exec(text) ?? /^(&?\w+):(a|all|[\d,-]*)((?:\.|->|\[).*)$/s.exec(text) ?? [];
  if (before === undefined || spec === undefined) return { text, member: "", cpus: undefined };
  if (spec === "") return { text: before, member, cpus: [currentCpu()] };
  return { text: before, member, cpus: parseCpus(spec, possibleCpus(context.kernel)) };
}
