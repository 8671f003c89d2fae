/** Names values of registers and memory operands as C expressions. */
import type { MemoryOperand, Value } from "../../arch/effect.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType, sizeOf, type StructType } from "../../debuginfo/ctype.ts";
import { slabCacheType } from "../../linux/slab/slabTypes.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memberAt } from "../../model/memberAt.ts";
import { typeName } from "../../model/typeName.ts";
import { hex0x } from "../../base/hex.ts";
import { codeConstant } from "./codeConstant.ts";
import type { Definition } from "./functionGraph.ts";
import { prototype } from "./prototype.ts";
import { registerAt, type Site } from "./site.ts";
import { registerValue, variablesIn } from "./variables.ts";

/** A value as a C expression. */
export interface Expression {
  readonly text: string;
  readonly type: CType;
  /** The structure member that the value is, for example `target` of `struct lab`, and its offset in bytes. */
  readonly member?: { readonly struct: string; readonly path: string; readonly offset: number } | undefined;
  /**
   * Whether the names come from debuginfo for this instruction; otherwise they come from the function's prototype or
   * the object's type.
   */
  readonly isFromDwarf: boolean;
}

export type ExpressionMember = NonNullable<Expression["member"]>;

/** Maximum number of steps for one expression: `a->b->c`. */
const MAX_DEPTH = 4;

/**
 * Returns the source expression of a register's value before an instruction: the variable's name, how the value was
 * loaded, or a cast to the type of its slab object; undefined if none is known.
 * @param index of the instruction in `site.graph.effects`
 * @param depth number of steps of the expression so far
 */
export function registerExpression(site: Site, register: string, index: number, depth = 0): Expression | undefined {
  return variable(site, register, index) ?? loaded(site, register, index, depth) ?? object(site, register, index);
}

/**
 * As `registerExpression`, but prefers the place that the value was loaded from to the variable that holds it: `p->next`
 * to `n` after `n = p->next`.
 */
export const originExpression = (site: Site, register: string, index: number): Expression | undefined =>
  loaded(site, register, index, 0) ?? variable(site, register, index) ?? object(site, register, index);

/** Returns the variable that DWARF locates in a register before an instruction; undefined if there is none. */
export function variable({ kernel, graph }: Site, register: string, index: number): Expression | undefined {
  const pc = graph.effects[index]?.address;
  const [found] = pc === undefined ? [] : variablesIn(kernel, pc, register);
  return found && { ...registerValue(found), isFromDwarf: true };
}

function loaded(site: Site, register: string, index: number, depth: number): Expression | undefined {
  const { graph } = site;
  if (depth > MAX_DEPTH) return undefined;
  const definitions = graph.definitions(register, index);
  const [definition, ...more] = definitions;
  if (!definition) return undefined;
  if (more.length > 0) return agreeing(site, register, index, definitions);
  if (definition.kind === "unknown") return undefined;
  if (definition.kind === "entry") return parameter(site, register);
  const effect = graph.effects[definition.index];
  const value = effect?.writes.get(register);
  return value && valueExpression(site, value, definition.index, depth + 1);
}

/**
 * Returns a cast of the value if it may come from several instructions that agree on its type. Such a value has no
 * single name.
 */
function agreeing(
  site: Site,
  register: string,
  index: number,
  definitions: readonly Definition[],
): Expression | undefined {
  const value = registerAt(site, register, index);
  const types = definitions.map((one) => typeOf(site, register, one, new Set(), 0));
  const [first] = types.filter((one) => one !== SAME);
  if (value === undefined || typeof first !== "object") return undefined;
  const name = typeName(first);
  const isAgreed = types.every((one) => one === SAME || (one !== undefined && typeName(one) === name));
  return isAgreed ? { text: `((${name})${hex0x(value)})`, type: first, isFromDwarf: false } : undefined;
}

/** The type of a definition that depends on itself through a loop: that of the other definitions. */
const SAME = "same";

