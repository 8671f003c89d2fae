/** Timers. */
import { Fault } from "../../base/fault.ts";
import { bare, sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { hlistNodes, memberOffset } from "../../kernel/list.ts";
import { perCpuAddress, perCpuVariable } from "../../kernel/percpu.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";

/** One timer wheel of a CPU, `struct timer_base` (kernel/time/timer.c). */
export interface TimerBase {
  /** The kernel's name: BASE_STD and BASE_DEF, or BASE_LOCAL, BASE_GLOBAL and BASE_DEF. A single base is BASE_STD. */
  readonly name: string;
  readonly base: Obj<"struct timer_base">;
}

/**
 * Returns the timer bases of a CPU. There are three since Linux kernel commit 83a665dc99a7 ("timers: Keep the pinned
 * timers separate from the others") (in v6.9), two before, and one without CONFIG_NO_HZ_COMMON. @throws Fault
 */
export function timerBases(kernel: Kernel, cpu: number): readonly TimerBase[] {
  const symbol = kernel.symbols.find("timer_bases");
  if (!symbol) throw Fault.of("unknown", "no symbol timer_bases");
  const element = kernel.types.named("struct timer_base");
  const declared = kernel.types.variable("timer_bases");
  const array = declared && bare(declared);
  // If no type source has the length of the array, the size of the symbol gives it.
  const declaredCount = array?.kind === "array" ? array.count : undefined;
  const size = sizeOf(element);
  const count = declaredCount ?? Math.floor(symbol.size / Math.max(size, 1));
  const first = perCpuAddress(kernel, symbol.address, cpu);
  const names = count >= 3 ? ["BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"] : ["BASE_STD", "BASE_DEF"];
  return names.slice(0, Math.max(count, 1)).map((name, i) => ({
    name,
    base: kernel.object(element, first + BigInt(i * size)),
  }));
}

/** Yields the timers of a base, `struct timer_list`, bucket by bucket. @throws Fault where a list breaks */
export function* wheelTimers(base: Obj<"struct timer_base">): Generator<Obj<"struct timer_list">> {
  const { kernel } = base;
  const type = kernel.types.named("struct timer_list");
  const offset = memberOffset(kernel, type, "entry");
  for (const bucket of base.at("vectors").elements())
    for (const node of hlistNodes(kernel, bucket.address)) yield kernel.object(type, BigInt.asUintN(64, node - offset));
}

/** Returns the `struct hrtimer_cpu_base` of a CPU (include/linux/hrtimer.h or hrtimer_defs.h). @throws Fault */
export const hrtimerBase = (kernel: Kernel, cpu: number): Obj<"struct hrtimer_cpu_base"> =>
  perCpuVariable(kernel, "hrtimer_bases", cpu);

/** Yields the `struct hrtimer`s of a clock, next to expire first. @throws Fault where the tree breaks */
export function* clockTimers(clock: Obj<"struct hrtimer_clock_base">): Generator<Obj<"struct hrtimer">> {
  const active = clock.at("active");
  // Since Linux kernel commit 511885d7061e ("lib/timerqueue: Rely on rbtree semantics for next timer") (in v5.4) the
  // root also has a pointer to its first node.
  const root = active.at(active.has("rb_root") ? "rb_root" : "head");
  yield* rbtreeEntries(clock.kernel, root, "struct hrtimer", "node.node");
}

/**
 * enum hrtimer_base_type: the bases that expire in hard interrupt context, then the same for those in softirq context.
 */
const CLOCKS = ["ktime_get", "ktime_get_real", "ktime_get_boottime", "ktime_get_clocktai"];

/**
 * Returns the name of the function that reads the clock of a clock base: until v6.18 from its pointer, then from its
 * number. @throws Fault
 */
export function clockName(clock: Obj<"struct hrtimer_clock_base">): string {
  if (!clock.has("get_time")) return CLOCKS[clock.at("index").number() % CLOCKS.length] ?? "";
  const address = clock.at("get_time").value();
  return clock.kernel.symbols.at(address)?.name ?? address.toString(16);
}
