/** Counters of the memory manager (/proc/vmstat). */
import { attempt, Fault } from "../../base/fault.ts";
import { derived, derivedFor } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
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

/** Maximum number of counters of an array; enum constants from this value on are not used. */
const MAX_COUNTERS = 1024;

/**
 * The names of an enum that numbers counters, indexed by value. `NR_VM_..._ITEMS`, which only count them, are left out.
 * If several constants have the same value, the last is used, because `NR_LRU_BASE` only marks where the LRU counters
 * begin. @throws Fault "unknown" if the enum does not exist
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

/** Reads an array of counters (`atomic_long_t`) that an enum numbers. @throws Fault */
export function counterArray(kernel: Kernel, address: bigint, enumName: string): readonly Counter[] {
  const { wordSize } = kernel.arch;
  return counterNames(kernel, enumName).flatMap((name, i) => {
    if (name === undefined) return [];
    const word = kernel.memory.word(address + BigInt(i * wordSize));
    return [{ name, value: Number(BigInt.asIntN(wordSize * 8, word)) }];
  });
}

/** A global array of counters and the enum that numbers it. */
export interface CounterTable {
  readonly variable: string;
  readonly enumName: string;
}

/**
 * Global arrays in the order of display. Linux kernel commit 75ef71840539 ("mm, vmstat: add infrastructure for per-node
 * vmstats") (in v4.8) split `vm_stat`. NUMA events have an array of their own since v4.14, and a different one since
 * v5.14.
 */
export const COUNTER_TABLES: readonly CounterTable[] = [
  { variable: "vm_stat", enumName: "zone_stat_item" },
  { variable: "vm_zone_stat", enumName: "zone_stat_item" },
  { variable: "vm_node_stat", enumName: "node_stat_item" },
  { variable: "vm_numa_stat", enumName: "numa_stat_item" },
  { variable: "vm_numa_event", enumName: "numa_stat_item" },
];

/** Reads the counters of one global array; undefined if the kernel does not have it. @throws Fault */
export function globalCounters(kernel: Kernel, { variable, enumName }: CounterTable): readonly Counter[] | undefined {
  const address = globalAddress(kernel, variable);
  if (address === undefined) return undefined;
  // Without CONFIG_NUMA the array exists, but has no elements.
  if (enumName === "numa_stat_item" && !kernel.types.find("enum", enumName)) return undefined;
  const counters = counterArray(kernel, address, enumName);
  if (variable !== "vm_numa_event") return counters;
  const pending = pendingNumaEvents(kernel);
  return counters.map(({ name, value }) => ({ name, value: value + (pending.get(name) ?? 0) }));
}

/**
 * Returns the NUMA events that CPUs have counted and not yet added to the global counters, which happens only when the
 * counters are read (mm/vmstat.c: fold_vm_numa_events).
 */
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

/** All global counters by name. Arrays that cannot be read are missing. */
const allCounters = derived("global counters", (kernel): ReadonlyMap<string, number> => {
  const all = new Map<string, number>();
  for (const table of COUNTER_TABLES) {
    const counters = attempt(() => globalCounters(kernel, table));
    if (counters instanceof Fault) continue;
    for (const { name, value } of counters ?? []) all.set(name, value);
  }
  return all;
});

/** Returns a zone's counter of free pages, without the counts that CPUs have not yet added. @throws Fault */
export function zoneFreePages(zone: Obj<"struct zone">): number {
  if (zone.has("free_pages")) return zone.at("free_pages").number();
  const counters = counterArray(zone.kernel, zone.at("vm_stat").address, "zone_stat_item");
  const counter = counters.find(({ name }) => name === "NR_FREE_PAGES");
  if (!counter) throw Fault.of("unknown", "the zones have no counter NR_FREE_PAGES");
  return Math.max(0, counter.value);
}

/** Returns a counter by the first of its names that this kernel has; undefined if it has none of them. @throws Fault */
export function globalCounter(kernel: Kernel, ...names: readonly string[]): number | undefined {
  const all = allCounters(kernel);
  for (const name of names) {
    const value = all.get(name);
    // The sum can be negative because of counts that CPUs have not yet added; this means 0 (include/linux/vmstat.h).
    if (value !== undefined) return Math.max(0, value);
  }
  return undefined;
}

/**
 * Returns the event counters, summed over all possible CPUs (`vm_event_states`); undefined without
 * CONFIG_VM_EVENT_COUNTERS. @throws Fault
 */
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
