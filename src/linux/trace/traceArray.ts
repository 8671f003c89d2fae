/** Instances of ftrace: the top one (`global_trace`) and those of tracefs' folder instances/. */
import { attempt, Fault } from "../../base/fault.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { listEntries } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pageSize } from "../mm/page.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** The buffer of one CPU of an instance. */
export interface CpuBuffer {
  readonly cpu: number;
  /** `struct ring_buffer_per_cpu` */
  readonly buffer: Obj;
  /** Bytes of each page of the buffer. */
  readonly pageBytes: number;
}

/** A `struct trace_array`. */
export interface TraceArray {
  readonly array: Obj;
  /** "top" for the instance that is not in the folder instances/. */
  readonly name: string;
  /** `struct trace_buffer` of the ring buffer. */
  readonly buffer: Obj;
}

/** Name of the instance whose files are in the root of tracefs. */
export const TOP_INSTANCE = "top";
/** Maximum order of a sub-buffer (kernel/trace/ring_buffer.c: 32 MB). */
const MAX_ORDER = 13;

/** Lists the instances, the top one first. @throws Fault unknown if the kernel has no ftrace */
export function traceArrays(kernel: Kernel): TraceArray[] {
  const head = globalAddress(kernel, "ftrace_trace_arrays");
  if (head === undefined || !kernel.types.find("struct", "trace_array"))
    throw Fault.of("unknown", "the kernel has no ftrace (CONFIG_TRACING), or its symbols are not known");
  const top = globalAddress(kernel, "global_trace");
  const list = kernel.object("struct list_head", head);
  const found: TraceArray[] = [];
  for (const array of listEntries(kernel, list, "struct trace_array", "list")) {
    const isTop = array.address === top || array.at("name").value() === 0n;
    found.push({ array, name: isTop ? TOP_INSTANCE : array.at("name").text(), buffer: bufferOf(array) });
  }
  return found.sort((a, b) => Number(b.name === TOP_INSTANCE) - Number(a.name === TOP_INSTANCE));
}

/**
 * Returns the ring buffer of an instance. Since Linux kernel commit 1c5eb4481e01 ("tracing: Rename trace_buffer to
 * array_buffer") (in v5.7) the member is `array_buffer`, before that `trace_buffer`.
 */
const bufferOf = (array: Obj): Obj =>
  array.at(array.has("array_buffer") ? "array_buffer.buffer" : "trace_buffer.buffer").deref();

/** Returns the buffers of the CPUs that have one whose address can be read. @throws Fault */
export function cpuBuffers(kernel: Kernel, { buffer }: TraceArray): CpuBuffer[] {
  const order = buffer.has("subbuf_order") ? buffer.at("subbuf_order").number() : 0;
  if (order < 0 || order > MAX_ORDER)
    throw Fault.at("corrupt", buffer.address, `sub-buffers have the order ${order}; the limit is ${MAX_ORDER}`);
  const pageBytes = pageSize(kernel) * 2 ** order;
  const buffers = buffer.at("buffers").deref();
  return possibleCpus(kernel).flatMap((cpu): CpuBuffer[] => {
    const pointer = attempt(() => kernel.memory.word(buffers.address + BigInt(cpu * kernel.arch.wordSize)));
    if (pointer instanceof Fault || pointer === 0n) return [];
    return [{ cpu, buffer: kernel.object("struct ring_buffer_per_cpu", pointer), pageBytes }];
  });
}

/** Returns the name of the current tracer: "nop", "function", "function_graph". @throws Fault */
export const tracerName = ({ array }: TraceArray): string => array.at("current_trace.name").text();

/** Whether the buffer records: false after `tracing_on` was set to 0. @throws Fault */
export const isRecording = ({ buffer }: TraceArray): boolean => buffer.at("record_disabled.counter").value() === 0n;

/** Names of the clocks by their function (kernel/trace/trace.c: trace_clocks). */
const CLOCKS: Readonly<Record<string, string>> = {
  trace_clock_local: "local",
  trace_clock_global: "global",
  trace_clock_counter: "counter",
  trace_clock_jiffies: "uptime",
  trace_clock: "perf",
  ktime_get_mono_fast_ns: "mono",
  ktime_get_raw_fast_ns: "mono_raw",
  ktime_get_boot_fast_ns: "boot",
  ktime_get_tai_fast_ns: "tai",
  trace_clock_x86_tsc: "x86-tsc",
};

/** Clocks that do not count nanoseconds. */
const NOT_NANOSECONDS = ["counter", "uptime", "x86-tsc"];

/** Returns the name of the clock, as in trace_clock. @throws Fault */
export function clockName({ buffer }: TraceArray): string {
  const clock = buffer.at("clock").value();
  const name = buffer.kernel.symbols.at(clock)?.name ?? "";
  return CLOCKS[name] ?? (name === "" ? "unknown" : name);
}

/** Whether time stamps of a clock are nanoseconds. */
export const isInNanoseconds = (clock: string): boolean => !NOT_NANOSECONDS.includes(clock);

/** Whether time stamps of a clock are those of the scheduler and of the kernel log: nanoseconds since boot. */
export const isSchedulerClock = (clock: string): boolean => ["local", "global", "perf"].includes(clock);
