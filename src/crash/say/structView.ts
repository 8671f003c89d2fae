/** Prints structs and their members as `struct`, `list -s` and `tree -s` show them. */
import { bare, type CType, type StructType } from "../../debuginfo/ctype.ts";
import { Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { formatMember, formatValue, type FormatOptions } from "../../model/format.ts";
import type { Kernel } from "../../model/kernel.ts";
import { findMember, parsePath } from "../../model/member.ts";
import { isCharacter } from "../../model/characters.ts";
import type { Obj } from "../../model/object.ts";
import { declare } from "../../model/typeName.ts";
import type { Context, Parsed } from "../language/command.ts";
import { lazyRecord, type Json, type Line, type Piece, addressJson } from "../../say/piece.ts";
import { valueJson } from "./valueJson.ts";
import { variable } from "../language/variables.ts";
import { ANY_KEY, type Fields } from "../../say/table.ts";

/** A type and the selected members: `task_struct.pid,comm`. */
export interface StructReference {
  readonly name: string;
  readonly type: CType;
  readonly members: readonly string[];
}

export type Tag = "struct" | "union";

/** Parses a struct reference. @throws UsageError when there is no such type or member */
export function structReference(kernel: Kernel, text: string, tag: Tag = "struct"): StructReference {
  const dot = text.indexOf(".");
  const name = dot < 0 ? text : text.slice(0, dot);
  const type =
    kernel.types.find(tag, name) ??
    kernel.types.find(tag === "struct" ? "union" : "struct", name) ??
    kernel.types.find("typedef", name);
  const target = type && bare(type);
  if (!type || !target || (target.kind !== "struct" && target.kind !== "union")) {
    throw new UsageError(`invalid data structure reference: ${name}; no struct or union has this name`);
  }
  const members = dot < 0 ? [] : text.slice(dot + 1).split(",");
  for (const member of members) checkMember(kernel, type, name, member);
  return { name, type, members };
}

function checkMember(kernel: Kernel, type: CType, name: string, member: string): void {
  try {
    if (kernel.object(type, 0n).has(member)) return;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  throw new UsageError(
    `invalid data structure member reference: ${name}.${member}; "struct ${name}" lists the members`,
  );
}

/** Returns the radix and limits that the options -x and -d and the variables of `set` select. */
export function formatOptions(context: Context, args?: Pick<Parsed, "has">): FormatOptions {
  return {
    radix: args?.has("-x") ? 16 : args?.has("-d") ? 10 : context.radix,
    limit: Number(variable(context, "print_max")),
    stopAtNull: variable(context, "null-stop") === "on",
    arrayLines: variable(context, "print_array") === "on",
  };
}

/** A key for each member or struct that the command line names; its value is as `struct` gives it. */
export const namedFields: Fields = {
  [ANY_KEY]: { kind: "data", about: "a key for each member that is named, or the name of the struct" },
};

/** The fields of a struct's contents. */
export const structFields: Fields = {
  address: { kind: "address" },
  value: {
    kind: "data",
    about:
      "members by name: integers of 64 bits as decimal strings, smaller ones as numbers, pointers as addresses, enumerators by name, `char[]` as text",
  },
};

/** Prints a whole struct, or the selected members, at one address. */
export function structPiece(object: Obj, { name, members }: StructReference, options: FormatOptions): Piece {
  const lines = (): Line[] =>
    members.length === 0
      ? [...formatValue(object, { ...options, prefix: `${tagOf(object.type)}${name} ` })]
      : members.flatMap((path) => [...memberLines(object, path, options)]);
  return lazyRecord(() => structJson(object, members), lines);
}

const tagOf = (type: CType): string => (type.kind === "struct" || type.kind === "union" ? `${type.kind} ` : "");

/** Prints one member as gdb does within the whole struct: `  pid = 169,`, without a comma for the last member. */
export function memberLines(object: Obj, path: string, options: FormatOptions): Generator<Line> {
  return formatMember(object, path, { ...options, suffix: isLastMember(object.type, path) ? "" : "," });
}

function isLastMember(type: CType, path: string): boolean {
  let isLast = false;
  let reached = type;
  for (const step of parsePath(path)) {
    let outer = bare(reached);
    if (outer.kind === "pointer") outer = bare(outer.target);
    if (typeof step === "number") {
      isLast = false;
      if (outer.kind === "array") reached = outer.element;
    } else if (outer.kind === "struct" || outer.kind === "union") {
      isLast = isLastOf(outer, step);
      reached = findMember(outer, step)?.member.type ?? reached;
    }
  }
  return isLast;
}

/** Whether the member is the last one of the struct, named or anonymous, that contains it. */
function isLastOf(type: StructType, name: string): boolean {
  const { depth = 0 } = findMember(type, name) ?? {};
  let holder = type;
  for (let level = 0; level < depth; level++) {
    const inner = holder.members
      .map((member) => (member.name === undefined ? bare(member.type) : undefined))
      .find((one) => (one?.kind === "struct" || one?.kind === "union") && findMember(one, name));
    if (inner?.kind !== "struct" && inner?.kind !== "union") return false;
    holder = inner;
  }
  return holder.members.at(-1)?.name === name;
}

function structJson(object: Obj, members: readonly string[]): Json {
  const address = object.storage.kind === "memory" ? addressJson(object.address) : undefined;
  if (members.length === 0) return { address, value: valueJson(object) };
  return { address, value: Object.fromEntries(members.map((path) => [path, valueJson(object.at(path))])) };
}

/** Returns the declaration of a member, or of a member of a member: `pid_t pid;`. */
export const memberDeclaration = (kernel: Kernel, type: CType, path: string): string =>
  `${declare(kernel.object(type, 0n).at(path).type, path)};`;

/**
 * Prints an element of a list or tree: the struct or the selected members; with `isShort`, in the short form of `list
 * -S`.
 */
export function elementLines(
  object: Obj,
  reference: StructReference,
  options: FormatOptions,
  isShort: boolean,
): Line[] {
  const { name, members } = reference;
  if (members.length === 0) return [...formatValue(object, { ...options, prefix: `${tagOf(object.type)}${name} ` })];
  return members.flatMap((path) => [
    ...(isShort ? shortLines(object, path, options) : memberLines(object, path, options)),
  ]);
}

/** Prints numbers and text without gdb's additions; other members as `memberLines` does. */
function* shortLines(object: Obj, path: string, options: FormatOptions): Generator<Line> {
  const member = object.at(path);
  const type = bare(member.type);
  const isText = type.kind === "array" && isCharacter(type.element);
  const isNumber = type.kind === "int" || type.kind === "enum" || type.kind === "pointer";
  if (!isText && !isNumber) yield* memberLines(object, path, options);
  else yield* formatValue(member, { ...options, stopAtNull: true, indent: 1, prefix: `${path} = ` });
}

export interface Element {
  readonly reference: StructReference;
  readonly object: Obj;
}

/** Returns the elements as JSON: members by path, or whole structs by name. */
export const elementData = (elements: readonly Element[]): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    elements.flatMap(({ object, reference: { name, members } }) =>
      members.length === 0 ? [[name, valueJson(object)]] : members.map((path) => [path, valueJson(object.at(path))]),
    ),
  );
