/** One-line summaries of values. */
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import { bare, type CType, type EnumType, type IntType, type Member, type StructType } from "../debuginfo/ctype.ts";
import { isCharacter } from "./characters.ts";
import { formatLine, lineText } from "./format.ts";
import type { Printer } from "./kernel.ts";
import type { Obj } from "./object.ts";

export interface SummaryOptions {
  readonly radix?: 10 | 16;
  /** Width in characters after which members and elements are replaced by `…`. */
  readonly width?: number;
  /** Returns whether an unsigned value is probably an address. An integer of the size of a word that is one is shown in hexadecimal. */
  readonly isAddress?: (word: bigint) => boolean;
}

/** Default width of a preview in characters. */
const WIDTH = 80;

/** Maximum depth of nested structs in a preview, including wrappers with one member. */
const MAX_DEPTH = 6;

/** Maximum number of members or elements in a preview that is at most 48 characters wide; wider ones show more. */
const MIN_PARTS = 12;
/** Maximum number of characters of a string in a preview. */
const MAX_TEXT = 64;

/**
 * Formats a value on one line: `"init"`, `TASK_RUNNING`, `0-3`, `empty`, `{pid = 1, comm = "init", …}`. Reads little
 * and follows no lists. @throws Fault when the object itself cannot be read; faults of members are shown inline
 */
export function summary(
  object: Obj,
  { radix = 10, width = WIDTH, isAddress = () => false }: SummaryOptions = {},
): string {
  return new Summarizer(radix, width, isAddress).object(object, 0);
}

class Summarizer {
  private readonly radix: 10 | 16;
  private readonly width: number;
  private readonly isAddress: (word: bigint) => boolean;
  private layers = 0;

  constructor(radix: 10 | 16, width: number, isAddress: (word: bigint) => boolean) {
    this.radix = radix;
    this.width = width;
    this.isAddress = isAddress;
  }

  object(object: Obj, depth: number): string {
    const printed = printerOf(object)?.(object);
    if (printed !== undefined) return printed;
    const type = bare(object.type);
    if (type.kind === "struct" || type.kind === "union") return this.struct(object, type, depth);
    if (type.kind === "array" && type.count && !isCharacter(type.element))
      return this.array(object, type.element, type.count, depth);
    if (type.kind === "int" || type.kind === "enum") return this.number(object, type);
    // Throws if the pointer cannot be read.
    if (type.kind === "pointer") object.value();
    const text = lineText(formatLine(object, { radix: this.radix, limit: MAX_TEXT, stopAtNull: true }));
    return type.kind === "pointer" && depth === 0 ? text + this.pointee(object, type.target) : text;
  }

  /** Formats an integer or an enum. A `u8` is shown as a number, a `char` with its character too. */
  private number(object: Obj, type: IntType | EnumType): string {
    const value = object.value();
    if (type.kind === "int" && type.encoding === "char" && type.name !== "char" && this.radix === 10)
      return value.toString();
    const word = BigInt.asUintN(type.size * 8, value);
    const isWord = type.kind === "int" && type.size === object.kernel.arch.wordSize && !object.bitField;
    if (isWord && this.isAddress(word)) return hex0x(word);
    return lineText(formatLine(object, { radix: this.radix }));
  }

  /**
   * Returns ` {pid = 1, comm = "init", …}` for a pointer to a struct with an identifying member, those of anonymous
   * structs not counted; otherwise an empty text.
   */
  private pointee(pointer: Obj, target: CType): string {
    const type = bare(target);
    const { identity } = pointer.kernel.summaries;
    if (type.kind !== "struct" || !type.members.some(({ name }) => name !== undefined && identity.includes(name)))
      return "";
    if (pointer.value() === 0n) return "";
    const shown = attempt(() => {
      const object = pointer.deref();
      const known = flatten(object, type).filter(([name]) => identity.includes(name));
      return known.map(([name, member]) => `${name} = ${this.object(member, 1)}`);
    });
    return shown instanceof Fault ? "" : ` {${shown.join(", ")}, …}`;
  }

