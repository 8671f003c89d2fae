/**
 * The calls of the function_graph tracer as a tree, in the lines of the file "trace" with the default options
 * (kernel/trace/trace_functions_graph.c: print_graph_function_flags).
 */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import { symbolText } from "./formatText.ts";
import type { Kernel } from "../../model/kernel.ts";
import { entryText, type TraceEntry } from "./entryText.ts";
import { fieldValue, numberOf } from "./printValue.ts";

/** A line of the tree. */
export interface GraphLine {
  /** The entry; for a call without further calls, the one at its beginning. */
  readonly entry: TraceEntry;
  /** Number of calls around the line. */
  readonly depth: number;
  /** Duration in nanoseconds of a call that ended in this line. */
  readonly duration: bigint | undefined;
  /** The function; undefined for an entry of another event. */
  readonly function: string | undefined;
  /** `vfs_open() {`, `vfs_open();`, `}`, or another event as a comment. */
  readonly text: string;
  /** The task of the CPU's previous line, if that was another task. */
  readonly switchedFrom: Pick<TraceEntry, "pid" | "comm"> | undefined;
  /** Whether an interrupt begins or ends with the call. */
  readonly interrupt: { readonly begins: boolean; readonly ends: boolean };
}

/** The state of a CPU. */
interface Drawn {
  last: TraceEntry;
  /** The depth of comments. */
  depth: number;
  /** Functions by their depth that were entered and not left. */
  readonly entered: (bigint | undefined)[];
}

/** Number of levels of which the kernel remembers the functions (FTRACE_RETFUNC_DEPTH). */
const MAX_KNOWN_DEPTH = 50;
const NO_INTERRUPT = { begins: false, ends: false };

/** A call or a return. */
interface Call {
  readonly isEntry: boolean;
  readonly address: bigint;
  readonly depth: number;
  readonly duration: bigint;
}

/**
 * Yields the lines of entries that are in the order of their times. The call and the return of a function that called
 * no other are one line.
 */
export function* graphLines(kernel: Kernel, entries: readonly TraceEntry[]): Generator<GraphLine, void, void> {
  const next = nextOnCpu(entries);
  const cpus = new Map<number, Drawn>();
  const leaves = new Set<number>();
  for (const [at, entry] of entries.entries()) {
    // The return of a leaf is in the line of its call.
    if (leaves.delete(at)) continue;
    const drawn: Drawn = cpus.get(entry.cpu) ?? { last: entry, depth: 0, entered: [] };
    cpus.set(entry.cpu, drawn);
    const switchedFrom = drawn.last.pid === entry.pid ? undefined : drawn.last;
    drawn.last = entry;
    const call = callOf(kernel, entry);
    if (!call) {
      yield { ...commentOf(kernel, entry, drawn.depth), switchedFrom };
      continue;
    }
    const following = next[at] ?? 0;
    const end = call.isEntry ? returnOf(kernel, call, entry, entries[following]) : undefined;
    if (end) leaves.add(following);
    yield {
      ...(call.isEntry ? callLine(kernel, entry, call, end, drawn) : returnLine(kernel, entry, call, drawn)),
      switchedFrom,
    };
  }
}

/** Returns for each entry the index of the next one of the same CPU; 0 for the last one. */
function nextOnCpu(entries: readonly TraceEntry[]): Uint32Array {
  const next = new Uint32Array(entries.length);
  const last = new Map<number, number>();
  for (const [at, { cpu }] of entries.entries()) {
    const before = last.get(cpu);
    if (before !== undefined) next[before] = at;
    last.set(cpu, at);
  }
  return next;
}

/** Reads an entry of the tracer; undefined for another one, or one that is damaged. */
function callOf(kernel: Kernel, { event, data, lastBoot }: TraceEntry): Call | undefined {
  if (event?.system !== "ftrace") return undefined;
  const isEntry = /^(?:funcgraph|fgraph_retaddr)_entry$/.test(event.name);
  if (!isEntry && event.name !== "funcgraph_exit") return undefined;
  const number = (name: string): bigint => {
    const field = event.fields.find((one) => one.name === name);
    if (!field) throw Fault.of("unknown", `${event.name} has no field ${name}`);
    return numberOf(fieldValue({ kernel, data }, field));
  };
  const call = attempt(() => ({
    isEntry,
    address: lastBoot ? lastBoot.adjusted(number("func")) : number("func"),
    depth: Number(BigInt.asIntN(32, number("depth"))),
    duration: isEntry ? 0n : number("rettime") - number("calltime"),
  }));
  return call instanceof Fault ? undefined : call;
}

/** Returns the return of a call, if it is the CPU's next entry. */
function returnOf(
  kernel: Kernel,
  { address }: Call,
  { cpu, pid }: TraceEntry,
  following: TraceEntry | undefined,
): Call | undefined {
  if (following?.cpu !== cpu || following.pid !== pid) return undefined;
  const end = callOf(kernel, following);
  return end && !end.isEntry && end.address === address ? end : undefined;
}

type Line = Omit<GraphLine, "switchedFrom">;

/** Returns the line of a call. @param end its return if that is in the same line */
function callLine(kernel: Kernel, entry: TraceEntry, call: Call, end: Call | undefined, drawn: Drawn): Line {
  const { address, depth } = call;
  drawn.depth = end ? depth - 1 : depth;
  if (isKnown(depth)) drawn.entered[depth] = end ? undefined : address;
  const name = symbolText(kernel, address);
  const isInterrupt = interruptText(kernel)(address);
  return {
    ...{ entry, depth, function: name, duration: end?.duration },
    text: end ? `${name}();` : `${name}() {`,
    interrupt: { begins: isInterrupt, ends: isInterrupt && end !== undefined },
  };
}

/** Returns the line of a return. It names the function if its call is not in the buffer. */
function returnLine(kernel: Kernel, entry: TraceEntry, { address, depth, duration }: Call, drawn: Drawn): Line {
  drawn.depth = depth - 1;
  const isMatching = !isKnown(depth) || drawn.entered[depth] === address;
  if (isKnown(depth)) drawn.entered[depth] = undefined;
  const name = symbolText(kernel, address);
  return {
    ...{ entry, depth, function: name, duration },
    text: isMatching ? "}" : `} /* ${name} */`,
    interrupt: { begins: false, ends: interruptText(kernel)(address) },
  };
}

const isKnown = (depth: number): boolean => depth >= 0 && depth < MAX_KNOWN_DEPTH;

/** Messages of trace_printk() are without the function that printed them. */
const MESSAGES = ["print", "bprint", "bputs"];

function commentOf(kernel: Kernel, entry: TraceEntry, depth: number): Line {
  const { name, text, raw } = entryText(kernel, entry);
  const isMessage = entry.event?.system === "ftrace" && MESSAGES.includes(entry.event.name);
  const title = isMessage || name === "" ? "" : `${name}: `;
  return {
    ...{ entry, duration: undefined, function: undefined, interrupt: NO_INTERRUPT },
    depth: depth > 0 ? depth + 1 : 0,
    text: `/* ${title}${raw ? "raw: " : ""}${text} */`,
  };
}

/** Returns the test whether a function handles interrupts: it is in the section .irqentry.text. */
const interruptText = derived("functions of interrupts", (kernel): ((address: bigint) => boolean) => {
  const [start, end] = ["__irqentry_text_start", "__irqentry_text_end"].map(
    (name) => kernel.symbols.find(name)?.address,
  );
  return (address) => start !== undefined && end !== undefined && address >= start && address < end;
});
