/** A place in code as the kernel prints it. */
import { hex0x } from "../base/hex.ts";
import { printedPlace } from "../base/nameOffset.ts";
import { demangled, demangleRust } from "../base/rust/demangle.ts";

/** A place in code as the kernel prints it: `f+0x1c/0x90 [module]`, or an address without a name. */
export interface PrintedPlace {
  /** Name with the suffixes of the compiler: `__mutex_lock.constprop.0`. */
  readonly name: string | undefined;
  /** Offset in bytes from the start of the function. */
  readonly offset: number | undefined;
  /** Size of the function in bytes. */
  readonly size: number | undefined;
  readonly module: string | undefined;
  readonly address: bigint | undefined;
  /** Columns in the message; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A function of C, of assembler, of Rust (mangled, or demangled as syzbot does). */
export const NAME = String.raw`(?:[A-Za-z_$.][\w$.]{0,255}(?:::[\w$.:<>]{1,255})?|<[\w:<>&$ ,.*]{1,255}>(?:::[\w$.:<>]{1,255})?)`;

/** Since 5.14 (commit 9294523e3768) the build ID follows the module's name. */
const MODULE = String.raw`(?: ?\[([\w-]{1,64})(?:[ :][^\]]{0,80})?\])?`;

const NAMED = new RegExp(
  String.raw`(${NAME})\+(?:0x)?([0-9a-f]{1,8})(?:\/(?:0x)?([0-9a-f]{1,8}))?(?![\w+])${MODULE}`,
  "y",
);
const ADDRESS = /(?:0x([0-9a-f]{1,16})|([0-9a-f]{8,16}))(?![\w+])|\(null\)/y;

/** Returns the place at a column of a message; undefined when there is none. */
export function placeAt(text: string, start: number): PrintedPlace | undefined {
  NAMED.lastIndex = start;
  const named = NAMED.exec(text);
  if (named) {
    const [whole, name, offset = "0", size, module] = named;
    return {
      name,
      offset: Number.parseInt(offset, 16),
      size: size === undefined ? undefined : Number.parseInt(size, 16),
      module,
      address: undefined,
      start,
      end: start + whole.length,
    };
  }
  ADDRESS.lastIndex = start;
  const address = ADDRESS.exec(text);
  return address ? nameless(address[1] ?? address[2], start, start + address[0].length) : undefined;
}

const nameless = (digits: string | undefined, start: number, end: number): PrintedPlace => ({
  name: undefined,
  offset: undefined,
  size: undefined,
  module: undefined,
  address: digits === undefined ? 0n : BigInt(`0x${digits}`),
  start,
  end,
});

/** Formats a place: `f+0x1c/0x90` with Rust's names demangled, or the address in hexadecimal. */
export function placeText({ name, offset, size, address }: PrintedPlace): string {
  if (name === undefined) return hex0x(address ?? 0n);
  return offset === undefined ? demangled(name) : printedPlace(demangled(name), offset, size);
}

/** Returns a place without the size of its function: `f+0x1c`. */
export const shortPlaceText = (place: PrintedPlace): string => placeText({ ...place, size: undefined });

/**
 * Returns a function's name as its source has it: without the compiler's suffixes (`.constprop.0`, `.cold`), Rust
 * demangled.
 */
export const plainName = (name: string): string => {
  const rust = demangleRust(name);
  if (rust !== undefined) return rust;
  if (name.includes("::")) return name;
  // powerpc's ABI v1: the code of f is called ".f".
  const plain = name.startsWith(".") ? name.slice(1) : name;
  const dot = plain.indexOf(".");
  return dot < 0 ? plain : plain.slice(0, dot);
};
