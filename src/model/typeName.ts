/** C's spelling of types. */
import { unqualified, type CType, type EnumType, type FunctionType, type QualifiedType } from "../debuginfo/ctype.ts";
import { plainName } from "./baseTypes.ts";

/** Maximum depth of nested types, because input can be damaged. */
const MAX_DEPTH = 32;

/** Formats a type: `struct list_head *`, `int (*)(void)`, `char [16]`. */
export const typeName = (type: CType): string => declare(type, "");

/** Formats a declaration: `struct list_head *next`, `int (*fn)(void)`, `char comm[16]`. */
export const declare = (type: CType, name: string): string => formatDeclarator(type, name, baseName, 0);

/**
 * Formats a declarator around the text that `base` returns for the innermost type, as gdb does. A declarator without a
 * name keeps a blank before its brackets: `char [16]`, `void (int)`.
 */
export function formatDeclarator(type: CType, inner: string, base: (type: CType) => string, depth: number): string {
  if (depth > MAX_DEPTH) return spaced("...", inner);
  switch (type.kind) {
    case "pointer": {
      const { target } = type;
      const starred = `*${inner}`;
      return formatDeclarator(target, needsParentheses(target) ? `(${starred})` : starred, base, depth + 1);
    }
    case "array":
      return formatDeclarator(type.element, `${inner}[${type.count ?? ""}]`, base, depth + 1);
    case "function":
      return formatDeclarator(type.returns, `${inner}(${parameterList(type, depth)})`, base, depth + 1);
    case "qualified": {
      const { qualifiers, target } = withQualifiers(type);
      if (target.kind === "pointer") return formatDeclarator(target, ` ${spaced(qualifiers, inner)}`, base, depth + 1);
      if (target.kind === "array" || target.kind === "function")
        return formatDeclarator(target, inner, base, depth + 1);
      return spaced(`${qualifiers} ${base(target)}`, inner);
    }
    default:
      return spaced(base(type), inner);
  }
}

const spaced = (left: string, right: string): string =>
  right === "" ? left : right.startsWith(" ") ? left + right : `${left} ${right}`;

const needsParentheses = (type: CType): boolean => {
  const target = unqualified(type);
  return target.kind === "array" || target.kind === "function";
};

/** Qualifiers in gdb's order, const first, and the qualified type. */
function withQualifiers(type: QualifiedType): { qualifiers: string; target: CType } {
  const words = new Set<string>();
  let at: CType = type;
  for (let layer = 0; at.kind === "qualified" && layer < MAX_DEPTH; layer++) {
    words.add(at.qualifier === "atomic" ? "_Atomic" : at.qualifier);
    at = at.target;
  }
  return {
    qualifiers: ["const", "volatile", "restrict", "_Atomic"].filter((word) => words.has(word)).join(" "),
    target: at,
  };
}

function parameterList(type: FunctionType, depth: number): string {
  const list = type.parameters.map((parameter) => formatDeclarator(parameter.type, "", baseName, depth + 1));
  // Without a parameter before it, it means that the parameters are not known.
  if (type.variadic && list.length === 0) return "";
  if (type.variadic) list.push("...");
  return list.length > 0 ? list.join(", ") : "void";
}

/** Returns a type without declarator: its name, an anonymous struct as `struct {...}`, an anonymous enum in full. */
function baseName(type: CType): string {
  switch (type.kind) {
    case "void":
      return "void";
    case "int":
      return plainName(type.name);
    case "float":
    case "typedef":
      return type.name;
    case "struct":
    case "union":
      return `${type.kind} ${type.name ?? "{...}"}`;
    case "enum":
      return type.name === undefined ? `enum ${enumerators(type)}` : `enum ${type.name}`;
    default:
      return "...";
  }
}

/** Formats enumerators as `{A, B, C = 4}`. A value is written if it is not the previous one plus one. */
export function enumerators(type: EnumType): string {
  let next = 0n;
  const list = type.values.map(({ name, value }) => {
    const text = value === next ? name : `${name} = ${value}`;
    next = value + 1n;
    return text;
  });
  return `{${list.join(", ")}}`;
}
