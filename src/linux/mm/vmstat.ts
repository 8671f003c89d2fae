import { attempt, Fault } from "../../base/fault.ts";
import { derived, derivedFor } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { zones } from "./mmzone.ts";
import { perCpuPointee, perCpuVariable } from "../../kernel/percpu.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** A counter of the memory manager. */
export interface Counter {
  /** The enum constant: "NR_FREE_PAGES". */
  readonly name: string;
  readonly value: number;
}

/** Enums with more constants than this are none of these. */
const MAX_COUNTERS = 1024;

/**
 * Names of an enum that numbers counters, each at its own value. Of several constants with one value the last names
 * it: `NR_LRU_BASE` only says where the LRU counters begin.
 * @throws Fault unknown
 */
export const counterNames = derivedFor("counter names", (kernel, name: string): readonly (string | undefined)[] => {
  const type = kernel.types.find("enum", name);
  if (type?.kind !== "enum") throw Fault.of("unknown", `no enum ${name}`);
  const names: (string | undefined)[] = [];
  for (const { name: constant, value } of type.values) {
    if (value >= 0n && value < MAX_COUNTERS && !/^NR_VM_\w*ITEMS$/.test(constant)) names[Number(value)] = constant;
  }
  return names;
});

/** Counters of an array of words (`atomic_long_t`), named by an enum. @throws Fault */
export function counterArray(kernel: Kernel, address: bigint, enumName: string): readonly Counter[] {
  const { wordSize } = kernel.arch;
  return counterNames(kernel, enumName).flatMap((name, i) => {
    if (name === undefined) return [];
    const word = kernel.memory.word(address + BigInt(i * wordSize));
    return [{ name, value: Number(BigInt.asIntN(wordSize * 8, word)) }];
  });
}

/** A global table of counters: variable and the enum that names it; in the order in which they are shown. */
export interface CounterTable {
  readonly variable: string;
  readonly enumName: string;
}

/**
 * Global tables: `vm_stat` until Linux kernel commit 75ef71840539 ("mm, vmstat: add infrastructure for per-node
 * vmstats") (in v4.8) split it. NUMA events have a table of their own since v4.14, another since v5.14.
 */
export const COUNTER_TABLES: readonly CounterTable[] = [
  { variable: "vm_stat", enumName: "zone_stat_item" },
  { variable: "vm_zone_stat", enumName: "zone_stat_item" },
  { variable: "vm_node_stat", enumName: "node_stat_item" },
  { variable: "vm_numa_stat", enumName: "numa_stat_item" },
  { variable: "vm_numa_event", enumName: "numa_stat_item" },
];

/** Counters of one global table; undefined where the kernel has it not. @throws Fault */
export function globalCounters(kernel: Kernel, { variable, enumName }: CounterTable): readonly Counter[] | undefined {
  const address = globalAddress(kernel, variable);
  if (address === undefined) return undefined;
  const counters = counterArray(kernel, address, enumName);
  if (variable !== "vm_numa_event") return counters;
  const pending = pendingNumaEvents(kernel);
  return counters.map(({ name, value }) => ({ name, value: value + (pending.get(name) ?? 0) }));
}

/** What CPUs counted of NUMA events and nobody has asked for: only a reader adds it up (mm/vmstat.c: fold_vm_numa_events). */
function pendingNumaEvents(kernel: Kernel): ReadonlyMap<string, number> {
  const pending = new Map<string, number>();
  for (const zone of zones(kernel)) {
    for (const cpu of possibleCpus(kernel)) {
      const { address } = perCpuPointee(kernel, zone.at("per_cpu_zonestats"), cpu).at("vm_numa_event");
      for (const { name, value } of counterArray(kernel, address, "numa_stat_item"))
        pending.set(name, (pending.get(name) ?? 0) + value);
    }
  }
  return pending;
}

/** Every global counter by name. @throws Fault */
const allCounters = derived("global counters", (kernel): ReadonlyMap<string, number> => {
  const all = new Map<string, number>();
  for (const table of COUNTER_TABLES) {
    const counters = attempt(() => globalCounters(kernel, table));
    if (counters instanceof Fault) continue;
    for (const { name, value } of counters ?? []) all.set(name, value);
  }
  return all;
});

/** A counter by the first of its names that this kernel has; undefined when it has none of them. @throws Fault */
export function globalCounter(kernel: Kernel, ...names: readonly string[]): number | undefined {
  const all = allCounters(kernel);
  for (const name of names) {
    const value = all.get(name);
    // What CPUs have not folded in yet may leave a sum below zero, which stands for none (include/linux/vmstat.h).
    if (value !== undefined) return Math.max(0, value);
  }
  return undefined;
}

/** Events, summed over all possible CPUs (`vm_event_states`); undefined without CONFIG_VM_EVENT_COUNTERS. @throws Fault */
export function vmEvents(kernel: Kernel): readonly Counter[] | undefined {
  if (globalAddress(kernel, "vm_event_states") === undefined) return undefined;
  const sums = new Map<string, number>();
  for (const cpu of possibleCpus(kernel)) {
    const { address } = perCpuVariable(kernel, "vm_event_states", cpu);
    for (const { name, value } of counterArray(kernel, address, "vm_event_item"))
      sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return [...sums].map(([name, value]) => ({ name, value }));
}