  private struct(object: Obj, type: StructType, depth: number): string {
    const [first] = type.members;
    if (!first) return type.incomplete ? "<incomplete type>" : "{}";
    if (depth > MAX_DEPTH) return "{…}";
    // atomic_t, kuid_t, pte_t and other wrappers: only the value matters.
    if (type.members.length === 1) return this.unwrapped(object.part(first), depth);
    if (depth > 0) return "{…}";
    const { identity } = object.kernel.summaries;
    const named = flatten(object, type);
    const known = named.filter(([name]) => identity.includes(name));
    const rest = named.filter(([name]) => !identity.includes(name));
    return this.bounded(
      [...known, ...rest].map(
        ([name, member]) =>
          () =>
            `${name} = ${this.shown(member, depth)}`,
      ),
    );
  }

  /**
   * Returns the content of a struct with one member. A member that is a struct is shown as if it replaced the outer one;
   * any other one is shown shortly, as within a struct: an array by its length, a pointer without its target.
   */
  private unwrapped(object: Obj, depth: number): string {
    const type = bare(object.type);
    this.layers++;
    try {
      // Layers are counted, because damaged debuginfo can say that a struct contains itself.
      return type.kind === "struct" && this.layers < MAX_DEPTH
        ? this.object(object, depth)
        : this.object(object, depth + 1);
    } finally {
      this.layers--;
    }
  }

  private array(object: Obj, element: CType, count: number, depth: number): string {
    if (depth > 0 || bare(element).kind === "struct" || bare(element).kind === "union") return `[${count}]`;
    return this.bounded(
      Array.from({ length: Math.min(count, this.width) }, (_, i) => () => this.shown(object.index(i), depth)),
      count,
    );
  }

  private shown(object: Obj, depth: number): string {
    const text = attempt(() => this.object(object, depth + 1));
    return text instanceof Fault ? `<${text.message}>` : text;
  }

  /** Returns `{a, b, …}` with as many parts as fit. @param count number of all parts */
  private bounded(parts: readonly (() => string)[], count = parts.length): string {
    const shown: string[] = [];
    let length = 2;
    for (const part of parts.slice(0, Math.max(MIN_PARTS, this.width >> 2))) {
      const text = part();
      if (shown.length > 0 && length + text.length > this.width) break;
      shown.push(text);
      length += text.length + 2;
    }
    return `{${shown.join(", ")}${shown.length < count ? ", …" : ""}}`;
  }
}

/** Maximum number of members of which identifying ones are searched for: task_struct has about 250. */
const MAX_FLAT = 1000;

function flatten(object: Obj, type: StructType): [string, Obj][] {
  const members: [string, Obj][] = [];
  for (const member of flattened(object, type, 0)) if (members.push(member) === MAX_FLAT) break;
  return members;
}

/** Yields a struct's members by name, with those of anonymous structs; of anonymous unions the first. */
function* flattened(object: Obj, type: StructType, depth: number): Generator<[string, Obj]> {
  const members: readonly Member[] = type.kind === "union" && depth > 0 ? type.members.slice(0, 1) : type.members;
  for (const member of members) {
    if (member.name !== undefined) {
      yield [member.name, object.part(member)];
      continue;
    }
    const inner = bare(member.type);
    if ((inner.kind === "struct" || inner.kind === "union") && depth < MAX_DEPTH)
      yield* flattened(object.part(member), inner, depth + 1);
  }
}

/** Returns the printer of a typedef, or of the struct behind it; undefined if there is none. */
function printerOf({ type, kernel }: Obj): Printer | undefined {
  const { printers } = kernel.summaries;
  let at = type;
  for (let layer = 0; layer < MAX_DEPTH; layer++) {
    const name = at.kind === "typedef" || at.kind === "struct" ? at.name : undefined;
    const printer = name === undefined ? undefined : printers.get(name);
    if (printer) return printer;
    if (at.kind !== "typedef" && at.kind !== "qualified") return undefined;
    at = at.target;
  }
  return undefined;
}
