/** Texts of the entries of a ring buffer: task, context and event. */
import { cString, readUnsigned, viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { hexBytes, padHex } from "../../base/hex.ts";
import { derived } from "../../model/derived.ts";
import { memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import { formatText, symbolText } from "./formatText.ts";
import { type EventEntry, fieldValue, numberOf, printValue, type PrintValue } from "./printValue.ts";
import { parsePrintFormat, type PrintFormat } from "./printFormat.ts";
import type { LastBoot } from "./lastBoot.ts";
import type { RingEntry } from "./ringBuffer.ts";
import { savedComm } from "./savedComm.ts";
import { type EventField, type TraceEvent, traceEvents } from "./traceEvent.ts";

/** An entry that was read. */
export interface TraceEntry {
  readonly cpu: number;
  readonly time: bigint;
  readonly pid: number;
  readonly comm: string;
  /** The five letters of the trace file: interrupts off, need to reschedule, context, preempt and migrate depth. */
  readonly context: string;
  /** Undefined if no event has the number of the entry. */
  readonly event: TraceEvent | undefined;
  readonly data: Uint8Array;
  /** The boot before, if the entry is from it. */
  readonly lastBoot?: LastBoot | undefined;
}

/** Offsets of the members of `struct trace_entry`. */
const layout = derived("struct trace_entry", (kernel) => {
  const [type, flags, preempt, pid] = ["type", "flags", "preempt_count", "pid"].map((member) =>
    Number(memberOffset(kernel, "struct trace_entry", member)),
  );
  return { type: type ?? 0, flags: flags ?? 2, preempt: preempt ?? 3, pid: pid ?? 4 };
});

/** Reads the head of an entry. @throws Fault corrupt if the entry is too short for one */
export function traceEntry(kernel: Kernel, { cpu, time, data }: RingEntry, lastBoot?: LastBoot): TraceEntry {
  const { type, flags, preempt, pid: pidAt } = layout(kernel);
  if (data.length < pidAt + 4)
    throw Fault.of("corrupt", `an entry of CPU ${cpu} has ${data.length} bytes, less than its header`);
  const view = viewOf(data);
  const { byteOrder } = kernel.arch;
  const pid = Number(BigInt.asIntN(32, readUnsigned(view, pidAt, 4, byteOrder)));
  const id = Number(readUnsigned(view, type, 2, byteOrder));
  return {
    ...{ cpu, time, pid, data },
    // The tasks of the boot before had other names.
    comm: lastBoot ? (pid === 0 ? "<idle>" : "<...>") : savedComm(kernel)(pid),
    ...(lastBoot && { lastBoot }),
    context: contextText(contextFlags(kernel), view.getUint8(flags), view.getUint8(preempt)),
    event: traceEvents(kernel).get(id),
  };
}

/**
 * Returns the function that gives the value of a flag of `trace_entry.flags` (enum trace_flag_type); 0 for one that the
 * kernel lacks, such as lazy rescheduling before v6.14.
 */
const contextFlags = derived("flags of trace entries", (kernel): ((name: string) => number) => {
  const values = new Map<string, number>();
  return (name) => {
    let value = values.get(name);
    if (value === undefined)
      values.set(name, (value = Number(kernel.types.enumerator(`TRACE_FLAG_${name}`)?.value ?? 0n)));
    return value;
  };
});

function contextText(flag: (name: string) => number, flags: number, preempt: number): string {
  const has = (name: string): boolean => (flags & flag(name)) !== 0;
  const off = has("IRQS_OFF") ? (has("BH_OFF") ? "D" : "d") : has("BH_OFF") ? "b" : has("IRQS_NOSUPPORT") ? "X" : ".";
  const resched = `${has("NEED_RESCHED") ? "n" : ""}${has("NEED_RESCHED_LAZY") ? "l" : ""}${has("PREEMPT_RESCHED") ? "p" : ""}`;
  const interrupt = has("NMI")
    ? has("HARDIRQ")
      ? "Z"
      : "z"
    : has("HARDIRQ")
      ? has("SOFTIRQ")
        ? "H"
        : "h"
      : has("SOFTIRQ")
        ? "s"
        : ".";
  const depth = (value: number): string => (value === 0 ? "." : value.toString(16));
  return `${off}${RESCHED[resched] ?? "."}${interrupt}${depth(preempt & 15)}${depth(preempt >> 4)}`;
}

/** Letter of the trace file by the flags that are set: need-resched (n), lazy need-resched (l), preempt-resched (p). */
const RESCHED: Readonly<Record<string, string>> = { nlp: "B", np: "N", lp: "L", nl: "b", n: "n", p: "p", l: "l" };

/** The text of an entry. */
export interface EntryText {
  /** The name before the text; empty for entries of the function tracer, which begin with the function. */
  readonly name: string;
  readonly text: string;
  /** Why the text has the event's fields instead of the kernel's own format; undefined if it has the format. */
  readonly raw?: Fault;
}

/** Returns what the trace file prints of an entry after its time. Never throws: see `raw`. */
export function entryText(kernel: Kernel, { event, data, lastBoot }: TraceEntry): EntryText {
  if (!event)
    return { name: "", text: `Unknown type`, raw: Fault.of("unknown", "no event has the number of the entry") };
  const entry: EventEntry = { kernel, event, data, ...(lastBoot && { lastBoot }) };
  const result = attempt(() => ownText(entry) ?? { name: event.name, text: formatted(entry).replace(/\n$/, "") });
  if (!(result instanceof Fault)) return result;
  const fields = event.fields.map((field) => `${field.name}=${rawText(entry, field)}`).join(" ");
  return { name: event.name, text: fields, raw: result };
}

/** Parsed formats, of which many events share one. */
const formats = derived("print formats", () => new Map<string, PrintFormat | Fault>());

function formatOf(kernel: Kernel, text: string): PrintFormat {
  const known = formats(kernel);
  let format = known.get(text);
  if (format === undefined) known.set(text, (format = attempt(() => parsePrintFormat(text))));
  if (format instanceof Fault) throw format;
  return format;
}

function formatted(entry: EventEntry, text = entry.event.printFormat): string {
  const { format, arguments: given } = formatOf(entry.kernel, text);
  return formatText(
    entry.kernel,
    format,
    given.map((one) => printValue(entry, one)),
  );
}

const field = (entry: EventEntry, name: string): PrintValue => printValue(entry, { kind: "field", name });
const number = (entry: EventEntry, name: string): bigint => numberOf(field(entry, name));

/**
 * Returns the text of an entry of ftrace itself, of a system call or of a probe, for which the kernel has code of its
 * own (kernel/trace/trace_output.c); undefined for other entries.
 */
function ownText(entry: EventEntry): EntryText | undefined {
  const { kernel, event } = entry;
  const symbol = (name: string): string => functionText(entry, number(entry, name));
  if (event.system === "syscalls") return syscallText(entry);
  if (event.system !== "ftrace") return probeText(entry);
  switch (event.name) {
    case "function":
      return { name: "", text: `${symbol("ip")} <-${symbol("parent_ip")}` };
    case "funcgraph_entry":
      return { name: event.name, text: `--> ${symbol("func")} (${number(entry, "depth")})` };
    case "funcgraph_exit":
      return { name: event.name, text: `<-- ${symbol("func")} (${number(entry, "depth")}) ${durationText(entry)}` };
    case "kernel_stack":
    case "user_stack":
      return { name: "", text: ["<stack trace>", ...stackLines(entry)].join("\n") };
    case "print":
      return { name: symbol("ip"), text: cString(bytesFrom(entry, "buf")).replace(/\n$/, "") };
    case "bputs":
      return { name: symbol("ip"), text: kernel.memory.cString(number(entry, "str"), 1024).replace(/\n$/, "") };
    default:
      return undefined;
  }
}

const durationText = (entry: EventEntry): string =>
  `${(Number(number(entry, "rettime") - number(entry, "calltime")) / 1000).toFixed(3)} us`;

/** Returns the name of a function, which the boot before may have had elsewhere. */
const functionText = ({ kernel, lastBoot }: EventEntry, address: bigint): string =>
  symbolText(kernel, lastBoot ? lastBoot.adjusted(address) : address);

/** Returns the bytes of an entry from a field to its end. */
function bytesFrom({ event, data }: EventEntry, name: string): Uint8Array {
  const start = event.fields.find((one) => one.name === name)?.offset;
  if (start === undefined || start > data.length) throw Fault.of("corrupt", `the entry ends before its field ${name}`);
  return data.subarray(start);
}

/** FTRACE_TRAMPOLINE_MARKER: an address in a trampoline. */
const TRAMPOLINE = 0x7fff_ffffn;

function* stackLines(entry: EventEntry): Generator<string, void, void> {
  const { kernel, event } = entry;
  const bytes = bytesFrom(entry, "caller");
  const size = kernel.arch.wordSize;
  for (let at = 0; at + size <= bytes.length; at += size) {
    const address = readUnsigned(viewOf(bytes), at, size, kernel.arch.byteOrder);
    if (address === (1n << BigInt(size * 8)) - 1n || address === 0n) return;
    if (address === TRAMPOLINE) yield " => [FTRACE TRAMPOLINE]";
    else yield ` => ${event.name === "user_stack" ? `<${padHex(address, size * 2)}>` : functionText(entry, address)}`;
  }
}

function syscallText(entry: EventEntry): EntryText {
  const name = entry.event.name.replace(/^sys_(?:enter|exit)_/, "sys_");
  return entry.event.name.startsWith("sys_exit_")
    ? { name: "", text: `${name} -> ${formatted(entry)}` }
    : { name: "", text: `${name}(${formatted(entry)})` };
}

/**
 * Returns the text of a probe's entry; undefined for other events. The kernel prints the address of the probe as a
 * symbol, although its format prints a number.
 */
function probeText(entry: EventEntry): EntryText | undefined {
  const { event } = entry;
  const [first] = event.fields;
  if (first?.name === "__probe_ip") {
    const text = event.printFormat.replace("(%lx)", "(%pS)");
    return { name: event.name, text: formatted(entry, text) };
  }
  if (first?.name !== "__probe_func") return undefined;
  const [place, caller] = [number(entry, "__probe_func"), number(entry, "__probe_ret_ip")];
  const rest = formatted(entry).replace(/^\([^)]*\)/, "");
  return {
    name: event.name,
    text: `(${symbolText(entry.kernel, caller, true)} <- ${symbolText(entry.kernel, place)})${rest}`,
  };
}

/** Returns a field as a number, a text, or bytes in hexadecimal. @throws Fault */
function plainField(entry: EventEntry, one: EventField): bigint | string {
  if (/^__(?:data|rel)_loc char/.test(one.type)) {
    const name = { kind: "name", name: one.name } as const;
    const text = printValue(entry, { kind: "call", name: "__get_str", arguments: [name] });
    return typeof text === "object" ? "" : text;
  }
  const value = fieldValue(entry, one);
  if (typeof value !== "object") return value;
  return /char/.test(one.type) ? cString(value.bytes) : hexBytes(value.bytes, "");
}

/** Returns the text of a field, for entries whose format cannot be evaluated. */
function rawText(entry: EventEntry, one: EventField): string {
  const value = attempt(() => plainField(entry, one));
  if (value instanceof Fault) return `<${value.message}>`;
  if (typeof value === "string") return /char/.test(one.type) ? JSON.stringify(value) : value;
  return one.isSigned ? String(value) : `0x${value.toString(16)}`;
}

/** Maximum number in JSON, because larger ones are not exact. */
const MAX_EXACT = 2n ** 53n;

/** Returns the fields of an entry by name: numbers up to 2^53, and other values as text. */
export function entryFields(kernel: Kernel, { event, data }: TraceEntry): { readonly [name: string]: string | number } {
  if (!event) return {};
  const entry = { kernel, event, data };
  return Object.fromEntries(
    event.fields.map((one): [string, string | number] => {
      const value = attempt(() => plainField(entry, one));
      if (value instanceof Fault) return [one.name, `<${value.message}>`];
      if (typeof value === "string") return [one.name, value];
      if (value <= MAX_EXACT && value >= -MAX_EXACT) return [one.name, Number(value)];
      return [one.name, one.isSigned ? String(value) : `0x${value.toString(16)}`];
    }),
  );
}
