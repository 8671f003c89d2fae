import { padDigits } from "../../base/hex.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { logRecords } from "../printk/printk.ts";
import { globalAddress, noteSymbol } from "../vmcoreinfo.ts";

/**
 * The core `struct timekeeper` (kernel/time/timekeeping.c).
 *
 * `tk_core` is a nameless struct of a seqcount and the timekeeper until v6.13 names it `struct tk_data`. Only DWARF
 * tells that struct, and is long searched for it; but the timekeeper is the first thing aligned to 8 bytes behind the
 * seqcount. From v6.17 on there is an array `timekeeper_data[]`, the core one first.
 * @throws Fault
 */
export function timekeeper(kernel: Kernel): Obj<"struct timekeeper"> {
  const core = globalAddress(kernel, "tk_core") ?? globalAddress(kernel, "timekeeper_data");
  if (core === undefined) throw Fault.of("unknown", "no symbol tk_core");
  // With the name came a place for shadow_timekeeper in it. The symbol is asked first: that no module has a type is
  // known when the types of all are read.
  const isNamed = globalAddress(kernel, "shadow_timekeeper") === undefined;
  if (isNamed && kernel.types.find("struct", "tk_data")) return kernel.object("struct tk_data", core).at("timekeeper");
  const names = ["seqcount_raw_spinlock_t", "seqcount_t"];
  const seqcount = names.map((name) => kernel.types.find("typedef", name)).find((type) => type !== undefined);
  const size = BigInt(seqcount ? sizeOf(seqcount) : 4);
  return kernel.object("struct timekeeper", core + ((size + 7n) & ~7n));
}

/** The last second that has a year of four digits, since the epoch: a clock beyond it is damaged. */
const MAX_SECONDS = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/**
 * Wall time at the crash, seconds since the epoch: the timekeeper's, else the CRASHTIME that kdump notes.
 * @throws Fault also where the clock is not plausible
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

/** Timer ticks since boot; negative in the first five minutes' view of a wrong HZ. */
const ticks = (jiffies: bigint, hz: number): bigint =>
  // include/linux/jiffies.h: INITIAL_JIFFIES is (unsigned long)(unsigned int)(-300 * HZ)
  jiffies - BigInt.asUintN(32, BigInt(-300 * hz));

/** Values that kernel/Kconfig.hz and the architectures offer, the usual ones first. */
const HZ_CHOICES = [250, 1000, 100, 300, 128, 256, 200, 500, 1024, 1200, 48, 24];

/** Timer ticks, from INITIAL_JIFFIES on. @throws Fault */
export const jiffies64 = (kernel: Kernel): bigint => kernel.memory.u64(noteSymbol(kernel, "jiffies_64"));

/**
 * Timer ticks a second. No variable holds CONFIG_HZ; but jiffies start at -300 seconds, so only the right HZ makes
 * them agree with the seconds that another clock counted: the timekeeper's, else those of the last log message.
 * @throws Fault
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

/** Seconds since boot, by jiffies. @throws Fault */
export function uptime(kernel: Kernel): number {
  const rate = hz(kernel);
  return Number(ticks(jiffies64(kernel), rate)) / rate;
}

/** CLOCK_MONOTONIC as precise as jiffies tell it, nanoseconds. @throws Fault */
export const tickTime = (kernel: Kernel): bigint =>
  ticks(jiffies64(kernel), hz(kernel)) * (1_000_000_000n / BigInt(hz(kernel)));

const FSHIFT = 11n; // include/linux/sched/loadavg.h
const FIXED_1 = 1n << FSHIFT;

/** Load averages of 1, 5 and 15 minutes as /proc/loadavg prints them. @throws Fault */
export function loadAverages(kernel: Kernel): readonly string[] {
  const address = noteSymbol(kernel, "avenrun");
  return [0, 1, 2].map((i) => {
    const load = kernel.memory.word(address + BigInt(i * kernel.arch.wordSize)) + FIXED_1 / 200n;
    const fraction = ((load & (FIXED_1 - 1n)) * 100n) >> FSHIFT;
    return `${load >> FSHIFT}.${padDigits(fraction, 2)}`;
  });
}
