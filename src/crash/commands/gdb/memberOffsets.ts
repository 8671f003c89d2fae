/** The layout of a struct as gdb's `ptype /o` prints it: offset and size before each member, holes between them. */
import { type Member, sizeOf, type StructType } from "../../../debuginfo/ctype.ts";
import { column, indent } from "../../../render/pad.ts";
import { declare } from "../../../model/typeName.ts";

/** Width of the comment before each member. */
const MARGIN = 27;
/** Maximum depth of nested structs, and maximum number of lines, because input can be damaged. */
const MAX_DEPTH = 32;
const MAX_LINES = 100_000;

/** Returns the lines of a struct or union. */
export function offsetLines(type: StructType): string[] {
  const lines = [`/* offset      |    size */  type = ${heading(type)} {`];
  for (const line of body(type, 1, 0)) {
    if (lines.length === MAX_LINES) return lines;
    lines.push(line);
  }
  lines.push(`${indent(MARGIN + 2)}}`);
  return lines;
}

const heading = ({ kind, name }: StructType): string => (name === undefined ? kind : `${kind} ${name}`);
const nested = (level: number): string => indent(4 * level);

/** @param base offset of the struct in the outermost one in bits */
function* body(type: StructType, level: number, base: number): Generator<string> {
  let end = 0;
  for (const member of type.members) {
    const start = member.bitOffset;
    const bits = member.bitSize ?? sizeOf(member.type) * 8;
    if (type.kind === "struct" && start > end) yield* hole(start - end, "hole");
    end = Math.max(end, start + bits);
    const before = type.kind === "union" ? unionMargin(member) : margin(member, base + start);
    const inner = member.bitSize === undefined && level < MAX_DEPTH ? structOf(member) : undefined;
    if (inner) {
      yield `${before}${nested(level)}${heading(inner)} {`;
      yield* body(inner, level + 1, base + start);
      yield `${indent(MARGIN)}${nested(level)}}${member.name === undefined ? "" : ` ${member.name}`};`;
    } else yield `${before}${nested(level)}${declare(member.type, member.name ?? "")}${bitField(member)};`;
  }
  if (type.kind === "struct" && type.size * 8 > end) yield* hole(type.size * 8 - end, "padding");
  yield "";
  yield `${indent(MARGIN)}${nested(level)}/* total size (bytes): ${column(String(type.size), 4, "right")} */`;
}

const bitField = ({ bitSize }: Member): string => (bitSize === undefined ? "" : ` : ${bitSize}`);

/**
 * Returns the struct or union that a member is, without typedefs and arrays, as gdb expands them; undefined for other
 * members.
 */
const structOf = ({ type }: Member): StructType | undefined =>
  type.kind === "struct" || type.kind === "union" ? type : undefined;

const sizeText = (member: Member): string => column(String(sizeOf(member.type)), 6, "right");

function margin(member: Member, bit: number): string {
  const byte = column(String(Math.floor(bit / 8)), 6, "right");
  const bits = member.bitSize === undefined ? "     " : `:${column(String(bit % 8), 2, "right")}  `;
  return `/* ${byte}${bits} |  ${sizeText(member)} */`;
}

const unionMargin = (member: Member): string => `/*${indent(16)}${sizeText(member)} */`;

/** Yields the lines of unused bits, and of unused bytes after them. */
function* hole(bits: number, kind: "hole" | "padding"): Generator<string> {
  const count = (number: number): string => column(String(number), 2, "right");
  if (bits % 8 > 0) yield `/* XXX ${count(bits % 8)}-bit ${column(kind, 7)}    */`;
  if (bits >= 8) yield `/* XXX ${count(Math.floor(bits / 8))}-byte ${column(kind, 7)}   */`;
}
