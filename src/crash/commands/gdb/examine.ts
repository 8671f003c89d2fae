/** The command `x` of gdb: memory in a chosen format. */
import { MAX_INSTRUCTION_BYTES } from "../../../arch/decoder.ts";
import { disassembler } from "../../../arch/disassembler/disassembler.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { quoted } from "../../../model/characters.ts";
import { type FormatLetter, isFormatLetter, isNumeric, letterText } from "../../../model/letterText.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { addressText } from "../../../model/symbolText.ts";
import { addressJson, faultPiece, faultSpan, type Line, type Piece, record, type Span } from "../../../say/piece.ts";
import type { Fields } from "../../../say/table.ts";
import { codeBytes } from "../../say/codeBytes.ts";
import { instructionText } from "../../say/instruction.ts";
import type { Context, Running } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import { variable } from "../../language/variables.ts";
import { flavor } from "./disassemble.ts";
import { gdbCommand } from "./gdbCommand.ts";
import { place } from "./place.ts";

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8 };
/** Units per line by unit size in bytes, as in gdb. */
const PER_LINE: Readonly<Record<number, number>> = { 1: 8, 2: 8, 4: 4, 8: 2 };
/** Maximum number of units. */
const MAX_UNITS = 1 << 20;
/** Maximum number of instructions. */
const MAX_INSTRUCTIONS = 1 << 16;

export const x = gdbCommand({
  name: "x",
  summary: "examine memory as gdb does",
  usage: "[/[count][letter][size]] [address]",
  description: `Shows memory from an address on. The count is decimal; with a negative one the last unit ends at the address. Letters are those of "print", and i for instructions, s for strings. Sizes are b, h, w and g: 1, 2, 4 and 8 bytes.

The last letter and size are kept for the next x. Without an address, x continues after the last unit, with the last count if there is no format either.`,
  examples: [
    { line: "x/4xg &init_task", shows: "Memory as hexadecimal words." },
    { line: "x/s linux_banner", shows: "A string." },
    { line: "x/3i schedule", shows: "Instructions." },
    { line: "x/2a &init_task.tasks", shows: "Pointers with their symbols." },
  ],
  records: () => [{ line: "x/4xg &init_task", fields: examinedFields }],
  run: runExamine,
});

/** The fields of a line of `x`. */
export const examinedFields: Fields = {
  address: { kind: "address" },
  values: { kind: "data", about: "texts in the chosen format" },
  text: { kind: "text", about: "of a string or an instruction" },
};

interface Format {
  /** Negative: backwards from the address. */
  readonly count: number;
  readonly letter: FormatLetter | "i";
  /** Size of a unit in bytes. */
  readonly size: number;
}

/** Where `x` keeps its state among the variables of `set`; `set` does not list it. */
const LAST_FORMAT = "x format";
const LAST_ADDRESS = "x address";

/**
 * Parses a format: `4xg`, `s`, `10`. A missing letter is that of the last format, a missing size the letter's
 * usual one, a missing count 1. `r`, which turns off pretty printers in gdb, changes nothing.
 * @throws UsageError
 */
export function readFormat(text: string, before: Format, wordSize: 4 | 8): Format {
  const [, digits = "", letters = ""] = /^(-?\d*)([a-z]*)$/.exec(text) ?? [];
  const size = SIZES[[...letters].findLast((letter) => letter in SIZES) ?? ""];
  const letter = [...letters].findLast((one) => one !== "r" && !(one in SIZES)) ?? before.letter;
  if (text !== digits + letters || (letter !== "i" && !isFormatLetter(letter)))
    throw new UsageError(`not a format: /${text}; letters are x d u o t a c f s z i, sizes b h w g`);
  const wanted = /^-?\d+$/.test(digits) ? Number(digits) : digits === "-" ? -1 : 1;
  const most = letter === "i" ? MAX_INSTRUCTIONS : MAX_UNITS;
  if (Math.abs(wanted) > most) throw new UsageError(`/${text}: the count exceeds the limit of ${most}`);
  return {
    count: wanted,
    letter,
    size: size ?? usualSize(letter, before.size, wordSize),
  };
}

/** Returns the size in bytes that gdb uses for a letter if no size is given. */
function usualSize(letter: Format["letter"], before: number, wordSize: 4 | 8): number {
  if (letter === "a") return wordSize;
  if (letter === "c" || letter === "s" || letter === "i") return 1;
  return letter === "f" && before < 4 ? 8 : before;
}

function lastFormat(context: Context): Format {
  const [letter = "x", size = "4", count = "1"] = variable(context, LAST_FORMAT).split(" ");
  return { letter: letter === "i" || isFormatLetter(letter) ? letter : "x", size: Number(size), count: Number(count) };
}

