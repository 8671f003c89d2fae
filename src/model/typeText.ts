/** Struct and enum definitions as gdb and crash print them. */
import { hex0x } from "../base/hex.ts";
import { bare, type CType, type EnumType, type Member, sizeOf, type StructType } from "../debuginfo/ctype.ts";
import { formatDeclarator, declare, enumerators } from "./typeName.ts";

/** One line of a struct's body, before columns are chosen. */
export interface MemberLine {
  /** 1 for the struct's own members, more inside anonymous structs and unions. */
  readonly depth: number;
  readonly text: string;
  /**
   * Offset from the start of the outermost struct in bytes; undefined for lines that open a block and, as in crash,
   * within a named one.
   */
  readonly offset: number | undefined;
  /** The declared member; undefined for anonymous blocks. */
  readonly name: string | undefined;
}

export interface LayoutOptions {
  /** Prints each member's offset before it. */
  readonly offsets?: boolean;
  readonly radix?: 10 | 16;
  /** Address of an instance: addresses of members are printed instead of offsets. */
  readonly address?: bigint | undefined;
  /** Prints only this member. */
  readonly member?: string;
}

/** Maximum depth of nested blocks, and maximum number of lines, because input can be damaged. */
const MAX_DEPTH = 32;
const MAX_LINES = 100_000;

/** Placeholder for the innermost type while its declarator is formatted. */
const BASE = "\0";

/**
 * Yields the members of a struct or union as gdb's `ptype` declares them: anonymous blocks expanded, other types by
 * name.
 */
export function* memberLines(type: StructType): Generator<MemberLine> {
  let lines = 0;
  for (const line of body(type, 1, 0, false)) {
    yield line;
    if (++lines === MAX_LINES) return;
  }
}

/**
 * Yields the lines of a struct's body. @param base offset of this struct in the outermost one in bytes @param named
 * whether a named block is open: gdb opens one such level and writes the next as `struct {...}`
 */
function* body(type: StructType, depth: number, base: number, named: boolean): Generator<MemberLine> {
  const { members } = type;
  if (members.length === 0) {
    yield {
      depth,
      text: type.incomplete ? "<incomplete type>" : "<no data fields>",
      offset: undefined,
      name: undefined,
    };
  }
  for (const member of members) {
    const offset = base + (member.bitOffset >> 3);
    const block = anonymousBlock(member.type);
    if (block && depth < MAX_DEPTH && !(named && member.name !== undefined))
      yield* blockLines(block, member, depth, offset, named);
    else yield { depth, text: memberText(member), offset: named ? undefined : offset, name: member.name };
  }
}

function* blockLines(
  block: StructType,
  member: Member,
  depth: number,
  offset: number,
  named: boolean,
): Generator<MemberLine> {
  const [before, after] = splitAtBase(member.type, member.name ?? "");
  const isNamed = member.name !== undefined;
  yield { depth, text: `${before}${block.kind} {`, offset: undefined, name: undefined };
  yield* body(block, depth + 1, offset, named || isNamed);
  yield { depth, text: `}${after};`, offset: isNamed && !named ? offset : undefined, name: member.name };
}

const memberText = (member: Member): string =>
  `${declare(member.type, member.name ?? "")}${member.bitSize === undefined ? "" : ` : ${member.bitSize}`};`;

/** Returns the text before and after the innermost type: `const ` and ` *name[4]`. */
function splitAtBase(type: CType, name: string): [string, string] {
  const text = formatDeclarator(type, name, () => BASE, 0);
  const at = text.indexOf(BASE);
  return [text.slice(0, at), text.slice(at + BASE.length)];
}

/**
 * Returns the anonymous struct or union that a member declares in place, through arrays and pointers but not typedefs;
 * undefined for other types.
 */
function anonymousBlock(type: CType): StructType | undefined {
  const base = innermost(type);
  return (base.kind === "struct" || base.kind === "union") && base.name === undefined ? base : undefined;
}

function innermost(type: CType): CType {
  let at = type;
  for (let layer = 0; layer < MAX_DEPTH; layer++) {
    if (at.kind === "pointer" || at.kind === "qualified") at = at.target;
    else if (at.kind === "array") at = at.element;
    else if (at.kind === "function") at = at.returns;
    else break;
  }
  return at;
}

/**
 * Formats a type as crash's `struct`, `union` and `whatis`: `struct list_head {`, members, `}`, `SIZE: 16`; a typedef
 * as `typedef struct {` ... `} atomic_t;`.
 */
export function describeType(type: CType, options: LayoutOptions = {}): string[] {
  if (type.kind === "enum") return enumLines(type);
  const name = type.kind === "typedef" ? ` ${type.name}` : "";
  const [before, after] = splitAtBase(type.kind === "typedef" ? type.target : type, "");
  const base = bare(innermost(type.kind === "typedef" ? type.target : type));
  const head = `${type.kind === "typedef" ? "typedef " : ""}${before}`;
  const end = type.kind === "typedef" ? ";" : "";
  const size = sizeLine(type, options);
  if (base.kind === "enum") {
    return [
      `${head}enum ${base.name === undefined ? "" : `${base.name} `}${enumerators(base)}${after}${name}${end}`,
      size,
    ];
  }
  if (base.kind !== "struct" && base.kind !== "union")
    return [`${head}${declare(base, "")}${after}${name}${end}`, size];
  const tag = base.name === undefined ? base.kind : `${base.kind} ${base.name}`;
  const lines = [`${head}${tag} {`, ...layout(base, options), `}${after}${name}${end}`];
  return options.member === undefined ? [...lines, size] : lines;
}

/** Returns the line with the size. gdb's sizeof a function is 1. */
function sizeLine(type: CType, { radix }: LayoutOptions): string {
  const size = bare(type).kind === "function" ? 1 : sizeOf(type);
  return `SIZE: ${radix === 16 ? hex0x(size) : size}`;
}

/** Returns the lines of the body, with offsets if requested: `  [2416] pid_t pid;`. */
function layout(type: StructType, options: LayoutOptions): string[] {
  const { offsets = false, address, member, radix } = options;
  const column = (offset: number): string => `[${radix === 16 ? hex0x(offset) : offset}]`;
  const width = column(type.size).length;
  const lines: string[] = [];
  for (const { depth, text, offset, name } of memberLines(type)) {
    if (member !== undefined && name !== member) continue;
    if (!offsets) lines.push("    ".repeat(depth) + text);
    else {
      const place =
        offset === undefined
          ? ""
          : address === undefined
            ? column(offset).padStart(width)
            : `[${(address + BigInt(offset)).toString(16)}]`;
      lines.push(`  ${place.padEnd(width)} ${"    ".repeat(depth - 1)}${text}`);
    }
  }
  return lines;
}

/** Returns the lines of an enum: `enum system_states {`, `  SYSTEM_BOOTING = 0`, ..., `};` */
const enumLines = (type: EnumType): string[] => [
  `enum ${type.name === undefined ? "" : `${type.name} `}{`,
  ...type.values.map(({ name, value }) => `  ${name} = ${value}`),
  "};",
];
