/** Clocks: wall time, uptime, jiffies and load averages. */
import { padDigits } from "../../base/hex.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { logRecords } from "../printk/printk.ts";
import { globalAddress, noteSymbol } from "../vmcoreinfo.ts";

/**
 * Returns the core `struct timekeeper` (kernel/time/timekeeping.c).
 * Until v6.13, which names it `struct tk_data`, `tk_core` is an unnamed struct of a seqcount and the timekeeper. Only
 * DWARF describes that struct, and finding it takes long. But the timekeeper is at the first offset after the seqcount
 * that is aligned for 64-bit integers. From v6.17 on there is an array `timekeeper_data[]` with the core timekeeper first.
 * @throws Fault
 */
export function timekeeper(kernel: Kernel): Obj<"struct timekeeper"> {
  const core = globalAddress(kernel, "tk_core") ?? globalAddress(kernel, "timekeeper_data");
  if (core === undefined) throw Fault.of("unknown", "no symbol tk_core or timekeeper_data");
  // In kernels with the symbol shadow_timekeeper the struct has no name. Since it has a name, shadow_timekeeper is one
  // of its members and no longer a symbol. Check the symbol first, because finding out that a type does not exist reads
  // the types of all modules.
  const isNamed = globalAddress(kernel, "shadow_timekeeper") === undefined;
  if (isNamed && kernel.types.find("struct", "tk_data")) return kernel.object("struct tk_data", core).at("timekeeper");
  const names = ["seqcount_raw_spinlock_t", "seqcount_t"];
  const seqcount = names.map((name) => kernel.types.find("typedef", name)).find((type) => type !== undefined);
  const size = BigInt(seqcount ? sizeOf(seqcount) : 4);
  const alignment = BigInt(kernel.arch.longLongAlignment ?? 8);
  return kernel.object("struct timekeeper", core + ((size + alignment - 1n) & -alignment));
}

/** Maximum of the clock, in seconds since the epoch: the last second of a year with four digits. */
const MAX_SECONDS = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * Returns the wall time at the crash, in seconds since the epoch: from the timekeeper, else kdump's CRASHTIME in
 * VMCOREINFO. @throws Fault if neither is readable and plausible
 */
export function crashTime(kernel: Kernel): number {
  const seconds = attempt(() => {
    const clock = timekeeper(kernel).at("xtime_sec");
    const seconds = clock.value();
    if (seconds < 0n || seconds > BigInt(MAX_SECONDS))
      throw Fault.at("corrupt", clock.address, `the clock is not plausible: ${seconds} seconds since 1970`);
    return Number(seconds);
  });
  if (!(seconds instanceof Fault)) return seconds;
  const noted = Number(kernel.vmcoreinfo("CRASHTIME") ?? Number.NaN);
  if (Number.isSafeInteger(noted) && noted >= 0 && noted <= MAX_SECONDS) return noted;
  throw seconds;
}

/** Returns timer ticks since boot; can be negative for a wrong HZ. */
const ticks = (jiffies: bigint, hz: number): bigint =>
  // include/linux/jiffies.h: INITIAL_JIFFIES is (unsigned long)(unsigned int)(-300 * HZ)
  jiffies - BigInt.asUintN(32, BigInt(-300 * hz));

/** Values that kernel/Kconfig.hz and the architectures offer, the most common first. */
const HZ_CHOICES = [250, 1000, 100, 300, 128, 256, 200, 500, 1024, 1200, 48, 24];

/** Returns `jiffies_64`, the count of timer ticks. It starts at INITIAL_JIFFIES at boot. @throws Fault */
export const jiffies64 = (kernel: Kernel): bigint => kernel.memory.u64(noteSymbol(kernel, "jiffies_64"));

/**
 * CONFIG_HZ, the timer ticks per second. No variable contains it. But jiffies start at -300 seconds, so that only the
 * right HZ agrees with the seconds of another clock: the timekeeper, else the last log message. @throws Fault
 */
export const hz = derived("HZ", (kernel): number => {
  const jiffies = jiffies64(kernel);
  const seconds = secondsSinceBoot(kernel);
  const error = (choice: number): number => Math.abs(Number(ticks(jiffies, choice)) / choice - seconds);
  return HZ_CHOICES.reduce((best, choice) => (error(choice) < error(best) ? choice : best));
});

function secondsSinceBoot(kernel: Kernel): number {
  const monotonic = attempt(() => timekeeper(kernel).at("ktime_sec").number());
  if (!(monotonic instanceof Fault)) return monotonic;
  let last = 0n;
  for (const record of logRecords(kernel)) {
    if (!(record instanceof Fault) && record.nanoseconds !== undefined) last = record.nanoseconds;
  }
  return Number(last) / 1e9;
}

/** Returns the seconds since boot according to jiffies. @throws Fault */
export function uptime(kernel: Kernel): number {
  const rate = hz(kernel);
  return Number(ticks(jiffies64(kernel), rate)) / rate;
}

/** Returns CLOCK_MONOTONIC with the precision of jiffies, in nanoseconds. @throws Fault */
export const tickTime = (kernel: Kernel): bigint =>
  ticks(jiffies64(kernel), hz(kernel)) * (1_000_000_000n / BigInt(hz(kernel)));

const FSHIFT = 11n; // include/linux/sched/loadavg.h
const FIXED_1 = 1n << FSHIFT;

/** Returns the load averages of 1, 5 and 15 minutes as /proc/loadavg prints them. @throws Fault */
export function loadAverages(kernel: Kernel): readonly string[] {
  const address = noteSymbol(kernel, "avenrun");
  return [0, 1, 2].map((i) => {
    const load = kernel.memory.word(address + BigInt(i * kernel.arch.wordSize)) + FIXED_1 / 200n;
    const fraction = ((load & (FIXED_1 - 1n)) * 100n) >> FSHIFT;
    return `${load >> FSHIFT}.${padDigits(fraction, 2)}`;
  });
}
