import { Lru } from "../../base/lru.ts";
import type { ElfFile } from "../elf.ts";
import { type ElfSymbols, elfSymbols } from "../elfSymbols.ts";
import { type Placement, type TextRange, textRanges } from "../placement.ts";
import type { CfiRow, CodeScope, CodeSource, SourceLine } from "../source.ts";
import { FunctionTable } from "./functions.ts";
import type { Image } from "./image.ts";
import { scopesOf } from "./scopes.ts";
import type { Unit } from "./unit.ts";
import { UnitIndex } from "./unitIndex.ts";

const FUNCTION_TABLES_KEPT = 256;

/** Functions, inlined calls, lines and unwind rows, by link address. */
export class DwarfCode implements CodeSource {
  readonly name: string;
  private readonly image: Image;
  private readonly text: readonly TextRange[];
  private readonly units: UnitIndex;
  private readonly functions = new Lru<Unit, FunctionTable>(FUNCTION_TABLES_KEPT);
  private readonly symbols: () => ElfSymbols;

  constructor(image: Image, elf: ElfFile, placement: Placement | undefined, symbols: ElfSymbols | undefined) {
    this.name = elf.file.name;
    this.image = image;
    this.text = textRanges(elf, placement);
    this.units = new UnitIndex(image);
    let known = symbols;
    this.symbols = () => (known ??= elfSymbols(elf, placement));
  }

  private unitAt(pc: bigint): Unit | undefined {
    if (!this.text.some(({ start, end }) => pc >= start && pc < end)) return undefined;
    return this.units.at(this.image.encoding.addressing.distance(pc));
  }

  scopes(pc: bigint): readonly CodeScope[] {
    const unit = this.unitAt(pc);
    if (!unit) return [];
    const distance = this.image.encoding.addressing.distance(pc);
    const subprogram = this.functionsOf(unit).at(distance);
    if (subprogram) return scopesOf(subprogram, distance);
    // Assembly has lines, but a function only where the author marked one.
    const symbol = this.symbols().covering(pc);
    return symbol ? [{ function: symbol.name, inlined: false, source: this.lines(pc), entry: symbol.address, variables: () => [] }] : []; // prettier-ignore
  }

  private functionsOf(unit: Unit): FunctionTable {
    let table = this.functions.get(unit);
    if (!table) this.functions.set(unit, (table = new FunctionTable(unit)));
    return table;
  }

  lines(pc: bigint): SourceLine | undefined {
    const unit = this.unitAt(pc);
    return unit && this.image.linesOf(unit)?.at(this.image.encoding.addressing.distance(pc));
  }

  cfi(pc: bigint): CfiRow | undefined {
    void pc;
    return undefined;
  }
}
