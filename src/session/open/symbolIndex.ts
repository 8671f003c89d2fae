/** The symbols of the kernel and its modules by name and by runtime address. */
import { AddressCache } from "../../base/addressCache.ts";
import type { KSymbol, SymbolSource } from "../../debuginfo/source.ts";
import type { Symbols } from "../../model/kernel.ts";

/** Symbols of one image at runtime addresses, and the address ranges of the image. */
export interface SymbolImage {
  readonly source: SymbolSource;
  /** Runtime address minus the source's address. */
  readonly bias: bigint;
  /**
   * Symbols below this address are not relocated: per-CPU ones, on kernels that link their per-CPU area at zero. 0 for no
   * such symbols. Absolute symbols (type A) are never relocated.
   */
  readonly floor?: bigint;
  /** Runtime ranges, end exclusive. Addresses outside are not looked up in this image. */
  readonly ranges: readonly { readonly start: bigint; readonly end: bigint }[];
  readonly module: string | undefined;
}

/**
 * Looks up symbols in the kernel and its modules. Images may be added later, because modules are read when first
 * needed.
 */
export class SymbolIndex implements Symbols {
  private readonly kernelImages: SymbolImage[];
  private readonly others: () => Iterable<SymbolImage>;
  /** Symbols of the kernel's own images, which do not change. Stacks look up the same few addresses again and again. */
  private readonly kernelSymbols = new AddressCache<KSymbol>();
  readonly gap: string | undefined;

  /** @param others modules and generated code. `find` and `at` use them only if the kernel has no such symbol */
  constructor(kernel: readonly SymbolImage[], others: () => Iterable<SymbolImage>, gap?: string) {
    this.gap = gap;
    this.kernelImages = [...kernel];
    this.others = others;
  }

  get sources(): readonly string[] {
    return this.kernelImages.map((image) => image.source.name);
  }

  find(name: string): KSymbol | undefined {
    for (const image of this.images()) {
      const symbol = image.source.named(name)[0];
      if (symbol) return placed(symbol, image);
    }
    return undefined;
  }

  named(name: string): readonly KSymbol[] {
    const symbols: KSymbol[] = [];
    for (const image of this.images())
      for (const symbol of image.source.named(name)) symbols.push(placed(symbol, image));
    return symbols;
  }

  at(address: bigint): KSymbol | undefined {
    const known = this.kernelSymbols.get(address);
    if (known) return known;
    const symbol = symbolIn(this.kernelImages, address);
    if (!symbol) return symbolIn(this.others(), address);
    this.kernelSymbols.set(address, symbol);
    return symbol;
  }

  *all(): Iterable<KSymbol> {
    for (const image of this.images()) for (const symbol of image.source.all()) yield placed(symbol, image);
  }

  private *images(): Generator<SymbolImage> {
    yield* this.kernelImages;
    yield* this.others();
  }
}

/** Returns the symbol at an address in the first image that has one; undefined if none has. */
function symbolIn(images: Iterable<SymbolImage>, address: bigint): KSymbol | undefined {
  for (const image of images) {
    if (!image.ranges.some(({ start, end }) => address >= start && address < end)) continue;
    const symbol = image.source.at(address - image.bias);
    if (symbol) return placed(symbol, image);
  }
  return undefined;
}

function placed(symbol: KSymbol, { bias, floor = 0n, module }: SymbolImage): KSymbol {
  if (bias === 0n && symbol.module === module) return symbol;
  const isFixed = symbol.type === "A" || symbol.address < floor;
  const address = isFixed ? symbol.address : BigInt.asUintN(64, symbol.address + bias);
  return module === undefined ? { ...symbol, address } : { ...symbol, address, module };
}
