/** Formats values as the kernel's vsnprintf() does, for the formats of trace events. */
import { cString } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { hexBytes, padHex } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import { numberOf, type PrintValue } from "./printValue.ts";

/** Flags, width, precision, length and conversion. */
const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|-?\d+)?)?(hh|h|ll|l|L|z|Z|t|q|j)?([diouxXcsp%])/g;
/** The letters after %p; of a form that is not known, the first letter. */
const POINTER = /^(?:I[46][Scpfs]*|i[46]|[SsFfB]R?b?|[mM][FR]?|U[bBlL]?|h[CDN]?|x|K|[a-zA-Z])/;
/** Maximum width of a text. */
const MAX_WIDTH = 1024;

/** A conversion of a format. */
interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly length: string;
  readonly letter: string;
}

/**
 * Formats values by a format of printf(). Pointers are printed as they are, not hashed.
 * @throws Fault if a conversion is not supported or reads memory outside the entry, if a value is missing, or if a
 * string cannot be read
 */
export function formatText(kernel: Kernel, format: string, values: readonly PrintValue[]): string {
  let [text, from, next] = ["", 0, 0];
  const take = (): PrintValue => {
    const value = values[next++];
    if (value === undefined) throw Fault.of("corrupt", "the print format has too few arguments");
    return value;
  };
  CONVERSION.lastIndex = 0;
  for (let found = CONVERSION.exec(format); found; found = CONVERSION.exec(format)) {
    const [whole, flags = "", width, precision, length = "", letter = ""] = found;
    text += format.slice(from, found.index);
    from = found.index + whole.length;
    if (letter === "%") text += "%";
    else {
      const number = (given: string | undefined): number =>
        given === "*" ? Number(numberOf(take())) : Number(given ?? 0);
      const columns = number(width);
      const digits = /\./.test(whole) ? number(precision) : undefined;
      const conversion = { flags, width: Math.min(columns, MAX_WIDTH), precision: digits, length, letter };
      if (letter === "p") {
        const [extension = ""] = POINTER.exec(format.slice(from)) ?? [];
        from += extension.length;
        text += padded(conversion, pointerText(kernel, extension, take(), columns));
      } else text += converted(kernel, conversion, take());
      CONVERSION.lastIndex = from;
    }
  }
  return text + format.slice(from);
}

function padded({ flags, width }: Conversion, text: string): string {
  return flags.includes("-") ? text.padEnd(width) : text.padStart(width);
}

function converted(kernel: Kernel, conversion: Conversion, value: PrintValue): string {
  const { letter, precision } = conversion;
  if (letter === "s") {
    const text = stringOf(kernel, value);
    return padded(conversion, precision === undefined || precision < 0 ? text : text.slice(0, precision));
  }
  const number = numberOf(value);
  if (letter === "c") return padded(conversion, String.fromCharCode(Number(number & 0xffn)));
  return numberText(kernel, conversion, number);
}

/** Returns the number of bits of an integer by the length in its conversion. */
const bitsOf = ({ arch }: Kernel, length: string): number =>
  length === "hh" ? 8 : length === "h" ? 16 : length === "" ? 32 : "lzZt".includes(length) ? arch.wordSize * 8 : 64;

function numberText(kernel: Kernel, conversion: Conversion, value: bigint): string {
  const { flags, width, precision, letter } = conversion;
  const bits = bitsOf(kernel, conversion.length);
  const isSigned = letter === "d" || letter === "i";
  const number = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  const radix = letter === "o" ? 8 : /x/i.test(letter) ? 16 : 10;
  let digits = (number < 0n ? -number : number).toString(radix);
  if (letter === "X") digits = digits.toUpperCase();
  if (precision !== undefined) digits = digits.padStart(Math.min(precision, MAX_WIDTH), "0");
  const mark = flags.includes("#") && radix !== 10 ? (radix === 16 ? `0${letter}` : "0") : "";
  const sign = number < 0n ? "-" : isSigned && flags.includes("+") ? "+" : isSigned && flags.includes(" ") ? " " : "";
  const isZeroed = flags.includes("0") && !flags.includes("-") && precision === undefined;
  if (isZeroed) digits = digits.padStart(width - mark.length - sign.length, "0");
  return padded(conversion, `${sign}${mark}${digits}`);
}

/** Returns a value as text. A number is an address of a string in the kernel's memory. @throws Fault */
function stringOf(kernel: Kernel, value: PrintValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "object") return cString(value.bytes);
  return value === 0n ? "(null)" : kernel.memory.cString(value, 256);
}

/**
 * Formats a value as `%p` with the letters of `extension` does.
 * @param width the field width; for `%*ph` it is the number of bytes
 */
function pointerText(kernel: Kernel, extension: string, value: PrintValue, width: number): string {
  if (/^[SsFfB]/.test(extension)) return symbolText(kernel, numberOf(value), /^[SFB]/.test(extension));
  if (extension === "" || extension === "x" || extension === "K")
    return padHex(BigInt.asUintN(kernel.arch.wordSize * 8, numberOf(value)), kernel.arch.wordSize * 2);
  const bytes = typeof value === "object" ? value.bytes : undefined;
  if (!bytes) throw Fault.of("unknown", `%p${extension} of the print format reads memory outside the entry`);
  if (/^[Ii]4$/.test(extension) && bytes.length >= 4) return bytes.subarray(0, 4).join(".");
  if (/^[mM]/.test(extension) && bytes.length >= 6)
    return hexBytes(bytes.subarray(0, 6), extension.startsWith("m") ? "" : ":");
  if (extension.startsWith("h"))
    return hexBytes(bytes.subarray(0, width || 1), { C: ":", D: "-", N: "" }[extension.slice(1)] ?? " ");
  if (/^[Ii]6/.test(extension) && bytes.length >= 16) return ipv6Text(bytes.subarray(0, 16), extension);
  throw Fault.of("unknown", `%p${extension} of the print format is not supported`);
}

function ipv6Text(bytes: Uint8Array, extension: string): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0));
  if (extension.startsWith("i")) return hexBytes(bytes, "");
  if (!extension.includes("c")) return groups.map((one) => padHex(one, 4)).join(":");
  const text = groups.map((one) => one.toString(16)).join(":");
  const zeros = [...text.matchAll(/(?:^|:)(?:0(?::|$)){2,}/g)].sort((a, b) => b[0].length - a[0].length)[0];
  return zeros ? `${text.slice(0, zeros.index)}::${text.slice(zeros.index + zeros[0].length)}` : text;
}

/** Returns a symbol as %ps does, or as %pS does with offset and size; a number where there is no symbol. */
export function symbolText(kernel: Kernel, address: bigint, withOffset = false): string {
  const symbol = kernel.symbols.at(address);
  if (!symbol) return `0x${address.toString(16)}`;
  const place = withOffset ? `+0x${(address - symbol.address).toString(16)}/0x${symbol.size.toString(16)}` : "";
  return `${symbol.name}${place}${symbol.module === undefined ? "" : ` [${symbol.module}]`}`;
}
