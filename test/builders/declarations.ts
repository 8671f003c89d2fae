import type { Arch } from "../../src/arch/arch.ts";
import {
  bare,
  type CType,
  type EnumType,
  type Member,
  sizeOf,
  type StructType,
  type TypeKind,
} from "../../src/debuginfo/ctype.ts";
import type { TypeSource } from "../../src/debuginfo/source.ts";
import { baseType } from "../../src/model/baseTypes.ts";
import { TokenCursor } from "../../src/model/expression/lexer.ts";
import { declarator, specifiers, type TypeLookup } from "../../src/model/parseType.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Machine = Pick<Arch, "wordSize" | "byteOrder">;

/**
 * Types from C text, laid out as a compiler would for that machine: structs, unions, enums, typedefs, bit-fields,
 * anonymous members, and variables and functions (`struct list_head modules; void schedule(void);`).
 */
export function declaredTypes(text: string, machine: Machine): TypeSource {
  const tags = new Map<string, StructType | EnumType>();
  const typedefs = new Map<string, CType>();
  const enums: EnumType[] = [];
  const globals = new Map<string, CType>();

  const types: TypeLookup = {
    wordSize: machine.wordSize,
    // A tag met before its body is declared, as C does; the body is filled in later.
    find: (kind, name) => (kind === "typedef" ? typedefs.get(name) : kind === "int" ? undefined : tag(kind, name)),
    base: (name) => baseType(name, machine.wordSize, true),
  };
  const tag = (kind: "struct" | "union" | "enum", name: string): StructType | EnumType => {
    let type = tags.get(`${kind} ${name}`);
    if (!type) tags.set(`${kind} ${name}`, (type = kind === "enum" ? emptyEnum(name) : emptyStruct(kind, name)));
    return type;
  };

  const base = (cursor: TokenCursor): CType => {
    const kind = cursor.peek().text;
    const hasBody = cursor.is("{", 1) || (cursor.peek(1).kind === "name" && cursor.is("{", 2));
    if ((kind !== "struct" && kind !== "union" && kind !== "enum") || !hasBody) return specifiers(cursor, types);
    cursor.take();
    const name = cursor.is("{") ? undefined : cursor.take().text;
    const type = name === undefined ? (kind === "enum" ? emptyEnum(name) : emptyStruct(kind, name)) : tag(kind, name);
    if (type.kind === "enum") enums.push(fillEnum(type, cursor));
    else fillStruct(type, cursor);
    return type;
  };

  const fillStruct = (type: Mutable<StructType>, cursor: TokenCursor): void => {
    const members: { name: string | undefined; type: CType; bits: number | undefined }[] = [];
    cursor.expect("{");
    while (!cursor.skip("}")) {
      const of = base(cursor);
      do {
        const { name, wrap } =
          cursor.is(";") || cursor.is(":") ? { name: undefined, wrap: (t: CType) => t } : declarator(cursor, types);
        members.push({ name, type: wrap(of), bits: cursor.skip(":") ? Number(cursor.take().text) : undefined });
      } while (cursor.skip(","));
      cursor.expect(";");
    }
    Object.assign(type, layout(type.kind, members), { incomplete: false });
  };

  const cursor = new TokenCursor(text);
  while (cursor.peek().kind !== "end") {
    const isTypedef = cursor.isName("typedef") && cursor.take().text !== "";
    const of = base(cursor);
    while (!cursor.is(";")) {
      const { name, wrap } = declarator(cursor, types);
      (isTypedef ? typedefs : globals).set(
        name ?? "",
        isTypedef ? { kind: "typedef", name: name ?? "", target: wrap(of) } : wrap(of),
      );
      if (!cursor.skip(",")) break;
    }
    cursor.expect(";");
  }

  const complete = (kind: TypeKind, name: string): CType | undefined => {
    if (kind === "typedef") return typedefs.get(name);
    return tags.get(`${kind} ${name}`);
  };
  const isFunction = (type: CType | undefined): boolean => type?.kind === "function";
  return {
    name: "C",
    find: complete,
    variable: (name) => (isFunction(globals.get(name)) ? undefined : globals.get(name)),
    function: (name) => (isFunction(globals.get(name)) ? globals.get(name) : undefined),
    enumerator: (name) => enums.find((type) => type.values.some((value) => value.name === name)),
    *names() {
      for (const type of tags.values()) yield { kind: type.kind, name: type.name ?? "" };
      for (const name of typedefs.keys()) yield { kind: "typedef", name };
    },
  };
}

const emptyStruct = (kind: "struct" | "union", name: string | undefined): StructType => ({
  kind,
  name,
  size: 0,
  incomplete: true,
  members: [],
});

const emptyEnum = (name: string | undefined): EnumType => ({
  kind: "enum",
  name,
  size: 4,
  signed: false,
  incomplete: true,
  values: [],
});

function fillEnum(type: EnumType, cursor: TokenCursor): EnumType {
  const values: { name: string; value: bigint }[] = [];
  let next = 0n;
  cursor.expect("{");
  while (!cursor.skip("}")) {
    const name = cursor.expectName("an enumerator").text;
    if (cursor.skip("=")) next = (cursor.skip("-") ? -1n : 1n) * BigInt(cursor.take().text);
    values.push({ name, value: next++ });
    cursor.skip(",");
  }
  return Object.assign(type, { values, incomplete: false, signed: values.some(({ value }) => value < 0n) });
}

/** The System V rules: natural alignment; a bit-field does not cross a unit of its type. */
function layout(
  kind: "struct" | "union",
  declared: readonly { name: string | undefined; type: CType; bits: number | undefined }[],
): { size: number; members: Member[] } {
  let bit = 0;
  let end = 0;
  let alignment = 1;
  const members = declared.map(({ name, type, bits }): Member => {
    const align = alignOf(type) * 8;
    const size = sizeOf(type) * 8;
    alignment = Math.max(alignment, align / 8);
    if (kind === "union") bit = 0;
    if (bits === undefined || Math.floor(bit / size) !== Math.floor((bit + bits - 1) / size))
      bit = Math.ceil(bit / align) * align;
    const member = { name, type, bitOffset: bit, bitSize: bits };
    bit += bits ?? size;
    end = Math.max(end, bit);
    return member;
  });
  return { size: Math.ceil(end / 8 / alignment) * alignment, members };
}

function alignOf(type: CType): number {
  const at = bare(type);
  if (at.kind === "array") return alignOf(at.element);
  if (at.kind === "struct" || at.kind === "union")
    return Math.max(1, ...at.members.map((member) => alignOf(member.type)));
  return Math.max(1, sizeOf(at));
}
