/** Scopes that contain a pc: functions, inlined calls, blocks. */
import type { CodeScope, SourceLine, VariableDeclaration } from "../source.ts";
import {
  DW_AT_call_column,
  DW_AT_call_file,
  DW_AT_call_line,
  DW_AT_entry_pc,
  DW_AT_low_pc,
  DW_AT_name,
  DW_AT_ranges,
  DW_TAG_inlined_subroutine,
  DW_TAG_lexical_block,
  DW_TAG_subprogram,
} from "./constants.ts";
import type { Die } from "./die.ts";
import { dieRanges } from "./ranges.ts";
import { blockVariables } from "./variables.ts";

/** Maximum depth of nesting of blocks and inlined calls; compilers stay far below it. */
const MAX_NESTING = 256;

/** A function or inlined call, and its blocks that contain a pc, outermost first. */
interface Level {
  readonly function: Die;
  readonly blocks: Die[];
}

/**
 * Returns the scopes of `pc` within a function: innermost inlined call first, the function itself last. @param pc a
 * distance in the image's `Addressing` @throws Fault, as do the scopes' getters
 */
export function scopesOf(subprogram: Die, pc: number): CodeScope[] {
  const levels: Level[] = [];
  descend(subprogram, pc, levels);
  return levels
    .map((level, i) => new Scope(level, levels[i + 1]?.function, levels[0]?.function ?? subprogram, pc))
    .reverse();
}

function descend(subprogram: Die, pc: number, levels: Level[]): void {
  let inner: Die | undefined = subprogram;
  for (let depth = 0; inner && depth < MAX_NESTING; depth++) {
    const level = levels.at(-1);
    if (inner.tag === DW_TAG_lexical_block && level) level.blocks.push(inner);
    else {
      // A nested function is not part of the enclosing one.
      if (inner.tag === DW_TAG_subprogram) levels.length = 0;
      levels.push({ function: inner, blocks: [] });
    }
    inner = childAt(inner, pc);
  }
}

/**
 * Returns the function at `pc`, a distance, and its inlined calls and blocks that contain it, outermost first. @throws
 * Fault
 */
export function blocksAt(subprogram: Die, pc: number): Die[] {
  const levels: Level[] = [];
  descend(subprogram, pc, levels);
  return levels.flatMap((level) => [level.function, ...level.blocks]);
}

/** Returns the child whose code contains the pc; undefined if none does. */
function childAt(die: Die, pc: number): Die | undefined {
  for (const walk = die.children(); walk.next();) {
    const { tag, names } = walk.abbrev;
    if (tag !== DW_TAG_inlined_subroutine && tag !== DW_TAG_lexical_block && tag !== DW_TAG_subprogram) continue;
    if (!names.includes(DW_AT_low_pc) && !names.includes(DW_AT_ranges)) continue;
    const child = walk.die();
    for (const { start, end } of dieRanges(child)) if (pc >= start && pc < end) return child;
  }
  return undefined;
}

/**
 * A function or inlined call at a pc. Name and position are looked up when needed, because most displays of stacks use
 * only half of them.
 */
class Scope implements CodeScope {
  private readonly level: Level;
  /** The inlined call within this function that contains the pc; its call is this function's line. */
  private readonly inner: Die | undefined;
  /** The function that contains all inlined calls. */
  private readonly subprogram: Die;
  private readonly pc: number;

  constructor(level: Level, inner: Die | undefined, subprogram: Die, pc: number) {
    this.level = level;
    this.inner = inner;
    this.subprogram = subprogram;
    this.pc = pc;
  }

  get function(): string {
    return this.level.function.holder(DW_AT_name)?.text(DW_AT_name) ?? "";
  }

  get inlined(): boolean {
    return this.level.function.tag === DW_TAG_inlined_subroutine;
  }

  get source(): SourceLine | undefined {
    if (this.inner) return this.callLine(this.inner);
    const { unit } = this.subprogram;
    return unit.image.linesOf(unit)?.at(this.pc);
  }

  private callLine(call: Die): SourceLine | undefined {
    const line = call.number(DW_AT_call_line);
    if (!line) return undefined;
    const lines = call.unit.image.linesOf(call.unit);
    return lines?.sourceLine(call.number(DW_AT_call_file) ?? -1, line, call.number(DW_AT_call_column) ?? 0);
  }

  get entry(): bigint {
    const die = this.level.function;
    const { addressing } = die.unit.section.encoding;
    const low = die.address(DW_AT_low_pc) ?? die.address(DW_AT_entry_pc);
    if (low !== undefined) return addressing.address(low);
    for (const { start } of dieRanges(die)) return addressing.address(start);
    return addressing.address(this.pc);
  }

  variables(): readonly VariableDeclaration[] {
    const { function: die, blocks } = this.level;
    return blockVariables([die, ...blocks].reverse(), this.subprogram, this.pc);
  }
}
