/** The code of the kernel and its modules: functions, lines, locals and unwinding tables by runtime address. */
import { AddressCache } from "../../base/addressCache.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import type { CallSite, CfiRow, CodeSource, OrcEntry, OrcSource, Statement } from "../../debuginfo/source.ts";
import type { Code, CodePlace } from "../../model/kernel.ts";

/** The debuginfo for the code of one image: the kernel or one module. */
export interface CodeImage {
  readonly module: string | undefined;
  /** Runtime ranges of text, end exclusive. */
  readonly text: readonly { readonly start: bigint; readonly end: bigint }[];
  /** Opens the code source at the first call, because most images are never used. */
  readonly code: () => CodeSource | undefined;
  /** Runtime address minus the code source's address. */
  readonly bias: bigint;
  readonly orc: () => OrcSource | undefined;
}

/** Looks up lines, inlined functions, locals and unwind rows in the kernel and its modules. */
export class CodeIndex implements Code {
  private readonly kernelImage: CodeImage;
  private readonly modules: () => readonly CodeImage[];
  private readonly isGenerated: (pc: bigint) => boolean;
  private readonly symbolAt: (pc: bigint) => string | undefined;
  private readonly places = new Map<bigint, readonly CodePlace[]>();
  /** ORC entries that were found. Stacks need the same few again and again. */
  private readonly orcEntries = new AddressCache<OrcEntry>();

  /**
   * @param isGenerated whether the kernel generated the code at an address; called if no image contains it
   * @param symbolAt name of the symbol at an address, for functions without a name in the debuginfo
   */
  constructor(
    kernelImage: CodeImage,
    modules: () => readonly CodeImage[],
    isGenerated: (pc: bigint) => boolean = () => false,
    symbolAt: (pc: bigint) => string | undefined = () => undefined,
  ) {
    this.kernelImage = kernelImage;
    this.modules = modules;
    this.isGenerated = isGenerated;
    this.symbolAt = symbolAt;
  }

  /** Clears what is cached; call it after debuginfo was loaded or unloaded. */
  forget(): void {
    this.places.clear();
    this.orcEntries.clear();
  }

  scopes(pc: bigint): readonly CodePlace[] {
    let known = this.places.get(pc);
    if (!known) this.places.set(pc, (known = this.compute(pc)));
    return known;
  }

  private compute(pc: bigint): readonly CodePlace[] {
    const image = this.image(pc);
    const code = image?.code();
    if (!image || !code) return [];
    const { module, bias } = image;
    const { symbolAt } = this;
    // Treat debuginfo that is damaged, or that dwz moved to a missing file, as absent: stacks then continue with
    // symbols.
    const scopes = attempt(() => code.scopes(pc - bias));
    if (scopes instanceof Fault) return [];
    return scopes.map((scope) => {
      // Computed when first read, because a name or a line may need a line table or an abstract origin.
      const name = once(() => attempt(() => scope.function));
      const source = once(() => attempt(() => scope.source));
      return {
        get function() {
          const known = name();
          if (!(known instanceof Fault)) return known;
          return (scope.inlined ? undefined : symbolAt(pc)) ?? "<unnamed>";
        },
        get source() {
          const known = source();
          return known instanceof Fault ? undefined : known;
        },
        inlined: scope.inlined,
        entry: scope.entry + bias,
        module,
        variables: () => scope.variables(),
      };
    });
  }

  lineRange(pc: bigint): { start: bigint; end: bigint } | undefined {
    const image = this.image(pc);
    const range = image?.code()?.lineRange?.(pc - image.bias);
    return range && image && { start: range.start + image.bias, end: range.end + image.bias };
  }

  statement(pc: bigint): Statement | undefined {
    const image = this.image(pc);
    const found = attempt(() => image?.code()?.statement?.(pc - image.bias));
    if (!found || found instanceof Fault || !image) return undefined;
    return { ...found, start: found.start + image.bias, end: found.end + image.bias };
  }

  cfi(pc: bigint): CfiRow | undefined {
    const image = this.image(pc);
    return image?.code()?.cfi(pc - image.bias);
  }

  orc(pc: bigint): OrcEntry | undefined {
    const known = this.orcEntries.get(pc);
    if (known) return known;
    const entry = this.image(pc)?.orc()?.find(pc);
    if (entry) this.orcEntries.set(pc, entry);
    return entry;
  }

  callSite(returnPc: bigint): CallSite | undefined {
    const image = this.image(returnPc - 1n);
    return image?.code()?.callSite?.(returnPc - image.bias);
  }

  isText(pc: bigint): boolean {
    return this.image(pc) !== undefined || this.isGenerated(pc);
  }

  bias(pc: bigint): bigint {
    return this.image(pc)?.bias ?? 0n;
  }

  private image(pc: bigint): CodeImage | undefined {
    if (holds(this.kernelImage, pc)) return this.kernelImage;
    return this.modules().find((image) => holds(image, pc));
  }
}

const holds = (image: CodeImage, pc: bigint): boolean => image.text.some(({ start, end }) => pc >= start && pc < end);
