/** C's arithmetic types and their names. */
import type { CType, IntType } from "../debuginfo/ctype.ts";

/** Sets of words that form one type, without `signed`, `unsigned` and the `int` that C lets people add or leave out. */
const BASES: ReadonlyMap<string, string> = new Map([
  ["", "int"],
  ["char", "char"],
  ["short", "short"],
  ["long", "long"],
  ["long long", "long long"],
  ["__int128", "__int128"],
]);

/** Words that cannot be combined with others. */
const ALONE: readonly string[] = ["void", "_Bool", "float", "double"];

const SIGNED: readonly string[] = ["signed", "__signed__", "__signed"];

const WORDS: ReadonlySet<string> = new Set([
  ...ALONE,
  ...SIGNED,
  "unsigned",
  "char",
  "short",
  "int",
  "long",
  "__int128",
]);

/**
 * Returns gdb's spelling of an arithmetic type, for any order of words that C allows; undefined if the words do not
 * form one.
 */
export function baseTypeName(words: readonly string[]): string | undefined {
  const [first = ""] = words;
  if (words.length === 1 && ALONE.includes(first)) return first;
  if (words.toSorted().join(" ") === "double long") return "long double";
  const isUnsigned = words.includes("unsigned");
  const isSigned = words.some((word) => SIGNED.includes(word));
  const rest = words.filter((word) => word !== "unsigned" && !SIGNED.includes(word));
  const base = BASES.get(rest.filter((word) => word !== "int").join(" "));
  const ints = rest.filter((word) => word === "int").length;
  if (base === undefined || ints > 1 || (isUnsigned && isSigned)) return undefined;
  if (ints === 1 && (base === "char" || base === "__int128")) return undefined;
  return isUnsigned ? `unsigned ${base}` : isSigned && base === "char" ? "signed char" : base;
}

/** Whether a word can only be part of an arithmetic type's name. */
export const isBaseTypeWord = (word: string): boolean => WORDS.has(word);

/** Returns the compilers' name in debuginfo: "long unsigned int" for `unsigned long`. */
export function debuginfoName(name: string): string {
  const unsigned =
    name.startsWith("unsigned ") && name !== "unsigned int" && name !== "unsigned char" && name !== "unsigned __int128";
  const base = unsigned ? name.slice("unsigned ".length) : name;
  if (base !== "short" && base !== "long" && base !== "long long") return name;
  return `${base} ${unsigned ? "unsigned " : ""}int`;
}

/** Returns gdb's spelling of an integer type in debuginfo: "unsigned long" for "long unsigned int". */
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
 * Returns an arithmetic type by the machine's ABI, for types that no debuginfo has. Linux is ILP32 or LP64 everywhere.
 * Plain `char` is signed by the ABI of some machines (`Arch.signedChar`), but never with -funsigned-char (Linux kernel
 * commit 3bc753c06dd0, in v6.2), so that debuginfo has precedence. Undefined for another name.
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
