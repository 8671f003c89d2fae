/** Types by name from DWARF. */
import { type CType, type TypeKind, bare } from "../ctype.ts";
import type { SourceLine, SymbolSource, TypeSource } from "../source.ts";
import { DW_AT_declaration } from "./constants.ts";
import type { Die } from "./die.ts";
import type { Image } from "./image.ts";
import { type NamedKind, Names } from "./names.ts";
import { readType, typeOfDie } from "./types.ts";
import { declaredAt } from "./variables.ts";

/**
 * Looks up types by name in .debug_info. The cost is that of `Names`. BTF is preferred, because it needs no scan; DWARF
 * provides what BTF lacks.
 */
export class DwarfTypes implements TypeSource {
  readonly name = "DWARF";
  /** Names of .debug_info and .debug_types, then of the file to which `dwz` moved common parts. */
  private readonly byName: readonly Names[];
  /** Names of .debug_info, which has nearly all names. */
  private readonly main: Names;
  private readonly functionAt: (address: bigint) => Die | undefined;
  private readonly symbols: () => SymbolSource;

  /** @param functionAt returns the function at a link address @param saved names from `saveNames` */
  constructor(
    image: Image,
    functionAt: (address: bigint) => Die | undefined,
    symbols: () => SymbolSource,
    saved?: () => Uint8Array | undefined,
  ) {
    this.main = new Names(image, image.info, saved);
    this.byName = [this.main, new Names(image, image.types), ...(image.alternate ? [new Names(image.alternate)] : [])];
    this.functionAt = functionAt;
    this.symbols = symbols;
  }

  saveNames(): Uint8Array<ArrayBuffer> | undefined {
    return this.main.save();
  }

  private die(kind: NamedKind, name: string, enough?: (declaration: Die) => boolean): Die | undefined {
    let declared: Die | undefined;
    for (const names of this.byName) {
      const die = names.find(kind, name, enough);
      if (die && (!die.flag(DW_AT_declaration) || enough?.(die))) return die;
      declared ??= die;
    }
    return declared;
  }

  /**
   * Returns the type of that name; undefined if there is none. @throws Fault for damaged units, as do the other methods
   */
  find(kind: TypeKind, name: string): CType | undefined {
    const die = this.die(kind, name);
    return die && readType(die);
  }

  variable(name: string): CType | undefined {
    if (this.isCode(name)) return undefined;
    const die = this.die("variable", name, (declaration) => isComplete(typeOfDie(declaration)));
    return die && typeOfDie(die);
  }

  declaredAt(name: string, kind: NamedKind = "variable"): SourceLine | undefined {
    if (kind === "variable" && this.isCode(name)) return undefined;
    const die = kind === "function" ? this.functionNamed(name) : this.die(kind, name);
    return die && declaredAt(die);
  }

  /**
   * Whether all symbols with that name are code. Then no variable has it, which otherwise only a scan of all units
   * could show.
   */
  private isCode(name: string): boolean {
    const symbols = this.symbols().named(name);
    return symbols.length > 0 && symbols.every(({ type }) => /^[tw]$/i.test(type));
  }

  /** Returns the type of a function; undefined if it has no DIE. */
  function(name: string): CType | undefined {
    const die = this.functionNamed(name) ?? this.die("function", name, () => true);
    return die && readType(die);
  }

  /**
   * Returns the DIE of a function with a symbol; undefined if there is none. The address of the symbol identifies its
   * unit without a scan of the others.
   */
  private functionNamed(name: string): Die | undefined {
    for (const symbol of this.symbols().named(name)) {
      const die = this.functionAt(symbol.address);
      if (die) return die;
    }
    return undefined;
  }

  *names(): Generator<{ readonly kind: TypeKind; readonly name: string }> {
    for (const names of this.byName) yield* names.types();
  }
}

/** Whether a type is complete: `extern int a[];` lacks the number of elements, which the definition has. */
function isComplete(type: CType): boolean {
  const at = bare(type);
  return !(at.kind === "array" && at.count === undefined);
}
