/** The command `disassemble` of gdb: a function or a range of addresses, with bytes or with source lines. */
import { MAX_INSTRUCTION_BYTES } from "../../../arch/decoder.ts";
import type { Instruction } from "../../../arch/disassembler/disassembler.ts";
import { disassembler } from "../../../arch/disassembler/disassembler.ts";
import { hex0x, hexBytes, padHex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { type Line, record, text, addressJson } from "../../../say/piece.ts";
import type { Fields } from "../../../say/table.ts";
import { column } from "../../../render/pad.ts";
import { codeBytes } from "../../say/codeBytes.ts";
import { instructionText } from "../../say/instruction.ts";
import type { Context, Running } from "../../language/command.ts";
import { selectedFrame } from "../../language/selectedFrame.ts";
import { variable } from "../../language/variables.ts";
import { gdbCommand } from "./gdbCommand.ts";
import { place } from "./place.ts";
import { addressOrder, lineOrder, type SourceBlock } from "./sourceBlocks.ts";
import { sourceLines } from "./sourceLines.ts";

/** Maximum number of bytes that are disassembled. The longest functions of a kernel have about 60 KiB. */
const MAX_BYTES = 1 << 20;

/** The fields of an instruction. */
const instructionFields: Fields = {
  address: { kind: "address" },
  bytes: { kind: "text", about: "two hexadecimal digits each" },
  text: { kind: "text" },
};

export const disassemble = gdbCommand({
  name: "disassemble",
  summary: "disassemble a function as gdb does",
  usage: "[/rms] [address | start,end | start,+length]",
  description: `Disassembles the function that contains an address, by default that of the selected frame, whose current instruction is marked with an arrow; or a range of addresses. A function is named by its symbol; an address is an expression.

/r adds the bytes of each instruction. /s puts the source lines before their instructions, in the order of the addresses, with the file's name where it changes. /m does so in the order of the lines, and leaves out instructions from other files.

"set disassembly-flavor intel" selects Intel's syntax on x86.`,
  examples: [
    { line: "disassemble schedule", shows: "A function." },
    { line: "disassemble /r schedule,+8", shows: "A range, with bytes." },
    { line: "disassemble schedule+4,schedule+9", shows: "The instructions between two addresses." },
  ],
  records: () => [{ line: "disassemble schedule", fields: instructionFields }],
  run: runDisassemble,
});

/** The bytes to disassemble. */
interface Range {
  readonly start: bigint;
  /** First address after the range. */
  readonly end: bigint;
  /** The function that the user named; undefined for a range of addresses. */
  readonly function: string | undefined;
}

export function* runDisassemble(context: Context, words: string, format: string): Running {
  const wrong = /[^rms]/.exec(format)?.[0];
  if (wrong !== undefined) throw new UsageError(`disassemble has no modifier /${wrong}: there are r, m and s`);
  if (/m/.test(format) && /s/.test(format)) throw new UsageError("disassemble takes either /m or /s");
  const { kernel } = context;
  const frame = words === "" ? selectedFrame(context).frame : undefined;
  // A frame's pc is a return address, which can already belong to the next function.
  const range = frame ? functionAt(kernel, frame.exact ? frame.pc : frame.pc - 1n) : rangeOf(context, words);
  // In the order of the lines, the last row is whole: padding after the function belongs to it.
  const end = format.includes("m") ? lastRowEnd(kernel, range) : range.end;
  const all = yield* instructionsIn(context, { ...range, end });
  const line = (one: Instruction): Line =>
    instructionLine(kernel, one, range, format.includes("r"), one.address === frame?.pc);
  yield text(heading(range));
  if (/[ms]/.test(format)) {
    const blocks = /s/.test(format) ? addressOrder(kernel, all) : lineOrder(kernel, all, range.start);
    for (const block of blocks) {
      yield* sourceBefore(context, block);
      for (const one of block.instructions) yield instructionRecord(kernel, one, line(one));
      if (block.isClosed) yield text("");
    }
  } else for (const one of all) yield instructionRecord(kernel, one, line(one));
  yield text("End of assembler dump.");
}

const heading = ({ function: name, start, end }: Range): string =>
  name === undefined
    ? `Dump of assembler code from ${hex0x(start)} to ${hex0x(end)}:`
    : `Dump of assembler code for function ${name}:`;

/** Yields the source lines of a block, after a blank line and the file's name where they belong. */
function* sourceBefore(context: Context, { file, lines, isNewFile, isSeparated }: SourceBlock): Running {
  if (isSeparated) yield text("");
  if (isNewFile) yield text(`${file ?? "unknown"}:`);
  if (file !== undefined && lines) yield* sourceLines(context, file, lines.first, lines.last);
}

/** Returns the range that the words name. @throws UsageError, Fault */
function rangeOf(context: Context, words: string): Range {
  const comma = words.indexOf(",");
  if (comma >= 0) {
    const start = place(context, words.slice(0, comma).trim());
    const after = words.slice(comma + 1).trim();
    const end = after.startsWith("+") ? start + place(context, after.slice(1).trim()) : place(context, after);
    if (end <= start)
      throw new UsageError(`the range ends at ${hex0x(end)}, which is not after its start ${hex0x(start)}`);
    return { start, end: limited(start, end), function: undefined };
  }
  return functionAt(context.kernel, place(context, words));
}

/** Returns the range of the function that contains an address. @throws UsageError */
function functionAt({ symbols }: Kernel, at: bigint): Range {
  const symbol = symbols.at(at);
  if (!symbol) throw new UsageError("No function contains specified address.");
  return {
    start: symbol.address,
    end: limited(symbol.address, symbol.address + BigInt(symbol.size)),
    function: symbol.name,
  };
}

/** Returns where the last row of a function's line table ends, at or after the function's end. */
function lastRowEnd(kernel: Kernel, { start, end, function: name }: Range): bigint {
  const last = name === undefined ? undefined : kernel.code.lineRange(end - 1n);
  return last && last.end > end ? limited(start, last.end) : end;
}

const limited = (start: bigint, end: bigint): bigint => {
  const most = start + BigInt(MAX_BYTES);
  return end > most ? most : end;
};

/**
 * Reads and decodes a range. An instruction that begins in the range is decoded whole, if the bytes after the range can
 * be read. @throws Fault if the range cannot be read
 */
function* instructionsIn(
  context: Context,
  { start, end }: Range,
): Generator<ReturnType<typeof text>, Instruction[], void> {
  const { kernel } = context;
  const decoder = yield* disassembler(kernel.arch, flavor(context));
  const size = Number(end - start);
  const { bytes, fault } = codeBytes(kernel.memory, start, size + MAX_INSTRUCTION_BYTES);
  if (fault && bytes.length < size) throw fault;
  return decoder.instructions(bytes, start).filter((one) => one.address < end);
}

/** Returns the syntax that `set disassembly-flavor` selects. */
export const flavor = (context: Context): "att" | "intel" =>
  variable(context, "disassembly-flavor") === "intel" ? "intel" : "att";

/** Width of the bytes of an instruction, which gdb fills up with blanks. */
const BYTES_WIDTH = 19;

function instructionLine(kernel: Kernel, one: Instruction, range: Range, hasBytes: boolean, isCurrent: boolean): Line {
  const nearest = kernel.symbols.at(one.address);
  const isWithin = nearest !== undefined && one.address < nearest.address + BigInt(Math.max(nearest.size, 1));
  const symbol = isWithin ? nearest : undefined;
  const offset = symbol ? `+${one.address - symbol.address}` : "";
  const isAtFunction = range.function !== undefined && symbol?.address === range.start;
  const name = symbol ? ` <${isAtFunction ? "" : symbol.name}${offset}>` : "";
  const bytes = hasBytes ? `\t${column(hexBytes(one.bytes), BYTES_WIDTH)}` : "";
  return [
    isCurrent ? "=> " : "   ",
    { as: "address", text: `0x${padHex(one.address, kernel.arch.wordSize * 2)}`, address: one.address },
    `${name}:${bytes}\t${instructionText(kernel, one, 10)}`,
  ];
}

const instructionRecord = (kernel: Kernel, one: Instruction, line: Line) =>
  record(
    {
      address: addressJson(one.address),
      bytes: hexBytes(one.bytes, ""),
      text: instructionText(kernel, one, 10),
    },
    line,
  );
