/** Registers, exceptions and live patches as lines of a backtrace. */
import { padHex } from "../../../../base/hex.ts";
import type { KSymbol } from "../../../../debuginfo/source.ts";
import { symbolPlace } from "../../../../debuginfo/symbols/symbolText.ts";
import { livePatchText } from "../../../../linux/module/livepatch.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Trap } from "../../../../unwind/frame.ts";
import type { Registers } from "../../../../arch/arch.ts";
import { column, longestLength } from "../../../../render/pad.ts";
import type { Line, Span } from "../../../../say/piece.ts";

/** Returns registers as a block of lines; unknown registers are left out. */
export function registerLines(kernel: Kernel, registers: Registers): Line[] {
  const text = kernel.arch.registerText?.(registers);
  if (text !== undefined) return text.map((line) => [`    ${line}`]);
  const layout = kernel.arch.registerRows ?? inRows(kernel, registers);
  const lines: Line[] = [];
  for (const row of cellsOf(layout)) {
    let line = "";
    for (const { label, register, digits = kernel.arch.wordSize * 2 } of row) {
      const value = registers.get(register);
      if (value !== undefined) line += `${line === "" ? "    " : "  "}${label}: ${padHex(value, digits)}`;
    }
    if (line !== "") lines.push([line]);
  }
  return lines;
}

/** A register in a row. */
interface RegisterCell {
  readonly label: string;
  readonly register: string;
  /** Number of digits; undefined for those of a machine word. */
  readonly digits: number | undefined;
}

/** The cells of a machine's rows, because a backtrace of all tasks prints them for each. */
const cellsByLayout = new WeakMap<readonly string[], readonly (readonly RegisterCell[])[]>();

/** Parses the rows of `Arch.registerRows`. */
function cellsOf(layout: readonly string[]): readonly (readonly RegisterCell[])[] {
  let cells = cellsByLayout.get(layout);
  if (!cells) {
    cells = layout.map((row) =>
      row.split(/(?<=\S)  /).map((cell) => {
        const [, label = "", register, digits] = /^([^=/]+)(?:=(\w+))?(?:\/(\d+))?$/.exec(cell) ?? [];
        return {
          label,
          register: register ?? label.trim().toLowerCase(),
          digits: digits === undefined ? undefined : Number(digits),
        };
      }),
    );
    cellsByLayout.set(layout, cells);
  }
  return cells;
}

/** Returns the layout for architectures without one of their own: all known registers, four per row. */
function inRows(kernel: Kernel, registers: Registers): string[] {
  const names = kernel.arch.registers.filter((name) => registers.has(name)).map((name) => name.toUpperCase());
  const width = longestLength(names);
  const rows: string[] = [];
  for (let i = 0; i < names.length; i += 4)
    rows.push(
      names
        .slice(i, i + 4)
        .map((name) => column(name, width, "right"))
        .join("  "),
    );
  return rows;
}

/** Returns the line of an interrupted instruction: `[exception RIP: lab_apply+47]`. */
export function exceptionLine(kernel: Kernel, pc: bigint, symbol = kernel.symbols.at(pc)): Line {
  const text = symbol ? symbolPlace(symbol, pc, 10) : "unknown or invalid address";
  return [
    `    [exception ${kernel.arch.pc.toUpperCase()}: `,
    { as: "symbol", text, address: pc },
    "]",
    ...livePatchSpans(kernel, symbol),
  ];
}

/** Returns the remark on how a live patch changed a function; empty when none did. */
export function livePatchSpans(kernel: Kernel, symbol: KSymbol | undefined): Line {
  const patch = symbol && livePatchText(kernel, symbol.address);
  return patch === undefined ? [] : [{ as: "dim", text: `  (${patch})` }];
}

/** Returns the reason for an exception, if known: `page fault at 10: write to a page that is not present`. */
export function reasonLine(kernel: Kernel, { type, errorText, faultAddress }: Trap): Line | undefined {
  if (errorText === undefined && faultAddress === undefined) return undefined;
  const at: Span[] = [];
  if (faultAddress !== undefined) {
    at.push(" at ", { as: "address", text: padHex(faultAddress, kernel.arch.wordSize * 2), address: faultAddress });
  }
  return [`    ${type}`, ...at, errorText === undefined ? "" : `: ${errorText}`];
}
