import { demangleLegacy } from "./legacy.ts";
import { demangleV0 } from "./v0.ts";

/** A Rust symbol as its source names it, without hashes; undefined for any other symbol. */
export const demangleRust = (symbol: string): string | undefined => demangleV0(symbol) ?? demangleLegacy(symbol);

/** A symbol's name for people to read: of Rust's as its source names it, of others the symbol itself. */
export const demangled = (symbol: string): string => demangleRust(symbol) ?? symbol;

/** Both manglings, wherever they stand in a text. */
const MANGLED = /\b(?:_R[A-Z][\w.$]*|_ZN\d[\w.$]*)/g;

/** A text with the Rust symbols in it demangled. */
export const demangleRustIn = (text: string): string =>
  text.includes("_R") || text.includes("_ZN")
    ? text.replace(MANGLED, (symbol) => demangleRust(symbol) ?? symbol)
    : text;