function typeOf(
  site: Site,
  register: string,
  definition: Definition,
  seen: Set<number>,
  depth: number,
): CType | typeof SAME | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (definition.kind === "entry") return parameter(site, register)?.type;
  if (definition.kind === "unknown") return undefined;
  if (seen.has(definition.index)) return SAME;
  seen.add(definition.index);
  const value = site.graph.effects[definition.index]?.writes.get(register);
  if (value?.kind === "register" && value.bits === 64)
    return agreedType(site, value.name, definition.index, seen, depth + 1);
  if (value?.kind !== "load" || value.place.base === undefined || value.place.index !== undefined) return undefined;
  const base = agreedType(site, value.place.base, definition.index, seen, depth + 1);
  return base === undefined || base === SAME ? base : memberType(base, value.place, value.size);
}

function agreedType(
  site: Site,
  register: string,
  index: number,
  seen: Set<number>,
  depth: number,
): CType | typeof SAME | undefined {
  const types = site.graph.definitions(register, index).map((one) => typeOf(site, register, one, seen, depth));
  if (types.some((one) => one === undefined)) return undefined;
  const known = types.filter((one): one is CType => typeof one === "object");
  const [first] = known;
  if (!first) return SAME;
  return known.every((one) => typeName(one) === typeName(first)) ? first : undefined;
}

function memberType(pointer: CType, { displacement }: MemoryOperand, size: number): CType | undefined {
  const type = bare(pointer);
  const member = type.kind === "pointer" ? memberAt(type.target, Number(displacement), size) : undefined;
  return member?.rest === 0 && !member.isAmbiguous ? member.type : undefined;
}

/** Returns the source expression of a value that an instruction uses; undefined if none is known. */
export function valueExpression(site: Site, value: Value, index: number, depth = 0): Expression | undefined {
  switch (value.kind) {
    case "register":
      return value.bits === 64 ? registerExpression(site, value.name, index, depth) : undefined;
    case "load":
      return loadExpression(site, value.place, value.size, index, depth);
    case "address":
    case "constant":
    case "operation":
      return undefined;
  }
}

/** Returns the expression of a loaded value; undefined if its place has none. A part of a pointer has no expression. */
export function loadExpression(
  site: Site,
  place: MemoryOperand,
  size: number,
  index: number,
  depth = 0,
): Expression | undefined {
  const found = placeExpression(site, place, size, index, depth);
  const isPart = found && bare(found.type).kind === "pointer" && size !== site.kernel.arch.wordSize;
  return isPart ? undefined : found;
}

/** Returns the expression of a memory operand: `cfg->target`, `*p`, `table[i].entry`, or a global variable. */
export function placeExpression(
  site: Site,
  place: MemoryOperand,
  size: number,
  index: number,
  depth = 0,
): Expression | undefined {
  const { kernel } = site;
  if (place.base === undefined) return globalExpression(kernel, place, size);
  if (place.segment !== undefined) return undefined;
  const fixed = codeConstant(site, place.base, index);
  if (fixed !== undefined)
    return globalExpression(kernel, { ...place, base: undefined, displacement: fixed + place.displacement }, size);
  for (const pointer of pointersAt(site, place, index, depth)) {
    const found = pointedExpression(site, pointer, place, size, index);
    if (found) return found;
  }
  return undefined;
}

/** Returns the expression of what an operand accesses through a pointer; undefined if its target has no such member. */
function pointedExpression(
  site: Site,
  { expression, offset }: PointerUse,
  place: MemoryOperand,
  size: number,
  index: number,
): Expression | undefined {
  const pointer = bare(expression.type);
  if (pointer.kind !== "pointer") return undefined;
  const element = place.index === undefined ? undefined : indexText(site, place.index, index);
  if (place.index !== undefined && element === undefined) return undefined;
  const target = bare(pointer.target);
  if (element !== undefined && offset === 0 && sizeOf(target) === place.scale && target.kind !== "struct")
    return { text: `${expression.text}[${element}]`, type: pointer.target, isFromDwarf: expression.isFromDwarf };
  const member = memberAt(pointer.target, offset, size);
  if (!member || member.rest !== 0 || (member.isAmbiguous && !expression.isFromDwarf)) return undefined;
  if (member.path === "")
    return offset === 0 && element === undefined
      ? { text: `*${expression.text}`, type: pointer.target, isFromDwarf: expression.isFromDwarf }
      : undefined;
  const path = element === undefined ? member.path : indexed(member.path, member.type, element, place.scale);
  if (path === undefined) return undefined;
  return {
    text: `${expression.text}->${path}`,
    type: member.type,
    member: { struct: typeName(pointer.target), path, offset },
    isFromDwarf: expression.isFromDwarf,
  };
}

