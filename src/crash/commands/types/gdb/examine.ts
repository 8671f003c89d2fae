/** Implements gdb's `x/FMT address`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x, padDigits, padHex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { address } from "../../../language/address.ts";
import { runCommand } from "../../../language/language.ts";
import type { Context, Running } from "../../../language/command.ts";
import { faultSpan, type Line, record, type Span, addressJson } from "../../../../say/piece.ts";
import { symbolic } from "./info.ts";
import type { Fields } from "../../../../say/table.ts";

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8 };
/** Units per line by unit size in bytes, as in gdb. */
const PER_LINE: Readonly<Record<number, number>> = { 1: 8, 2: 8, 4: 4, 8: 2 };
/** Maximum number of units. */
const MAX_UNITS = 1 << 20;
/** Maximum number of bytes of a string. */
const MAX_TEXT = 4096;

interface Format {
  readonly count: number;
  readonly letter: string;
  readonly size: number;
}

/** Parses a format: `4xg`, `s`, `10`. @throws UsageError */
export function readFormat(text: string): Format {
  const [, digits = "", letters = ""] = /^(\d*)([a-z]*)$/.exec(text) ?? [];
  const size = [...letters].findLast((letter) => letter in SIZES);
  const letter = [...letters].findLast((one) => !(one in SIZES)) ?? "x";
  if (text !== digits + letters || !"xduotacsiz".includes(letter)) throw new UsageError(`not a format: /${text}`);
  const count = Math.min(digits === "" ? 1 : Number(digits), MAX_UNITS);
  return { count, letter, size: SIZES[size ?? (letter === "a" ? "g" : letter === "c" ? "b" : "w")] ?? 4 };
}

/** The fields of a line of `x/FMT`. */
export const examinedFields: Fields = {
  address: { kind: "address" },
  values: { kind: "data", about: "texts in the chosen format" },
  text: { kind: "text", about: "of x/s" },
};

export function* examine(context: Context, { count, letter, size }: Format, place: string): Running {
  const { kernel } = context;
  let at = address(context, place);
  const label = (): Span => {
    const name = symbolic(kernel, at);
    return { as: "address", text: `${hex0x(at)}${name === "" ? "" : ` <${name}>`}:`, address: at };
  };
  if (letter === "s") {
    for (let i = 0; i < count; i++) {
      const string = attempt(() => kernel.memory.cString(at, MAX_TEXT));
      if (string instanceof Fault) throw string;
      yield record({ address: addressJson(at), text: string }, [label(), `\t${JSON.stringify(string)}`]);
      at += BigInt(Buffer.byteLength(string) + 1);
    }
    return;
  }
  if (letter === "i") return yield* runCommand(context, `dis ${hex0x(at)} ${count}`);
  const perLine = letter === "a" ? 2 : (PER_LINE[size] ?? 1);
  for (let done = 0; done < count; done += perLine) {
    const units = Math.min(perLine, count - done);
    const start = at;
    const line: Span[] = [label()];
    const values: string[] = [];
    for (let i = 0; i < units; i++, at += BigInt(size)) {
      const value = attempt(() => read(context, at, size));
      const shown: Span = value instanceof Fault ? faultSpan(value) : unit(context, value, letter, size);
      values.push(typeof shown === "string" ? shown : shown.text);
      line.push("\t", shown);
    }
    yield record({ address: addressJson(start), values }, line satisfies Line);
  }
}

function read({ kernel: { memory } }: Context, at: bigint, size: number): bigint {
  if (size === 8) return memory.u64(at);
  return BigInt(size === 4 ? memory.u32(at) : size === 2 ? memory.u16(at) : memory.u8(at));
}

function unit({ kernel }: Context, value: bigint, letter: string, size: number): string {
  const bits = size * 8;
  switch (letter) {
    case "d":
      return String(BigInt.asIntN(bits, value));
    case "u":
      return String(value);
    case "o":
      return `0${value.toString(8)}`;
    case "t":
      return padDigits(value, bits, 2);
    case "c":
      return `${BigInt.asIntN(8, value)} '${String.fromCharCode(Number(value & 0xffn))}'`;
    case "a": {
      const name = symbolic(kernel, value);
      return `${hex0x(value)}${name === "" ? "" : ` <${name}>`}`;
    }
    default:
      return `0x${padHex(value, size * 2)}`;
  }
}
