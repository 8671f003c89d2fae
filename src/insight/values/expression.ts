import type { Effect, Place, Value } from "../../arch/effect.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType, sizeOf, type StructType } from "../../debuginfo/ctype.ts";
import { plainName } from "../../log/place.ts";
import { slabCacheType } from "../../linux/slab/slabTypes.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { memberAt } from "../../model/memberAt.ts";
import { typeName } from "../../model/typeName.ts";
import { hex0x } from "../../base/hex.ts";
import type { Definition } from "./functionGraph.ts";
import { registerAt, type Site } from "./site.ts";
import { registerOf, variablesIn } from "./variables.ts";

/** A value as C writes it. */
export interface Expression {
  readonly text: string;
  readonly type: CType;
  /** A member of a structure that it is: `target` of `struct lab`. */
  readonly member?: { readonly struct: string; readonly path: string } | undefined;
  /** Names come from debuginfo at this very place; else from the function's prototype or from what the object is. */
  readonly isFromDwarf: boolean;
}

/** Names followed for one expression: `a->b->c`. */
const MAX_DEPTH = 4;

/** The value of a register before an instruction, as the source has it: a variable's name, or how it was loaded. */
export function registerExpression(site: Site, register: string, index: number, depth = 0): Expression | undefined {
  return variable(site, register, index) ?? loaded(site, register, index, depth) ?? object(site, register, index);
}

/** The same, by where the value was loaded from rather than by the variable that it is in. */
export const originExpression = (site: Site, register: string, index: number): Expression | undefined =>
  loaded(site, register, index, 0) ?? variable(site, register, index) ?? object(site, register, index);

function variable({ kernel, graph }: Site, register: string, index: number): Expression | undefined {
  const pc = graph.effects[index]?.address;
  const [found] = pc === undefined ? [] : variablesIn(kernel, pc, register);
  return found && { text: shifted(found.name, found.offset), type: found.type, isFromDwarf: true };
}

/** The register is the variable less a constant: `(void *)entry - 8`. */
const shifted = (name: string, offset: bigint): string =>
  offset === 0n ? name : `((void *)${name} ${offset > 0n ? "-" : "+"} ${offset < 0n ? -offset : offset})`;

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

/** Values that come from several places have no one name, but may all be pointers to one type. */
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

/** A value that comes round in a loop: of whatever type the others are. */
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

function memberType(pointer: CType, { displacement }: Place, size: number): CType | undefined {
  const at = bare(pointer);
  const member = at.kind === "pointer" ? memberAt(at.target, Number(displacement), size) : undefined;
  return member?.rest === 0 && !member.isAmbiguous ? member.type : undefined;
}

export function valueExpression(site: Site, value: Value, index: number, depth = 0): Expression | undefined {
  switch (value.kind) {
    case "register":
      return value.bits === 64 ? registerExpression(site, value.name, index, depth) : undefined;
    case "load":
      return placeExpression(site, value.place, value.size, index, depth);
    case "address":
    case "constant":
    case "operation":
      return undefined;
  }
}

/** What lies at a memory operand: `cfg->target`, `*p`, `table[i].entry`, a global variable. */
export function placeExpression(
  site: Site,
  place: Place,
  size: number,
  index: number,
  depth = 0,
): Expression | undefined {
  const { kernel } = site;
  if (place.base === undefined) return globalExpression(kernel, place, size);
  if (place.segment !== undefined) return undefined;
  const base = pointerAt(site, place, index, depth);
  if (!base) return undefined;
  const { expression, offset } = base;
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
    member: { struct: typeName(pointer.target), path },
    isFromDwarf: expression.isFromDwarf,
  };
}

/** `slots[0]` with an index of elements of the right size: `slots[i]`. */
function indexed(path: string, type: CType, element: string, scale: number): string | undefined {
  return path.endsWith("[0]") && sizeOf(type) === scale ? `${path.slice(0, -3)}[${element}]` : undefined;
}

function indexText(site: Site, register: string, index: number): string | undefined {
  const named = variable(site, register, index);
  if (named && /^\w+$/.test(named.text)) return named.text;
  return registerAt(site, register, index)?.toString();
}

/** The pointer that a memory operand begins at, and how many bytes behind it the operand lies. */
function pointerAt(
  site: Site,
  { base, displacement }: Place,
  index: number,
  depth: number,
): { expression: Expression; offset: number } | undefined {
  if (base === undefined || base === site.kernel.arch.sp) return undefined;
  const pc = site.graph.effects[index]?.address ?? 0n;
  // A list's iterator is its register less the offset of the link.
  for (const { name, type, offset } of variablesIn(site.kernel, pc, base)) {
    const behind = Number(displacement - offset);
    if (bare(type).kind === "pointer" && behind >= 0)
      return { expression: { text: name, type, isFromDwarf: true }, offset: behind };
  }
  const expression = loaded(site, base, index, depth) ?? object(site, base, index);
  return expression && { expression, offset: Number(displacement) };
}

/** A global, or a per-CPU one, and what of it. */
function globalExpression(kernel: Kernel, place: Place, size: number): Expression | undefined {
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

/** An argument that is still in its register, by the function's prototype. */
function parameter({ kernel, graph }: Site, register: string): Expression | undefined {
  const at = kernel.arch.argumentRegisters?.indexOf(register) ?? -1;
  const declared = at < 0 ? undefined : prototype(kernel, graph.symbol.name)?.parameters[at];
  return declared?.name === undefined ? undefined : { text: declared.name, type: declared.type, isFromDwarf: false };
}

/** A function's type. Compilers change the parameters of what they name anew: those say nothing. */
export function prototype(kernel: Kernel, name: string): Extract<CType, { kind: "function" }> | undefined {
  if (plainName(name) !== name) return undefined;
  const type = attempt(() => kernel.types.function(name));
  const found = type instanceof Fault || !type ? undefined : bare(type);
  return found?.kind === "function" ? found : undefined;
}

/** Without a name: the object of a slab cache that is made for one type. */
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

/** A call as the source has it: `find(name)`; arguments that have no name are left as `...`. */
export function callExpression(site: Site, { target, address }: Effect): string | undefined {
  const { kernel, graph } = site;
  const symbol = target === undefined ? undefined : kernel.symbols.at(target);
  const index = graph.at(address);
  if (!symbol || symbol.address !== target || index === undefined) return undefined;
  const shown = passedRegisters(kernel, symbol).map(
    (register) => (register === undefined ? undefined : variable(site, register, index)?.text) ?? "...",
  );
  return `${plainName(symbol.name)}(${shown.join(", ")})`;
}

/** The registers that a function's parameters are passed in; undefined for one that is not passed in a register. */
function passedRegisters(kernel: Kernel, { name, address }: KSymbol): (string | undefined)[] {
  const registers = kernel.arch.argumentRegisters ?? [];
  const own = attempt(() => kernel.code.scopes(address).at(-1)?.variables());
  // Compilers leave parameters out of what they name anew: there only debuginfo knows which are passed where.
  if (own && !(own instanceof Fault))
    return own.filter(({ parameter }) => parameter).map(({ location }) => location && registerOf(kernel, location));
  return prototype(kernel, name)?.parameters.map((_, at) => registers[at]) ?? [undefined];
}
