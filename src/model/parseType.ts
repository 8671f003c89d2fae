/** Parses C type names. */
import { Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import type { CType, QualifiedType, TypeKind } from "../debuginfo/ctype.ts";
import { baseTypeName, isBaseTypeWord } from "./baseTypes.ts";
import { TokenCursor } from "./expression/lexer.ts";

/** What the parsers of type names and expressions need to know about types. */
export interface TypeLookup {
  readonly wordSize: 4 | 8;
  find(kind: TypeKind, name: string): CType | undefined;
  /** Returns an arithmetic type by gdb's spelling, "unsigned long"; undefined for other names. */
  base(name: string): CType | undefined;
}

/** A parsed declarator: its name, and the function from the type before it to the declared type. */
export interface Declarator {
  readonly name: string | undefined;
  readonly wrap: (base: CType) => CType;
}

export interface Declaration {
  readonly name: string | undefined;
  readonly type: CType;
}

const QUALIFIERS: Readonly<Record<string, QualifiedType["qualifier"]>> = {
  const: "const",
  volatile: "volatile",
  restrict: "restrict",
  __restrict: "restrict",
  _Atomic: "atomic",
};

/** Annotations that sparse reads and compilers ignore; people paste them from kernel source. */
const MARKERS = new Set(["__user", "__rcu", "__iomem", "__percpu", "__force", "__kernel", "extern", "static"]);

const TAGS: readonly string[] = ["struct", "union", "enum"];

/**
 * Parses a C type name: "struct list_head *", "unsigned long", "const char *[4]", "int (*)(struct file *, ...)".
 * @throws Fault unknown for a type that the debuginfo does not have @throws UsageError for text that is not a type name
 */
export function parseTypeName(text: string, types: TypeLookup): CType {
  const cursor = new TokenCursor(text);
  const { type } = declaration(cursor, types);
  if (cursor.peek().kind !== "end") throw cursor.wrong("the end of the type name");
  return type;
}

/** Whether a type name starts `ahead` tokens further. `isVariable` hides typedefs, like a local variable in C. */
export function startsType(
  cursor: TokenCursor,
  types: TypeLookup,
  isVariable: (name: string) => boolean = () => false,
  ahead = 0,
): boolean {
  const { kind, text } = cursor.peek(ahead);
  if (kind !== "name") return false;
  if (TAGS.includes(text) || text in QUALIFIERS || MARKERS.has(text) || isBaseTypeWord(text) || text === "bool")
    return true;
  return !isVariable(text) && (types.find("typedef", text) !== undefined || isCastTo(cursor, ahead));
}

/** Whether a name can only be an unknown type: `(name *)` and `(name)1` have no other meaning in C. */
function isCastTo(cursor: TokenCursor, name: number): boolean {
  if (name === 0 || !cursor.is("(", name - 1)) return false;
  let end = name + 1;
  while (cursor.is("*", end)) end++;
  if (!cursor.is(")", end)) return false;
  return end > name + 1 || ["name", "number", "character", "string"].includes(cursor.peek(end + 1).kind);
}

/** Parses a type and its declarator, which can be without a name. */
export function declaration(cursor: TokenCursor, types: TypeLookup): Declaration {
  const base = specifiers(cursor, types);
  const { name, wrap } = declarator(cursor, types);
  return { name, type: wrap(base) };
}

/** Parses the part before the declarators: `const struct page`, `unsigned long`, `pid_t`. */
export function specifiers(cursor: TokenCursor, types: TypeLookup): CType {
  const words: string[] = [];
  const qualifiers: QualifiedType["qualifier"][] = [];
  const start = cursor.peek().position;
  let type: CType | undefined;
  while (cursor.peek().kind === "name") {
    const { text } = cursor.peek();
    const qualifier = QUALIFIERS[text];
    if (qualifier) qualifiers.push(qualifier);
    else if (isBaseTypeWord(text)) words.push(text);
    else if (!MARKERS.has(text)) {
      if (type || words.length > 0) break;
      type = parseNamedType(cursor, types);
      continue;
    }
    cursor.take();
  }
  if (words.length > 0) {
    const name = baseTypeName(words);
    type = name === undefined ? undefined : types.base(name);
    if (!type) throw new UsageError(`${words.join(" ")} is not a C type`, start);
  }
  if (!type) throw cursor.wrong("a type");
  return qualified(type, qualifiers);
}

/** Parses `struct page` or a typedef's name. */
function parseNamedType(cursor: TokenCursor, types: TypeLookup): CType {
  const { text: first, position } = cursor.take();
  const isTag = first === "struct" || first === "union" || first === "enum";
  const name = isTag ? cursor.expectName(`the name of a ${first}`).text : first;
  // The kernel's `bool` is a typedef; C23's is a keyword.
  const type = types.find(isTag ? first : "typedef", name) ?? (name === "bool" ? types.base("_Bool") : undefined);
  if (!type) throw unknownType(isTag ? `${first} ${name}` : `type ${name}`, position);
  return type;
}

/**
 * Returns the fault for a type that the kernel does not have. It names the column, except for a type at the start of
 * the text.
 */
function unknownType(what: string, position: number): Fault {
  const place = position === 0 ? "" : `, at column ${position + 1}`;
  return Fault.of("unknown", `no ${what} in this kernel's types${place}`);
}

const qualified = (type: CType, qualifiers: readonly QualifiedType["qualifier"][]): CType =>
  qualifiers.reduce((target: CType, qualifier): CType => ({ kind: "qualified", qualifier, target }), type);

/** Parses `*const name[4](int)`: pointers, then the name or a parenthesized declarator, then arrays and parameters. */
export function declarator(cursor: TokenCursor, types: TypeLookup): Declarator {
  return cursor.nested(() => {
    const pointers: QualifiedType["qualifier"][][] = [];
    while (cursor.skip("*")) pointers.push(pointerQualifiers(cursor));
    let inner: Declarator = { name: undefined, wrap: (type) => type };
    if (cursor.is("(") && opensDeclarator(cursor, types)) {
      cursor.take();
      inner = declarator(cursor, types);
      cursor.expect(")");
    } else if (cursor.peek().kind === "name") {
      inner = { name: cursor.take().text, wrap: (type) => type };
    }
    const suffixes: ((type: CType) => CType)[] = [];
    while (cursor.is("[") || cursor.is("("))
      suffixes.push(cursor.is("[") ? arraySuffix(cursor) : parameterSuffix(cursor, types));
    return {
      name: inner.name,
      wrap(base) {
        const pointed = pointers.reduce(
          (target: CType, qualifiers) => qualified({ kind: "pointer", size: types.wordSize, target }, qualifiers),
          base,
        );
        return inner.wrap(suffixes.reduceRight((type, suffix) => suffix(type), pointed));
      },
    };
  });
}

function pointerQualifiers(cursor: TokenCursor): QualifiedType["qualifier"][] {
  const found: QualifiedType["qualifier"][] = [];
  while (cursor.peek().kind === "name") {
    const { text } = cursor.peek();
    const qualifier = QUALIFIERS[text];
    if (qualifier) found.push(qualifier);
    else if (!MARKERS.has(text)) break;
    cursor.take();
  }
  return found;
}

/** Whether `(` opens an inner declarator, not the parameters of a nameless function: `void (int)`. */
const opensDeclarator = (cursor: TokenCursor, types: TypeLookup): boolean =>
  cursor.is("*", 1) ||
  cursor.is("(", 1) ||
  cursor.is("[", 1) ||
  (cursor.peek(1).kind === "name" && !startsType(cursor, types, undefined, 1));

function arraySuffix(cursor: TokenCursor): (element: CType) => CType {
  cursor.expect("[");
  const { kind, text, position } = cursor.peek();
  let count: number | undefined;
  if (kind === "number") {
    count = Number(text.replace(/[uUlL]+$/, ""));
    if (!Number.isSafeInteger(count))
      throw new UsageError(`${text} is not a possible number of array elements`, position);
    cursor.take();
  }
  cursor.expect("]");
  return (element) => ({ kind: "array", element, count });
}

function parameterSuffix(cursor: TokenCursor, types: TypeLookup): (returns: CType) => CType {
  cursor.expect("(");
  const parameters: Declaration[] = [];
  let variadic = false;
  if (cursor.isName("void") && cursor.is(")", 1)) cursor.take();
  while (!cursor.is(")")) {
    if (cursor.skip("...")) {
      variadic = true;
      break;
    }
    parameters.push(declaration(cursor, types));
    if (!cursor.skip(",")) break;
  }
  cursor.expect(")");
  return (returns) => ({ kind: "function", returns, parameters, variadic });
}
