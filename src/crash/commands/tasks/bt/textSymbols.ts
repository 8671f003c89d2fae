/** The code addresses on a stack: `bt -t`, `-T` and `-o`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { demangled } from "../../../../base/rust/demangle.ts";
import { symbolPlace } from "../../../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Stack } from "../../../../unwind/frame.ts";
import { stackAt, taskStackRange } from "../../../../unwind/stacks.ts";
import { faultSpan, type Line } from "../../../../say/piece.ts";
import { entriesOf } from "./entries.ts";
import { frameLine } from "./frameLine.ts";
import { exceptionLine, registerLines } from "./registers.ts";

export interface TextSymbolStyle {
  /** Radix of the symbols' offsets; undefined for names without offsets. */
  readonly offsets: 10 | 16 | undefined;
  /** Whether each line starts with a number, as frames do. */
  readonly numbered: boolean;
}

/** Yields every kernel code address from the task's stack pointer outwards, over all its stacks. */
export function* textSymbols(task: Obj, stack: Stack, style: TextSymbolStyle): Generator<Line, void, void> {
  const { kernel } = task;
  const scan = new TextScan(kernel, style);
  let from: bigint | undefined;
  let isAfterSwitch = false;
  for (const entry of entriesOf(kernel, stack)) {
    if (entry.kind === "frame" && from === undefined) {
      // On the first stack: the START line, then the scan from the first frame's slot. On each later stack: a line for
      // its first frame, then the scan from the next word.
      if (isAfterSwitch) yield scan.line(entry.slot, entry.frame.pc);
      else if (!style.numbered) yield [`              START: ${scan.name(entry.frame.pc)} at ${hex(entry.frame.pc)}`];
      from = isAfterSwitch ? entry.slot + BigInt(kernel.arch.wordSize) : entry.slot;
    } else if (entry.kind === "registers" && (isAfterSwitch || from === undefined)) {
      yield exceptionLine(kernel, entry.frame.pc, entry.frame.symbol);
      yield* registerLines(kernel, entry.trap?.registers ?? entry.frame.registers);
      from = entry.frame.sp;
      isAfterSwitch = false;
    } else if (entry.kind === "switch") {
      if (from !== undefined) yield* scan.range(from, endOf(kernel, from, task));
      yield [{ as: "dim", text: `--- <${entry.label}> ---` }];
      from = undefined;
      isAfterSwitch = true;
    }
  }
  if (from !== undefined) yield* scan.range(from, endOf(kernel, from, task));
  if (stack.userTrap) yield* registerLines(kernel, stack.userTrap.registers);
}

/** Yields every kernel code address on the whole of the task's own stack. @throws Fault for a task without a stack */
export function* allTextSymbols(task: Obj, { userTrap }: Stack, style: TextSymbolStyle): Generator<Line, void, void> {
  const { start, end } = taskStackRange(task.kernel, task);
  yield* new TextScan(task.kernel, style).range(start, end);
  if (userTrap) yield* registerLines(task.kernel, userTrap.registers);
}

const endOf = (kernel: Kernel, address: bigint, task: Obj): bigint => stackAt(kernel, address, task)?.end ?? address;

class TextScan {
  private readonly kernel: Kernel;
  private readonly style: TextSymbolStyle;
  private number = 0;

  constructor(kernel: Kernel, style: TextSymbolStyle) {
    this.kernel = kernel;
    this.style = style;
  }

  *range(from: bigint, end: bigint): Generator<Line, void, void> {
    for (let at = from; at < end; at += BigInt(this.kernel.arch.wordSize)) {
      const value = attempt(() => this.kernel.memory.word(at));
      if (value instanceof Fault) return yield ["  ", faultSpan(value)];
      if (value !== 0n && this.kernel.code.isText(value)) yield this.line(at, value);
    }
  }

  line(slot: bigint, pc: bigint): Line {
    const module = this.kernel.symbols.at(pc)?.module;
    const number = this.style.numbered ? this.number++ : undefined;
    return [
      ...frameLine(this.kernel, { number, slot, pc, name: { as: "symbol", text: this.name(pc), address: pc } }),
      module === undefined ? "" : ` [${module}]`,
    ];
  }

  name(pc: bigint): string {
    const symbol = this.kernel.symbols.at(pc);
    if (!symbol) return "(unknown)";
    return this.style.offsets ? symbolPlace(symbol, pc, this.style.offsets) : demangled(symbol.name);
  }
}
