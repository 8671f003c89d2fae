import { isUnreadable } from "./openError.ts";
import { type Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { openFile } from "../../base/file.ts";
import { hex0x } from "../../base/hex.ts";
import { openDwarf } from "../../debuginfo/dwarf/dwarf.ts";
import type { Arch } from "../../arch/arch.ts";
import { architectures } from "../../arch/architectures.ts";
import { type ElfFile, ET_REL, openElf, SHF_ALLOC } from "../../elf/elf.ts";
import { elfSymbols } from "../../debuginfo/symbols/elfSymbols.ts";
import type { CodeSource, KSymbol, SymbolSource } from "../../debuginfo/source.ts";
import {
  readSymbolText,
  symbolMeant,
  type SymbolText,
  symbolPlace,
  symbolText,
} from "../../debuginfo/symbols/symbolText.ts";
import { openSystemMap } from "../../debuginfo/symbols/systemMap.ts";
import type { BasedAddress } from "../../log/context.ts";
import type { Landmarks } from "../../log/landmarks.ts";
import { openPacked } from "../../archive/packedFile.ts";
import type { SourceFiles } from "../sources/source.ts";
import { memberText } from "./memberText.ts";
import { openVmlinux } from "./vmlinux.ts";

const archOf = ({ machine }: ElfFile): Arch | undefined => architectures.find(({ elf }) => elf.machine === machine);

/** A place of a log: `f+0x1/0x2 [module]` or an address. */
interface Place {
  readonly text: string;
  readonly returns: boolean;
  /** An access of its instruction, of which the member is asked for. */
  readonly access?: BasedAddress;
}

/** Where code was written; the path is absent where the file is not on this machine. */
interface SourcePlace {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly path: string | undefined;
}

/** What a place of a log stands for; its address is known only where the log tells where the kernel lay. */
export interface Told {
  readonly address: string | undefined;
  readonly symbol: string | undefined;
  readonly code: boolean;
  readonly what: string | undefined;
  readonly places: readonly SourcePlace[];
  /** The member that the place's access reaches, in words. */
  readonly member?: string | undefined;
}

/** Symbols and, with DWARF, lines of one image, at link addresses. */
interface Image {
  readonly symbols: SymbolSource;
  readonly code: CodeSource | undefined;
  /** Undefined where nothing tells, or it is none of ours. */
  readonly arch: Arch | undefined;
}

/** How a place is asked for. */
interface Asked {
  readonly bias: bigint | undefined;
  readonly returns: boolean;
  readonly access: BasedAddress | undefined;
}

/** A kernel as its files tell it, without any memory: a vmlinux, or a System.map. */
export class StaticKernel {
  /** The file's path. */
  readonly name: string;
  /** Of its `linux_banner`; undefined for a System.map. */
  readonly release: string | undefined;
  /** Link address of `_text`. */
  readonly text: bigint | undefined;
  private readonly image: Image;
  private readonly end: bigint | undefined;
  private readonly sources: SourceFiles;
  private readonly budget: Budget;
  private readonly modulePaths: (name: string) => readonly string[];
  private readonly modules = new Map<string, Image | undefined>();

  private constructor(name: string, image: Image, release: string | undefined, files: KernelSurroundings) {
    this.name = name;
    this.image = image;
    this.release = release;
    this.text = image.symbols.named("_text")[0]?.address ?? image.symbols.named("_stext")[0]?.address;
    this.end = image.symbols.named("_end")[0]?.address;
    this.sources = files.sources;
    this.modulePaths = files.modulePaths;
    this.budget = files.budget;
  }

  /** @throws OpenError, Fault for a file that is none */
  static ofVmlinux(path: string, files: KernelSurroundings): StaticKernel {
    const vmlinux = openVmlinux(path);
    const banner = vmlinux.symbols.named("linux_banner")[0];
    const bytes = banner && vmlinux.constant(banner.address, MAX_BANNER);
    const release = /^Linux version (\S+)/.exec(Buffer.from(bytes ?? []).toString("latin1"))?.[1];
    return new StaticKernel(
      path,
      { symbols: vmlinux.symbols, code: vmlinux.dwarf()?.code, arch: archOf(vmlinux.elf) },
      release,
      files,
    );
  }

  /** @throws Fault for a file that is none; NodeJS.ErrnoException as `openFile` */
  static ofSystemMap(path: string, files: KernelSurroundings): StaticKernel {
    const file = openFile(path);
    try {
      return new StaticKernel(
        path,
        { symbols: openSystemMap(file), code: undefined, arch: undefined },
        undefined,
        files,
      );
    } finally {
      file.close();
    }
  }

  /**
   * What a place stands for; null for what is not in these files.
   * @param bias how far the kernel was moved from its link address; undefined when nothing tells
   */
  describe({ text, returns, access }: Place, bias: bigint | undefined): Told | null {
    const told = attempt(() => {
      if (/^0x[0-9a-f]{1,16}$/.test(text)) return bias === undefined ? null : this.address(BigInt(text), bias, returns);
      const place = readSymbolText(text);
      return place ? this.symbol(place, { bias, returns, access }) : null;
    });
    return told instanceof Fault ? null : told;
  }

  /** How far the kernel of a log was moved: as it printed when it died, or as an address with its name tells; undefined when nothing does. */
  biasOf({ kaslr, anchor }: Landmarks): bigint | undefined {
    if (kaslr) return kaslr.offset;
    const linked = anchor && this.describe({ text: symbolText(anchor.word), returns: false }, 0n)?.address;
    return linked === undefined || linked === hex0x(0) ? undefined : anchor && anchor.address - BigInt(linked);
  }

  /** Symbols whose names contain a text, those that begin with it first. */
  find(contains: string, limit: number): readonly KSymbol[] {
    const [beginning, within]: [KSymbol[], KSymbol[]] = [[], []];
    const wanted = contains.toLowerCase();
    for (const symbol of this.image.symbols.all()) {
      const at = symbol.name.toLowerCase().indexOf(wanted);
      if (at < 0) continue;
      const list = at === 0 ? beginning : within;
      if (list.length < limit) list.push(symbol);
    }
    beginning.sort((a, b) => a.name.length - b.name.length);
    return [...beginning, ...within].slice(0, limit);
  }

  /** Where a symbol of `find` was written. */
  places({ address }: KSymbol): readonly SourcePlace[] {
    const places = attempt(() => this.lines(this.image, address));
    return places instanceof Fault ? [] : places;
  }

  private address(address: bigint, bias: bigint, returns: boolean): Told | null {
    const linked = BigInt.asUintN(64, address - bias);
    const { text, end } = this;
    // A vmlinux says nothing of the direct map, of stacks and modules; per-CPU symbols are no addresses of a log.
    if (text === undefined || end === undefined || linked < text || linked >= end) return null;
    const symbol = this.image.symbols.at(returns ? linked - 1n : linked);
    return symbol ? this.told(this.image, symbol, linked, hex0x(address), returns) : null;
  }

  private symbol(place: SymbolText, { bias, returns, access }: Asked): Told | null {
    const image = place.module === undefined ? this.image : this.module(place.module);
    const symbol = image && symbolMeant(image.symbols.named(place.name), place);
    if (!image || !symbol) return null;
    const linked = symbol.address + BigInt(place.offset);
    const runs =
      place.module === undefined && bias !== undefined ? hex0x(BigInt.asUintN(64, linked + bias)) : undefined;
    const told = this.told(image, symbol, linked, runs, returns);
    return access ? { ...told, member: this.member(image, linked, access) } : told;
  }

  private member({ code, arch }: Image, linked: bigint, access: BasedAddress): string | undefined {
    const member = attempt(() => code && arch && memberText(code.scopes(linked), arch, access));
    return member instanceof Fault ? undefined : member;
  }

  private told(image: Image, symbol: KSymbol, linked: bigint, address: string | undefined, returns: boolean): Told {
    const code = /^[tTwW]$/.test(symbol.type);
    return {
      address,
      symbol: symbolPlace(symbol, linked, 16),
      code,
      what: undefined,
      places: code ? this.lines(image, returns ? linked - 1n : linked) : [],
    };
  }

  private lines({ code }: Image, linked: bigint): SourcePlace[] {
    return (code?.scopes(linked) ?? []).flatMap(({ function: name, source }) =>
      source ? [{ function: name, file: source.file, line: source.line, path: this.sources.find(source.file) }] : [],
    );
  }

  private module(name: string): Image | undefined {
    if (!this.modules.has(name)) this.modules.set(name, moduleOf(this.modulePaths(name), this.budget));
    return this.modules.get(name);
  }
}

/** What lies about a kernel's own file. */
export interface KernelSurroundings {
  readonly sources: SourceFiles;
  /** Files of a module, the best first. */
  readonly modulePaths: (name: string) => readonly string[];
  /** For packed modules. */
  readonly budget: Budget;
}

/** init/version.c: the release stands first, then who built it, with what, and when. */
const MAX_BANNER = 96;

/** The first of the files that has symbols, with its sections laid out one behind the other: nobody knows where they were. */
function moduleOf(paths: readonly string[], budget: Budget): Image | undefined {
  for (const path of paths) {
    try {
      const elf = openElf(openPacked(path, budget));
      if (elf.type === ET_REL) return placed(elf);
      elf.file.close();
    } catch (error) {
      // Not there any more, not ours to read, or no module: another file may be.
      if (!isUnreadable(error)) throw error;
    }
  }
  return undefined;
}

/** @throws Fault */
function placed(elf: ElfFile): Image {
  const places = layOut(elf);
  const placement = (section: string): bigint | undefined => places.get(section);
  const dwarf = elf.section(".debug_info") ? openDwarf(elf, { placement }) : undefined;
  return { symbols: elfSymbols(elf, placement), code: dwarf?.code, arch: archOf(elf) };
}

/** Any page that nothing else of this module lies on. */
const MODULE_START = 0x10000000n;
const PAGE = 4096n;

function layOut(elf: ElfFile): Map<string, bigint> {
  const places = new Map<string, bigint>();
  let next = MODULE_START;
  for (const { name, flags, size } of elf.sections) {
    if (!(flags & SHF_ALLOC) || places.has(name)) continue;
    places.set(name, next);
    next += ((BigInt(size) + PAGE) / PAGE) * PAGE;
  }
  return places;
}
