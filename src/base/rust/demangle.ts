/** Demangles Rust symbols of both mangling schemes. */
import { demangleLegacy } from "./legacy.ts";
import { demangleV0 } from "./v0.ts";

/** Returns the Rust name of a mangled symbol, without hashes; undefined for any other symbol. */
export const demangleRust = (symbol: string): string | undefined => demangleV0(symbol) ?? demangleLegacy(symbol);

/** Returns the demangled name of a Rust symbol; any other symbol unchanged. */
export const demangled = (symbol: string): string => demangleRust(symbol) ?? symbol;

/** Finds symbols of both manglings in a text. */
const MANGLED = /\b(?:_R[A-Z][\w.$]*|_ZN\d[\w.$]*)/g;

/** Demangles the Rust symbols in a text. */
export const demangleRustIn = (text: string): string =>
  text.includes("_R") || text.includes("_ZN")
    ? text.replace(MANGLED, (symbol) => demangleRust(symbol) ?? symbol)
    : text;
