/** The backtrace of a task as lines. */
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { CodePlace } from "../../../../model/kernel.ts";
import type { Frame, Stack } from "../../../../unwind/frame.ts";
import { symbolSpan, type SymbolSpan } from "../../../say/symbolSpan.ts";
import { faultSpan, type Line, type Span } from "../../../../say/piece.ts";
import { taskHeading } from "../../../say/taskHeading.ts";
import { dataLines, type DataStyle } from "./data.ts";
import { type BacktraceEntry, entriesOf } from "./entries.ts";
import { frameLine, returningFrame } from "./frameLine.ts";
import { exceptionLine, livePatchSpans, reasonLine, registerLines } from "./registers.ts";

export interface BacktraceStyle {
  /** -l: the source line of each frame. */
  readonly lines: boolean;
  /** -i: inlined functions as lines of their own. */
  readonly inlined: boolean;
  /** -s: symbols with offsets, in this radix. */
  readonly offsets: 10 | 16 | undefined;
  /** -f, -F, -FF: the words of each frame. */
  readonly data: DataStyle | undefined;
}

/** Returns the backtrace of one task in crash's layout. */
export function backtraceLines(task: Obj, stack: Stack, style: BacktraceStyle): Line[] {
  const { kernel } = task;
  const lines: Line[] = [taskHeading(task)];
  const entries = entriesOf(kernel, stack);
  let number = 0;
  // The words of a frame are printed after all its other lines.
  let open: { readonly from: bigint } | undefined;
  const closeFrame = (to: bigint | undefined): void => {
    if (open && to !== undefined && style.data) lines.push(...dataLines(kernel, open.from, to, style.data));
    open = undefined;
  };
  for (const [i, entry] of entries.entries()) {
    if (entry.kind === "frame") {
      closeFrame(isOnSameStack(entries, i) ? entry.slot : undefined);
      const from = kernel.arch.framesNameReturns && returnAddress(kernel, entries, i);
      lines.push(shownFrame(kernel, { ...entry, number: number++, from }, style), ...sourceLines(entry.frame, style));
      open = { from: entry.slot + BigInt(kernel.arch.wordSize) };
    } else if (entry.kind === "switch") {
      closeFrame(undefined);
      lines.push([{ as: "dim", text: `--- <${entry.label}> ---` }]);
    } else lines.push(...contextLines(kernel, entry, style));
  }
  if (stack.fault) lines.push(["    ", faultSpan(stack.fault)]);
  return lines;
}

/** Whether a frame is on the same stack as the frame before it. */
function isOnSameStack(entries: readonly BacktraceEntry[], index: number): boolean {
  for (let i = index - 1; i >= 0; i--) {
    const kind = entries[i]?.kind;
    if (kind === "switch") return false;
    if (kind === "frame") return true;
  }
  return false;
}

/** Returns where the code continues when the function of a frame returns; undefined if it is not known. */
function returnAddress(kernel: Kernel, entries: readonly BacktraceEntry[], index: number): bigint | undefined {
  const caller = entries.find(({ kind }, i) => i > index && kind !== "switch");
  switch (caller?.kind) {
    case "frame":
    case "registers":
      return caller.frame.pc;
    case "user":
      return caller.trap.registers.get(kernel.arch.pc);
    case "switch":
    case undefined:
      return undefined;
  }
}

interface NumberedFrame {
  readonly frame: Frame;
  readonly slot: bigint;
  readonly number: number;
  /** Where the code continues when the function returns; undefined if it is not known, or not shown. */
  readonly from: bigint | undefined;
}

function shownFrame(kernel: Kernel, { frame, slot, number, from }: NumberedFrame, { offsets }: BacktraceStyle): Line {
  const { symbol, pc, doubt } = frame;
  const name: SymbolSpan = symbol
    ? symbolSpan(symbol, pc, offsets ?? "none")
    : { as: "symbol", text: "(unknown)", address: pc };
  const shown: Span = doubt === undefined ? name : { as: "dim", text: name.text };
  const module = symbol?.module === undefined ? [] : [` [${symbol.module}]`];
  const line: Span[] = kernel.arch.framesNameReturns
    ? [...returningFrame(kernel, number, pc, [shown, ...module], from)]
    : [...frameLine(kernel, { number, slot, pc, name: shown }), ...module];
  line.push(...livePatchSpans(kernel, symbol));
  if (doubt === "scan") line.push({ as: "dim", text: "  (found by scanning the stack)" });
  return line;
}

/** Returns the source of a frame: the line of the function itself and, with -i, the functions inlined into it. */
function sourceLines(frame: Frame, { lines, inlined }: BacktraceStyle): Line[] {
  if (!lines && !inlined) return [];
  const places = frame.places();
  const shown: Line[] = inlined
    ? places
        .filter((place) => place.inlined)
        .map((place) => ["    (inlined) ", place.function, ...sourceSpans(place, "  ")])
    : [];
  const own = places.at(-1);
  if (lines && own?.source) shown.push(sourceSpans(own, "    "));
  return shown;
}

function sourceSpans({ source }: CodePlace, indent: string): Span[] {
  if (!source) return [];
  return [indent, { as: "source", text: `${source.file}: ${source.line}`, file: source.file, line: source.line }];
}

function contextLines(
  kernel: Kernel,
  entry: BacktraceEntry & { kind: "registers" | "user" },
  style: BacktraceStyle,
): Line[] {
  if (entry.kind === "user") return registerLines(kernel, entry.trap.registers);
  const { frame, trap } = entry;
  const reason = trap && reasonLine(kernel, trap);
  return [
    exceptionLine(kernel, frame.pc, frame.symbol),
    ...(style.lines || style.inlined ? sourceLines(frame, style) : []),
    ...registerLines(kernel, trap?.registers ?? frame.registers),
    ...(reason ? [reason] : []),
  ];
}
