import type { CType, IntType } from "../debuginfo/ctype.ts";

/** C's arithmetic types by every order of words that C allows, reduced to one spelling: gdb's. */
export function baseTypeName(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) {
    const plain = word === "__signed__" || word === "__signed" ? "signed" : word;
    if (!WORDS.has(plain)) return undefined;
    counts.set(plain, (counts.get(plain) ?? 0) + 1);
  }
  const has = (word: string): boolean => counts.has(word);
  const unsigned = has("unsigned") ? "unsigned " : "";
  for (const single of ["void", "_Bool", "float"]) if (has(single)) return words.length === 1 ? single : undefined;
  if (has("double")) return has("long") ? "long double" : "double";
  if (has("char")) return unsigned ? "unsigned char" : has("signed") ? "signed char" : "char";
  if (has("__int128")) return `${unsigned}__int128`;
  if (has("short")) return `${unsigned}short`;
  const longs = counts.get("long") ?? 0;
  if (longs > 2) return undefined;
  return `${unsigned}${longs === 2 ? "long long" : longs === 1 ? "long" : "int"}`;
}

const WORDS = new Set([
  "void",
  "_Bool",
  "char",
  "short",
  "int",
  "long",
  "float",
  "double",
  "signed",
  "unsigned",
  "__int128",
]);

/** Whether a word can only be part of an arithmetic type's name. */
export const isBaseTypeWord = (word: string): boolean =>
  WORDS.has(word) || word === "__signed__" || word === "__signed";

/** How compilers name them in debuginfo: "long unsigned int" for `unsigned long`. */
export function debuginfoName(name: string): string {
  const unsigned =
    name.startsWith("unsigned ") && name !== "unsigned int" && name !== "unsigned char" && name !== "unsigned __int128";
  const base = unsigned ? name.slice("unsigned ".length) : name;
  if (base !== "short" && base !== "long" && base !== "long long") return name;
  return `${base} ${unsigned ? "unsigned " : ""}int`;
}

/** gdb's spelling of an integer that debuginfo names: "unsigned long" for "long unsigned int". */
export function plainName(name: string): string {
  let plain = plainNames.get(name);
  if (plain === undefined) {
    plain = baseTypeName(name.split(" ")) ?? name;
    plainNames.set(name, plain);
  }
  return plain;
}
const plainNames = new Map<string, string>();

/**
 * C's arithmetic types where no debuginfo tells them: the ABI of the machine.
 * Linux is ILP32 or LP64 everywhere; plain `char` is signed on x86 alone, and there only before
 * -funsigned-char (Linux kernel commit 3bc753c06dd0, in v6.2): debuginfo is asked first.
 */
export function baseType(name: string, wordSize: 4 | 8, charIsSigned: boolean): CType | undefined {
  if (name === "void") return { kind: "void" };
  if (name === "float" || name === "double") return { kind: "float", name, size: name === "float" ? 4 : 8 };
  const size =
    sizes[name.replace(/^(un)?signed /, "")] ??
    (name.endsWith("long") && !name.endsWith("long long") ? wordSize : undefined);
  if (size === undefined) return undefined;
  const unsigned = name.startsWith("unsigned ") || name === "_Bool" || (name === "char" && !charIsSigned);
  const encoding: IntType["encoding"] = name === "_Bool" ? "bool" : name.endsWith("char") ? "char" : "int";
  return { kind: "int", name, size, signed: !unsigned, encoding };
}

const sizes: Readonly<Record<string, number>> = { _Bool: 1, char: 1, short: 2, int: 4, "long long": 8, __int128: 16 };