export function* runExamine(context: Context, words: string, text: string): Running {
  const { kernel } = context;
  const before = lastFormat(context);
  const format = readFormat(text, before, kernel.arch.wordSize);
  const { letter, size } = format;
  // Without any argument, x repeats its last one.
  const count = text === "" && words === "" ? before.count : format.count;
  const kept = variable(context, LAST_ADDRESS);
  if (words === "" && kept === "") throw new UsageError("an address is missing");
  const given = words === "" ? BigInt(kept) : place(context, words);
  const at = count < 0 ? startBefore(given, -count * size, letter) : given;
  const shown = { count: Math.abs(count), letter, size };
  const next =
    letter === "s"
      ? yield* strings(context, shown.count, at)
      : letter === "i"
        ? yield* instructions(context, shown.count, at)
        : yield* units(kernel, shown, at);
  // gdb keeps the size of a byte after strings.
  const variables = new Map([
    [LAST_FORMAT, `${letter} ${letter === "s" ? 1 : size} ${count}`],
    [LAST_ADDRESS, String(count < 0 ? at : next)],
  ]);
  yield changed({ variables });
}

function startBefore(at: bigint, bytes: number, letter: Format["letter"]): bigint {
  if (letter === "s" || letter === "i")
    throw new UsageError(`/${letter} cannot go backwards: units have no fixed size`);
  return BigInt.asUintN(64, at - BigInt(bytes));
}

type Shown = Generator<Piece, bigint, void>;

const label = (kernel: Kernel, at: bigint): Span => ({
  as: "address",
  text: `${addressText(kernel, at)}:`,
  address: at,
});

function* units(kernel: Kernel, { count, letter, size }: Format, start: bigint): Shown {
  let at = start;
  const perLine = PER_LINE[size] ?? 1;
  for (let done = 0; done < count; done += perLine) {
    const first = at;
    const line: Span[] = [label(kernel, at)];
    const values: string[] = [];
    for (let i = 0; i < Math.min(perLine, count - done); i++, at = BigInt.asUintN(64, at + BigInt(size))) {
      const value = attempt(() => read(kernel, at, size));
      const shown: Span = value instanceof Fault ? faultSpan(value) : unit(kernel, value, letter, size);
      values.push(typeof shown === "string" ? shown : shown.text);
      line.push("\t", shown);
    }
    yield record({ address: addressJson(first), values }, line satisfies Line);
  }
  return at;
}

function read({ memory }: Kernel, at: bigint, size: number): bigint {
  if (size === 8) return memory.u64(at);
  return BigInt(size === 4 ? memory.u32(at) : size === 2 ? memory.u16(at) : memory.u8(at));
}

const unit = (kernel: Kernel, value: bigint, letter: Format["letter"], size: number): string =>
  letterText(
    kernel,
    { value, bits: size * 8, padded: letter !== "a" },
    letter !== "i" && isNumeric(letter) ? letter : "x",
  );

/** Yields strings; one longer than `set print_max` continues in the next unit, as in gdb. */
function* strings(context: Context, count: number, start: bigint): Shown {
  const { kernel } = context;
  const limit = Math.max(1, Number(variable(context, "print_max")));
  let at = start;
  for (let i = 0; i < count; i++) {
    const { text, bytes } = stringAt(kernel, at, limit);
    yield record({ address: addressJson(at), text }, [label(kernel, at), `\t${text}`]);
    at = BigInt.asUintN(64, at + BigInt(bytes));
  }
  return at;
}

/** Reads a string of at most `limit` bytes in quotes, and how many bytes it takes in memory. @throws Fault */
function stringAt({ memory }: Kernel, start: bigint, limit: number): { readonly text: string; readonly bytes: number } {
  const bytes: number[] = [];
  for (let at = start; bytes.length < limit; at++) {
    const byte = memory.u8(at);
    if (byte === 0) return { text: quoted(Uint8Array.from(bytes)), bytes: bytes.length + 1 };
    bytes.push(byte);
  }
  const next = attempt(() => memory.u8(start + BigInt(limit)));
  return { text: `${quoted(Uint8Array.from(bytes))}${next === 0 ? "" : "..."}`, bytes: bytes.length };
}

function* instructions(context: Context, count: number, start: bigint): Shown {
  const { kernel } = context;
  const decoder = yield* disassembler(kernel.arch, flavor(context));
  const { bytes, fault } = codeBytes(kernel.memory, start, count * MAX_INSTRUCTION_BYTES);
  let next = start;
  const all = decoder.instructions(bytes, start, count);
  for (const one of all) {
    const text = instructionText(kernel, one, 10);
    yield record({ address: addressJson(one.address), text }, ["   ", label(kernel, one.address), `\t${text}`]);
    next = one.address + BigInt(one.bytes.length);
  }
  if (fault && all.length < count) yield faultPiece(fault, "x: ");
  return next;
}
