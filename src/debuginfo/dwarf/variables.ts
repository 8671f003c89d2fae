/** Variables and parameters of a function. */
import { type CType, sizeOf } from "../ctype.ts";
import type { ExpressionUnit, LocationRange, SourceLine, VariableDeclaration, VariableLocation } from "../source.ts";
import {
  DW_AT_const_value,
  DW_AT_decl_column,
  DW_AT_decl_file,
  DW_AT_decl_line,
  DW_AT_frame_base,
  DW_AT_location,
  DW_AT_name,
  DW_TAG_formal_parameter,
  DW_TAG_variable,
} from "./constants.ts";
import type { Die } from "./die.ts";
import { expressionAt, locationRanges } from "./locations.ts";
import { readType, typeOfDie } from "./types.ts";
import type { Unit } from "./unit.ts";

/**
 * Returns parameters and variables declared by blocks. Those of the first block hide later ones of the same name.
 * @param subprogram the function that contains the blocks, for its frame base @param pc a distance in the image's
 * `Addressing` @throws Fault, as do the getters of the results
 */
export function blockVariables(blocks: readonly Die[], subprogram: Die, pc: number): VariableDeclaration[] {
  const variables = new Map<string, VariableDeclaration>();
  for (const block of blocks) {
    const own: [string, VariableDeclaration][] = [];
    for (const walk = block.children(); walk.next();) {
      const { tag } = walk.abbrev;
      if (tag !== DW_TAG_formal_parameter && tag !== DW_TAG_variable) continue;
      const die = walk.die();
      const name = die.holder(DW_AT_name)?.text(DW_AT_name);
      if (name !== undefined && !variables.has(name)) own.push([name, new Variable(name, die, subprogram, pc)]);
    }
    for (const [name, variable] of own) variables.set(name, variable);
  }
  return [...variables.values()];
}

class Variable implements VariableDeclaration {
  readonly name: string;
  private readonly die: Die;
  private readonly subprogram: Die;
  private readonly pc: number;

  constructor(name: string, die: Die, subprogram: Die, pc: number) {
    this.name = name;
    this.die = die;
    this.subprogram = subprogram;
    this.pc = pc;
  }

  get parameter(): boolean {
    return this.die.tag === DW_TAG_formal_parameter;
  }

  get type(): CType {
    return typeOfDie(this.die);
  }

  get location(): VariableLocation | undefined {
    return locationOf(this.die, this.subprogram, this.pc);
  }

  get ranges(): readonly LocationRange[] {
    const holder = this.die.holder(DW_AT_location);
    const ranges = holder ? locationRanges(holder.unit, holder.attribute(DW_AT_location)) : [];
    return ranges.map(({ start, end, expression }) => ({ start: start - this.pc, end: end - this.pc, expression }));
  }

  get declared(): SourceLine | undefined {
    return declaredAt(this.die);
  }
}

/**
 * Returns the location of a variable at the pc, or its constant value; undefined if it was optimized out. @throws Fault
 */
export function locationOf(die: Die, subprogram: Die | undefined, pc: number): VariableLocation | undefined {
  const constant = die.holder(DW_AT_const_value);
  if (constant) return constantOf(constant, sizeOf(typeOfDie(die)));
  const holder = die.holder(DW_AT_location);
  const bytes = holder && expressionAt(holder.unit, holder.attribute(DW_AT_location), pc);
  // An empty expression means "optimized out", as does a list without an entry for the pc.
  if (!holder || !bytes || bytes.length === 0) return undefined;
  const frameBase = subprogram && expressionAt(subprogram.unit, subprogram.attribute(DW_AT_frame_base), pc);
  return { kind: "expression", bytes, frameBase, unit: expressionUnit(holder.unit, subprogram, pc) };
}

function constantOf(die: Die, size: number): VariableLocation | undefined {
  const attribute = die.attribute(DW_AT_const_value);
  if (attribute?.kind === "block") return { kind: "constant", bytes: attribute.bytes };
  if (attribute?.kind !== "constant" || size > 16) return undefined;
  const bytes = new Uint8Array(size || 8);
  let rest = BigInt.asUintN(8 * bytes.length, attribute.value);
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) {
    bytes[die.unit.section.encoding.little ? i : bytes.length - 1 - i] = Number(rest & 0xffn);
  }
  return { kind: "constant", bytes };
}

/** Returns where a DIE was declared; undefined if that is not recorded. @throws Fault */
export function declaredAt(die: Die): SourceLine | undefined {
  const holder = die.holder(DW_AT_decl_line);
  const line = holder?.number(DW_AT_decl_line);
  const file = die.holder(DW_AT_decl_file);
  const path = file?.unit.image.linesOf(file.unit)?.file(file.number(DW_AT_decl_file) ?? -1);
  if (path === undefined || line === undefined) return undefined;
  return { file: path, line, column: holder?.number(DW_AT_decl_column) ?? 0 };
}

/**
 * Returns the access to the unit that operations of an expression need. `subprogram` and `pc` are those of the frame.
 */
export function expressionUnit(unit: Unit, subprogram: Die | undefined, pc: number): ExpressionUnit {
  const { addressing, little } = unit.section.encoding;
  return {
    byteOrder: little ? "little" : "big",
    addressSize: unit.addressSize === 4 ? 4 : 8,
    offsetSize: unit.version <= 2 ? (unit.addressSize === 4 ? 4 : 8) : unit.offsetSize,
    indexedAddress: (index) => addressing.address(unit.indexedAddress(index)),
    expression: (offset, local) => {
      const die = local ? unit.die(offset) : unit.image.dieAt(offset);
      return expressionAt(die.unit, die.attribute(DW_AT_location), pc);
    },
    variable(offset) {
      const die = unit.image.dieAt(offset);
      return { type: typeOfDie(die), location: locationOf(die, subprogram, pc) };
    },
    baseType: (offset) => readType(unit.die(offset)),
  };
}