/** Replaces the index of `slots[0]` if the element size matches: `slots[i]`. */
function indexed(path: string, type: CType, element: string, scale: number): string | undefined {
  return path.endsWith("[0]") && sizeOf(type) === scale ? `${path.slice(0, -3)}[${element}]` : undefined;
}

function indexText(site: Site, register: string, index: number): string | undefined {
  const named = variable(site, register, index);
  if (named && /^\w+$/.test(named.text)) return named.text;
  return registerAt(site, register, index)?.toString();
}

/** A pointer, and the offset of a memory operand in bytes from its target. */
interface PointerUse {
  readonly expression: Expression;
  readonly offset: number;
}

/**
 * Yields the pointers that a memory operand may start from: each variable that DWARF locates in its base register, then
 * what was loaded into that register, or the slab object that it points to.
 */
function* pointersAt(
  site: Site,
  { base, displacement }: MemoryOperand,
  index: number,
  depth: number,
): Generator<PointerUse, void, void> {
  if (base === undefined || base === site.kernel.arch.sp) return;
  const pc = site.graph.effects[index]?.address ?? 0n;
  // The register of a list iterator holds the iterator plus the offset of the link.
  for (const { name, type, offset } of variablesIn(site.kernel, pc, base)) {
    const fromTarget = Number(displacement - offset);
    if (bare(type).kind === "pointer" && fromTarget >= 0)
      yield { expression: { text: name, type, isFromDwarf: true }, offset: fromTarget };
  }
  const expression = loaded(site, base, index, depth) ?? object(site, base, index);
  if (expression) yield { expression, offset: Number(displacement) };
}

/** Returns the expression of a global or per-CPU variable and its member; undefined for other operands. */
function globalExpression(kernel: Kernel, place: MemoryOperand, size: number): Expression | undefined {
  if (place.index !== undefined) return undefined;
  const address = BigInt.asUintN(64, place.displacement);
  const symbol = kernel.symbols.at(address);
  if (!symbol || address >= symbol.address + BigInt(Math.max(1, symbol.size))) return undefined;
  if (place.segment === undefined && !/^[bdrgsv]$/i.test(symbol.type)) return undefined;
  const type = attempt(() => kernel.types.variable(symbol.name));
  if (!type || type instanceof Fault) return undefined;
  const member = memberAt(type, Number(address - symbol.address), size);
  if (!member || member.rest !== 0 || member.isAmbiguous) return undefined;
  const joint = member.path === "" ? "" : member.path.startsWith("[") ? member.path : `.${member.path}`;
  return {
    text: place.segment === "gs" ? `this_cpu_read(${symbol.name}${joint})` : `${symbol.name}${joint}`,
    type: member.type,
    isFromDwarf: true,
  };
}

/**
 * Returns the parameter that is still in its argument register, by the function's prototype; undefined if there is
 * none.
 */
function parameter({ kernel, graph }: Site, register: string): Expression | undefined {
  const at = kernel.arch.argumentRegisters?.indexOf(register) ?? -1;
  const declared = at < 0 ? undefined : prototype(kernel, graph.symbol.name)?.parameters[at];
  return declared?.name === undefined ? undefined : { text: declared.name, type: declared.type, isFromDwarf: false };
}

/** Returns a cast of the address if it is an object of a slab cache that is made for one type. */
function object(site: Site, register: string, index: number): Expression | undefined {
  const { kernel } = site;
  const value = registerAt(site, register, index);
  const type = value === undefined ? undefined : attempt(() => slabCacheType(kernel, value));
  if (!type || type instanceof Fault || value === undefined) return undefined;
  return {
    text: `((${typeName(type)} *)${hex0x(value)})`,
    type: { kind: "pointer", size: kernel.arch.wordSize, target: type satisfies StructType },
    isFromDwarf: false,
  };
}
