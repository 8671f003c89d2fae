/** The custom request for hovers over identifiers of kernel C. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { printedPlace } from "../../base/nameOffset.ts";
import { UsageError } from "../../base/usageError.ts";
import { isPerCpu } from "../../crash/language/perCpu.ts";
import { bare, type CType, sizeOf, type StructType } from "../../debuginfo/ctype.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { evaluate, type Scope } from "../../model/expression/evaluate.ts";
import { findMember } from "../../model/member.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { summaryOf } from "../values/rows.ts";
import { declare, typeName } from "../../model/typeName.ts";
import { describeType } from "../../model/typeText.ts";
import type { Identifier, IdentifierText } from "../../protocol/custom.ts";
import type { Job } from "../../base/job.ts";
import type { Handlers } from "../handlers.ts";
import { structsWith } from "../values/memberIndex.ts";
import { scopeOf } from "../values/scope.ts";
import type { Target } from "../target.ts";

/** Maximum numbers of members, structs and CPUs in a hover. */
const MAX_MEMBERS = 40;
const MAX_STRUCTS = 12;
const MAX_CPUS = 16;
/** Maximum length of a value in characters. */
const WIDTH = 160;

/** Describes an identifier of kernel C: its type in this build and its value in this dump. */
export const identifiers: Pick<Handlers, "vmcore/identifier"> = {
  *"vmcore/identifier"(target, identifier) {
    const row = identifier.frameId === undefined ? undefined : target.frames.get(identifier.frameId);
    const text = yield* textOf(target, identifier, scopeOf(target, row));
    return { text: text ?? null };
  },
};

function* textOf(target: Target, identifier: Identifier, scope: Scope): Job<IdentifierText | undefined> {
  const { kernel } = target;
  const { name, tag, members } = identifier;
  if (tag !== undefined) {
    const type = kernel.types.find(tag, name);
    return type && typeText(type);
  }
  if (members.length > 0) return yield* memberText(kernel, identifier, scope);
  return (
    valueText(
      identifier,
      undefinedOnError(() => scope(name)),
    ) ??
    globalText(target, name) ??
    enumeratorOrTypedefText(kernel, name) ??
    declaredText(kernel, identifier)
  );
}

