/** Facts about code of one image: functions, lines, inlined calls, unwind rows. */
import { Lru } from "../../base/lru.ts";
import type { ElfFile } from "../../elf/elf.ts";
import type { ElfSymbols } from "../symbols/elfSymbols.ts";
import { type Placement, type TextRange, sectionAddress, textRanges } from "../../elf/placement.ts";
import { relocated } from "../../elf/relocation.ts";
import type { CallSite, CfiRow, CodeScope, CodeSource, SourceLine, Statement } from "../source.ts";
import type { Die } from "./die.ts";
import { callSiteOf } from "./callSites.ts";
import { FrameTables, type FrameSection } from "./frames/cfi.ts";
import { FunctionTable } from "./functions.ts";
import type { Image } from "./image.ts";
import type { KnownFunctions } from "./knownFunctions.ts";
import { scopesOf } from "./scopes.ts";
import { Section } from "./section.ts";
import type { Unit } from "./unit.ts";
import { UnitIndex } from "./unitIndex.ts";

/** Number of units whose tables of functions are cached. */
const FUNCTION_TABLES_KEPT = 256;

/** Looks up code by link address. */
export class DwarfCode implements CodeSource {
  readonly name: string;
  private readonly image: Image;
  private readonly text: readonly TextRange[];
  private readonly units: UnitIndex;
  private readonly functions = new Lru<Unit, FunctionTable>(FUNCTION_TABLES_KEPT);
  private readonly frames: FrameTables;
  private readonly symbols: () => ElfSymbols;
  private readonly known: KnownFunctions | undefined;

  /** @param known functions found in earlier sessions; undefined if none are stored */
  constructor(
    image: Image,
    elf: ElfFile,
    placement: Placement | undefined,
    symbols: () => ElfSymbols,
    known?: KnownFunctions,
  ) {
    this.name = elf.file.name;
    this.image = image;
    this.text = textRanges(elf, placement);
    this.units = new UnitIndex(image);
    this.frames = new FrameTables(frameSections(elf, image, placement));
    this.symbols = symbols;
    this.known = known;
  }

  private isText(pc: bigint): boolean {
    return this.text.some(({ start, end }) => pc >= start && pc < end);
  }

  private unitAt(pc: bigint): Unit | undefined {
    if (!this.isText(pc)) return undefined;
    return this.units.at(this.image.encoding.addressing.distance(pc));
  }

  scopes(pc: bigint): readonly CodeScope[] {
    const subprogram = this.functionAt(pc);
    if (subprogram) return scopesOf(subprogram, this.image.encoding.addressing.distance(pc));
    // Assembly code has lines but no DIE of a function: the ELF symbol is taken, if its author declared one.
    const symbol = this.unitAt(pc) && this.symbols().covering(pc);
    if (!symbol) return [];
    return [
      {
        function: symbol.name,
        inlined: false,
        source: this.lines(pc),
        entry: symbol.address,
        variables: () => [],
      },
    ];
  }

  /** Returns the DIE of the function whose code contains `pc`; undefined if none does. @throws Fault */
  functionAt(pc: bigint): Die | undefined {
    if (!this.isText(pc)) return undefined;
    const distance = this.image.encoding.addressing.distance(pc);
    const known = this.known?.at(distance);
    if (known) return known;
    const unit = this.units.at(distance);
    const found = unit && this.functionsOf(unit).at(distance);
    if (found) this.known?.add(found, distance);
    return found;
  }

  callSite(returnPc: bigint): CallSite | undefined {
    const caller = this.functionAt(returnPc - 1n);
    return caller && callSiteOf(caller, this.image.encoding.addressing.distance(returnPc));
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

  lineRange(pc: bigint): { start: bigint; end: bigint } | undefined {
    const { addressing } = this.image.encoding;
    const unit = this.unitAt(pc);
    const range = unit && this.image.linesOf(unit)?.range(addressing.distance(pc));
    return range && { start: addressing.address(range.start), end: addressing.address(range.end) };
  }

  statement(pc: bigint): Statement | undefined {
    const { addressing } = this.image.encoding;
    const unit = this.unitAt(pc);
    const found = unit && this.image.linesOf(unit)?.statement(addressing.distance(pc));
    return found && { ...found, start: addressing.address(found.start), end: addressing.address(found.end) };
  }

  cfi(pc: bigint): CfiRow | undefined {
    if (!this.isText(pc)) return undefined;
    return this.frames.row(this.image.encoding.addressing.distance(pc));
  }
}

function frameSections(elf: ElfFile, image: Image, placement: Placement | undefined): FrameSection[] {
  const { encoding } = image;
  const unplaced: FrameSection = { section: image.frame, eh: false, start: 0 };
  const section = elf.section(".eh_frame");
  if (!section) return [unplaced];
  const start = sectionAddress(elf, section, placement);
  const contents = new Section(".eh_frame", encoding, relocated(elf, section, placement));
  // Addresses of a relocatable file that was not loaded are relative to its section.
  return [unplaced, { section: contents, eh: true, start: encoding.addressing.distance(start ?? 0n) }];
}
