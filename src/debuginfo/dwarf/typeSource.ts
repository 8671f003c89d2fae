import { type CType, type TypeKind, bare } from "../ctype.ts";
import type { SourceLine, SymbolSource, TypeSource } from "../source.ts";
import { DW_AT_declaration } from "./constants.ts";
import type { Die } from "./die.ts";
import type { Image } from "./image.ts";
import { type NamedKind, Names } from "./names.ts";
import { readType, typeOfDie } from "./types.ts";
import { declaredAt } from "./variables.ts";

/**
 * Types by name out of .debug_info. See `Names` for what a question costs: BTF answers the same at once, so DWARF is
 * asked where a kernel has no BTF, and for variables.
 */
export class DwarfTypes implements TypeSource {
  readonly name = "DWARF";
  /** Of .debug_info and .debug_types, then of the file that `dwz` moved common parts to. */
  private readonly byName: readonly Names[];
  /** Of .debug_info, which has nearly all. */
  private readonly main: Names;
  private readonly functionAt: (address: bigint) => Die | undefined;
  private readonly symbols: () => SymbolSource;

  /** @param functionAt the function whose code holds a link address @param saved names as `saveNames` gave them */
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

  /** @throws Fault where units are broken, as do all of these */
  find(kind: TypeKind, name: string): CType | undefined {
    const die = this.die(kind, name);
    return die && readType(die);
  }

  variable(name: string): CType | undefined {
    if (this.isCode(name)) return undefined;
    const die = this.die("variable", name, (declaration) => isComplete(typeOfDie(declaration)));
    return die && typeOfDie(die);
  }

  declaredAt(name: string): SourceLine | undefined {
    const die = this.isCode(name) ? undefined : this.die("variable", name);
    return die && declaredAt(die);
  }

  /** Whether all symbols of that name are code: no variable has it then, which the units tell only once all are passed. */
  private isCode(name: string): boolean {
    const symbols = this.symbols().named(name);
    return symbols.length > 0 && symbols.every(({ type }) => /^[tw]$/i.test(type));
  }

  /** A function's symbol leads to its unit without a passage through the others. */
  function(name: string): CType | undefined {
    for (const symbol of this.symbols().named(name)) {
      const die = this.functionAt(symbol.address);
      if (die) return readType(die);
    }
    const die = this.die("function", name, () => true);
    return die && readType(die);
  }

  *names(): Generator<{ readonly kind: TypeKind; readonly name: string }> {
    for (const names of this.byName) yield* names.types();
  }
}

/** `extern int a[];` tells too little: the definition has the number of elements. */
function isComplete(type: CType): boolean {
  const at = bare(type);
  return !(at.kind === "array" && at.count === undefined);
}