/** Returns what `read` returns; undefined if it throws a Fault or a UsageError, because a hover shows no errors. */
function undefinedOnError<T>(read: () => T): T | undefined {
  try {
    const value = attempt(read);
    return value instanceof Fault ? undefined : value;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function shown(value: Obj): string {
  const text = attempt(() => summaryOf(value, { width: WIDTH }));
  return text instanceof Fault ? `<${text.message}>` : text;
}

const declaration = (type: CType, name: string): string => `${declare(type, name)};`;

function valueText({ name }: Identifier, value: Obj | undefined): IdentifierText | undefined {
  if (!value) return undefined;
  return { code: [declaration(value.type, name), `${name} = ${shown(value)}`], notes: [] };
}

/** Describes a type: `struct task_struct` with its first members and their offsets. */
function typeText(type: CType): IdentifierText {
  const lines = describeType(type, { offsets: true });
  const size = `Size: ${sizeOf(type)} bytes`;
  const body = lines.filter((line) => !line.startsWith("SIZE: "));
  if (body.length <= MAX_MEMBERS + 2) return { code: body, notes: [size] };
  const left = body.length - MAX_MEMBERS - 1;
  return { code: [...body.slice(0, MAX_MEMBERS), `    ... ${left} more lines`, body.at(-1) ?? ""], notes: [size] };
}

/**
 * Describes a global variable, a per-CPU variable with each CPU's copy, or a function; undefined if there is no symbol
 * of that name.
 */
function globalText({ kernel, sources }: Target, name: string): IdentifierText | undefined {
  const symbol = kernel.symbols.find(name);
  if (!symbol) return undefined;
  if (kernel.code.isText(symbol.address)) {
    const type = kernel.types.function(name);
    const place = undefinedOnError(() => kernel.code.scopes(symbol.address)[0]?.source);
    const where = place && `${sources.files.find(place.file) ?? place.file}:${place.line}`;
    return {
      code: [type ? declaration(type, name) : `${name}()`],
      notes: [`${hex0x(symbol.address)}, ${symbol.size} bytes${where === undefined ? "" : `, ${where}`}`],
    };
  }
  const variable = undefinedOnError(() => kernel.variable(name));
  if (!variable) return { code: [name], notes: [`At ${hex0x(symbol.address)}; its type is unknown.`] };
  const size = `${sizeOf(variable.type)} bytes`;
  if (!isPerCpu(kernel, symbol)) {
    return {
      code: [declaration(variable.type, name), `${name} = ${shown(variable)}`],
      notes: [`${hex0x(symbol.address)}, ${size}`],
    };
  }
  const cpus = undefinedOnError(() => possibleCpus(kernel)) ?? [];
  const copies = cpus.slice(0, MAX_CPUS).map((cpu) => {
    const copy = attempt(() => perCpuVariable(kernel, name, cpu));
    return `[${cpu}] = ${copy instanceof Fault ? `<${copy.message}>` : shown(copy)}`;
  });
  const more = cpus.length > MAX_CPUS ? [`... ${cpus.length - MAX_CPUS} more CPUs`] : [];
  return { code: [declaration(variable.type, name), ...copies, ...more], notes: [`Per-CPU, ${size} each`] };
}

/** Describes an enumerator or a typedef; undefined for other names. */
function enumeratorOrTypedefText(kernel: Kernel, name: string): IdentifierText | undefined {
  const constant = kernel.types.enumerator(name);
  if (constant) {
    const of = constant.type.name === undefined ? "an enum without a name" : `enum ${constant.type.name}`;
    return { code: [`${name} = ${constant.value}`], notes: [`Of ${of}`] };
  }
  const type = kernel.types.find("typedef", name);
  return type && typeText(type);
}

/**
 * Describes a local variable that the selected frame does not have: its type as the source file declares it; undefined
 * if no type is declared or the kernel does not have it.
 */
function declaredText(kernel: Kernel, { name, declared }: Identifier): IdentifierText | undefined {
  const type = declared === undefined ? undefined : undefinedOnError(() => kernel.types.named(declared));
  if (!type) return undefined;
  const target = bare(type);
  const struct = target.kind === "pointer" ? bare(target.target) : target;
  const size = struct.kind === "struct" || struct.kind === "union" ? [`${typeName(struct)}: ${struct.size} bytes`] : [];
  return { code: [declaration(type, name)], notes: ["No variable of the selected frame", ...size] };
}

/**
 * Describes a member: its declaration and offset in the struct before the last `.` or `->`, and the value of the
 * expression if it has one. If that struct is not known, describes the members of that name in all structs.
 */
function* memberText(kernel: Kernel, identifier: Identifier, scope: Scope): Job<IdentifierText | undefined> {
  const { name, expression } = identifier;
  const value = undefinedOnError(() => evaluate(kernel, expression, scope));
  const struct = structBefore(kernel, identifier, scope);
  const place = struct && memberLine(struct, name);
  if (place !== undefined) {
    return { code: [place, ...(value ? [`${expression} = ${shown(value)}`] : [])], notes: [] };
  }
  const structs = yield* structsWith(kernel, name);
  if (structs.length === 0) return undefined;
  const more = structs.length > MAX_STRUCTS ? [`... ${structs.length - MAX_STRUCTS} more`] : [];
  const lines = structs.slice(0, MAX_STRUCTS).map((type) => memberLine(type, name) ?? typeName(type));
  return { code: [...lines, ...more], notes: ["Members of that name"] };
}

/**
 * Returns the struct before the last `.` or `->`: found from the type of the value in the frame, else from the type
 * that the file declares; undefined if neither has one.
 */
function structBefore(kernel: Kernel, { root, members, declared }: Identifier, scope: Scope): StructType | undefined {
  const value = undefinedOnError(() => scope(root) ?? evaluate(kernel, root, scope));
  let type = value?.type ?? (declared === undefined ? undefined : undefinedOnError(() => kernel.types.named(declared)));
  for (const step of members.slice(0, -1)) {
    const struct = type && structOf(type);
    type = struct && findMember(struct, step)?.member.type;
  }
  return type && structOf(type);
}

/** Returns the struct type, dereferencing a pointer or an array of it; undefined for other types. */
function structOf(type: CType): StructType | undefined {
  let at = bare(type);
  if (at.kind === "array") at = bare(at.element);
  if (at.kind === "pointer") at = bare(at.target);
  return at.kind === "struct" || at.kind === "union" ? at : undefined;
}

/**
 * Returns declaration and offset of a member in one line: `char comm[16];  // struct task_struct+0xb48, 16 bytes`,
 * `unsigned int x : 1;  // struct s+0x4, bit 3`; undefined if the struct has no such member.
 */
function memberLine(struct: StructType, name: string): string | undefined {
  const found = findMember(struct, name);
  if (!found) return undefined;
  const { type, bitSize } = found.member;
  const bits = bitSize === undefined ? "" : ` : ${bitSize}`;
  const bytes = bitSize === undefined ? `, ${sizeOf(type)} bytes` : `, bit ${found.bitOffset % 8}`;
  return `${declare(type, name)}${bits};  // ${printedPlace(typeName(struct), found.bitOffset >> 3)}${bytes}`;
}
