/** A task's stack word by word. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex, padHex } from "../../base/hex.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memberLines } from "../../model/typeText.ts";
import type { Job } from "../../base/job.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { type StackRange, taskStackRange } from "../../unwind/stacks.ts";
import type { Frame } from "../../unwind/frame.ts";
import { glance } from "./glance.ts";
import type { Target } from "../target.ts";
import { type Thread, threadName } from "../threads.ts";

/** Maximum number of words per frame. A frame that is larger has no known end. */
const MAX_WORDS = 4096;

/** The words of one frame: what its function pushed, up to the return address to its caller. */
interface Extent {
  readonly frame: Frame;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Returns a task's stack word by word and frame by frame. Each word is described: a return address with its line, a
 * saved register of a trap, a slab object, an address of this stack.
 */
export function* rawStackText(target: Target, thread: Thread): Job<string> {
  const { kernel } = target;
  const { task } = thread;
  if (!task) return `${threadName(thread)}\n`;
  const range = attempt(() => taskStackRange(kernel, task));
  const stack = stackTrace(kernel, task);
  const taskRange = range instanceof Fault ? undefined : range;
  const extents = extentsOf(stack.frames, taskRange);
  const where = taskRange ? `stack ${hex(taskRange.start)}-${hex(taskRange.end)}` : "";
  const lines = [`${threadName(thread)}  ${where}`.trimEnd()];
  for (const [i, { frame, from, to }] of extents.entries()) {
    const inner = extents[i - 1]?.frame;
    if (inner && inner.stack !== frame.stack) lines.push("", `--- ${inner.stack} stack ends, ${frame.stack} stack ---`);
    if (frame.trap) lines.push("", `--- ${frame.trap.type} ---`);
    lines.push("", headingOf(i, frame));
    yield;
    yield* wordLines(kernel, from, to, namesAround(kernel, extents, i), lines);
  }
  if (stack.fault) lines.push("", `<${stack.fault.message}>`);
  return `${lines.join("\n")}\n`;
}

/**
 * Returns the range of each frame: it ends where the next frame on the same stack begins. The outermost one ends with
 * the stack.
 */
function extentsOf(frames: readonly Frame[], taskRange: StackRange | undefined): Extent[] {
  return frames.map((frame, i) => {
    const next = frames[i + 1];
    const isNext = next && next.stack === frame.stack && next.sp > frame.sp;
    const end = frame.stack === "task" && taskRange && !next ? taskRange.end : (frame.cfa ?? frame.sp);
    return { frame, from: frame.sp, to: isNext ? next.sp : end };
  });
}

function headingOf(number: number, frame: Frame): string {
  const { pc, symbol, doubt } = frame;
  const name = symbol ? symbolPlace(symbol, pc, 16) : `${hex(pc)}`;
  const module = symbol?.module === undefined ? "" : ` [${symbol.module}]`;
  const lines = frame.places().flatMap(({ source }) => (source ? [`${source.file}:${source.line}`] : []));
  const how = doubt === undefined ? "" : `  (${doubt})`;
  return `#${number}  ${name}${module}  ${lines.join(" < ")}${how}`.trimEnd();
}

/** Descriptions of words that follow from their address and not from their value. */
interface PlaceNames {
  /** Address of the return address to the caller. */
  readonly returnAt: bigint | undefined;
  readonly caller: Frame | undefined;
  /** Names of the registers that a trap saved, by address. */
  readonly registers: ReadonlyMap<bigint, string>;
  /** Returns the number of the frame that contains an address of this stack. */
  readonly frameAt: (address: bigint) => number | undefined;
}

function namesAround(kernel: Kernel, extents: readonly Extent[], index: number): PlaceNames {
  const caller = extents[index + 1]?.frame;
  const isCalled = caller !== undefined && !caller.exact && caller.stack === extents[index]?.frame.stack;
  const registers = new Map<bigint, string>();
  for (const { frame } of extents.slice(index, index + 2)) addRegisters(kernel, frame.trap?.address, registers);
  return {
    // With a link register, the function chooses where to save the return address.
    returnAt: isCalled && kernel.arch.linkRegister === undefined ? caller.sp - BigInt(kernel.arch.wordSize) : undefined,
    caller,
    registers,
    frameAt: (address) => {
      const found = extents.findIndex(({ from, to }) => address >= from && address < to);
      return found < 0 ? undefined : found;
    },
  };
}

function addRegisters(kernel: Kernel, address: bigint | undefined, names: Map<bigint, string>): void {
  const type = address === undefined ? undefined : kernel.types.find("struct", "pt_regs");
  if (address === undefined || (type?.kind !== "struct" && type?.kind !== "union")) return;
  for (const { name, offset } of memberLines(type)) {
    if (name !== undefined && offset !== undefined) names.set(address + BigInt(offset), `pt_regs.${name}`);
  }
}

function* wordLines(kernel: Kernel, from: bigint, to: bigint, names: PlaceNames, lines: string[]): Job<void> {
  const size = BigInt(kernel.arch.wordSize);
  const width = kernel.arch.wordSize * 2;
  for (let at = from, count = 0; at < to; at += size, count++) {
    if (count === MAX_WORDS) return void lines.push(`  ... ${(to - at) / size} more words`);
    const value = attempt(() => kernel.memory.word(at));
    if (value instanceof Fault) return void lines.push(`  ${padHex(at, width)}  <${value.message}>`);
    const notes = [names.registers.get(at), wordText(kernel, at, value, names)].filter((note) => note !== undefined);
    lines.push(`  ${padHex(at, width)}  ${padHex(value, width)}  ${notes.join("  ")}`.trimEnd());
    yield;
  }
}

/** Describes a word by its place or its value; undefined for a number without a meaning. */
function wordText(
  kernel: Kernel,
  at: bigint,
  value: bigint,
  { returnAt, caller, frameAt }: PlaceNames,
): string | undefined {
  if (at === returnAt && caller) return `return to ${codeText(kernel, value, caller)}`;
  if (!kernel.memory.isKernelAddress(value)) return undefined;
  if (kernel.code.isText(value)) return codeText(kernel, value);
  const frame = frameAt(value);
  if (frame !== undefined) return `this stack, in frame #${frame}`;
  return glance(kernel, value);
}

/**
 * Describes a code address: `oops_end.cold+0x18  arch/x86/kernel/dumpstack.c:400`. A return address gets the name and
 * line of its call.
 */
function codeText(kernel: Kernel, address: bigint, returnedTo?: Frame): string {
  const symbol = returnedTo?.symbol ?? kernel.symbols.at(address);
  const places = attempt(() => kernel.code.scopes(returnedTo ? address - 1n : address));
  const chain = places instanceof Fault ? [] : places.flatMap(({ source }) => (source ? [`${source.file}:${source.line}`] : [])); // prettier-ignore
  const line = chain.length > 0 ? `  ${chain.join(" < ")}` : "";
  return `${symbol ? symbolPlace(symbol, address, 16) : "code"}${line}`;
}
