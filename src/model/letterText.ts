/** Formats numbers by gdb's format letters: `print /x`, `x/4dw`. */
import { readUnsigned, viewOf } from "../base/bytes.ts";
import { hex0x, padDigits, padHex } from "../base/hex.ts";
import { characterText } from "./characters.ts";
import type { Kernel } from "./kernel.ts";
import type { Obj } from "./object.ts";
import { addressText } from "./symbolText.ts";

/**
 * gdb's format letters: hexadecimal, signed and unsigned decimal, octal, binary, address, character, floating point,
 * string, hexadecimal with leading zeros, raw (without printers, which do not exist here).
 */
export const FORMAT_LETTERS = ["x", "d", "u", "o", "t", "a", "c", "f", "s", "z", "r"] as const;
export type FormatLetter = (typeof FORMAT_LETTERS)[number];
/** A letter that shows numbers as digits. */
export type NumericLetter = Exclude<FormatLetter, "s" | "r">;

export const isFormatLetter = (text: string): text is FormatLetter => FORMAT_LETTERS.some((letter) => letter === text);

/** Whether the letter shows numbers as digits, so that an array of characters is a list and not a text. */
export const isNumeric = (letter: FormatLetter | undefined): letter is NumericLetter =>
  letter !== undefined && letter !== "s" && letter !== "r";

/** A number in memory or in an expression. */
export interface LetteredNumber {
  readonly value: bigint;
  /** Width in bits: of the type, or of the unit that `x` shows. */
  readonly bits: number;
  /** Whether `x` shows it: then digits of hexadecimal and binary numbers are filled up with zeros. */
  readonly padded?: boolean;
}

/** Formats a number by a letter. */
export function letterText(
  kernel: Kernel,
  { value, bits, padded = false }: LetteredNumber,
  letter: NumericLetter,
): string {
  const unsigned = BigInt.asUintN(bits, value);
  switch (letter) {
    case "d":
      return String(BigInt.asIntN(bits, value));
    case "u":
      return String(unsigned);
    case "o":
      return unsigned === 0n ? "0" : `0${unsigned.toString(8)}`;
    case "t":
      return padded ? padDigits(unsigned, bits, 2) : unsigned.toString(2);
    case "z":
      return `0x${padHex(unsigned, Math.ceil(bits / 4))}`;
    case "a":
      return addressText(kernel, unsigned);
    case "c":
      return `${BigInt.asIntN(8, value)} '${characterText(Number(BigInt.asUintN(8, value)), "'")}'`;
    case "f":
      return floatText(unsigned, bits);
    case "x":
      return padded ? `0x${padHex(unsigned, Math.ceil(bits / 4))}` : hex0x(unsigned);
  }
}

/** Reads the bits of a float as a number. @throws Fault */
export const bitsOf = (object: Obj): bigint =>
  readUnsigned(viewOf(object.bytes()), 0, object.size, object.kernel.arch.byteOrder);

/** Formats the bits of a float of 4 or 8 bytes with as many digits as gdb prints. */
export function floatText(bits: bigint, width: number): string {
  if (width !== 32 && width !== 64) return `<a float of ${width / 8} bytes>`;
  const view = viewOf(new Uint8Array(8));
  if (width === 32) view.setUint32(0, Number(bits));
  else view.setBigUint64(0, bits);
  return floatDigits(width === 32 ? view.getFloat32(0) : view.getFloat64(0), width);
}

/** Formats a floating-point number as C's `%g` does with 9 or 17 digits, without zeros at its end. */
function floatDigits(number: number, width: 32 | 64): string {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "nan" : number < 0 ? "-inf" : "inf";
  const digits = width === 32 ? 9 : 17;
  const text = number.toPrecision(digits);
  const [mantissa = text, exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace(/^([+-])(\d)$/, "$10$2")}`;
}
