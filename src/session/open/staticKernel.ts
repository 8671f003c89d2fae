/** A kernel known from its files alone: resolves the places in its logs. */
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
  closestSymbol,
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

/** A place in a log: `f+0x1/0x2 [module]` or an address. */
interface PlaceQuery {
  readonly text: string;
  /** Whether the place is a return address, which belongs to the instruction before it. */
  readonly returns: boolean;
  /** An access of the instruction at the place, whose member is requested. */
  readonly access?: BasedAddress;
}

/** A source line; the path is absent if the file is not on this machine. */
interface SourcePlace {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly path: string | undefined;
}

/** The description of a place in a log. The address is known only if the log shows where the kernel was loaded. */
export interface PlaceDescription {
  readonly address: string | undefined;
  readonly symbol: string | undefined;
  readonly code: boolean;
  readonly what: string | undefined;
  readonly places: readonly SourcePlace[];
  /** The member that the access reaches, in words. */
  readonly member?: string | undefined;
}

/** Symbols and, with DWARF, lines of one image, at link addresses. */
interface Image {
  readonly symbols: SymbolSource;
  readonly code: CodeSource | undefined;
  /** Undefined if unknown or not supported. */
  readonly arch: Arch | undefined;
}

/** The parameters of a request about a place. */
interface PlaceRequest {
  readonly bias: bigint | undefined;
  readonly returns: boolean;
  readonly access: BasedAddress | undefined;
}

/** A kernel known from a vmlinux or a System.map, without memory. */
export class StaticKernel {
  /** The file's path. */
  readonly name: string;
  /** The release in its `linux_banner`; undefined for a System.map. */
  readonly release: string | undefined;
  /** Link address of `_text`, or of `_stext` without it; undefined if the file has neither. */
  readonly text: bigint | undefined;
  private readonly image: Image;
  /** Link address of `_end`. */
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

  /** Opens a vmlinux. @throws OpenError, Fault if the file is not a vmlinux */
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

  /** Opens a System.map. @throws Fault if the file is not a System.map; NodeJS.ErrnoException as `openFile` */
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
   * Describes a place; null if it is not in these files.
   * @param bias runtime address minus link address of the kernel; undefined if unknown
   */
  describe({ text, returns, access }: PlaceQuery, bias: bigint | undefined): PlaceDescription | null {
    const description = attempt(() => {
      if (/^0x[0-9a-f]{1,16}$/.test(text))
        return bias === undefined ? null : this.describeAddress(BigInt(text), bias, returns);
      const place = readSymbolText(text);
      return place ? this.describeSymbol(place, { bias, returns, access }) : null;
    });
    return description instanceof Fault ? null : description;
  }

  /**
   * Returns the runtime address minus the link address of the kernel that wrote a log: as printed at the panic, or from
   * an address next to its name. Undefined if the log has neither.
   */
  biasOf({ kaslr, anchor }: Landmarks): bigint | undefined {
    if (kaslr) return kaslr.offset;
    const linked = anchor && this.describe({ text: symbolText(anchor.word), returns: false }, 0n)?.address;
    return linked === undefined || linked === hex0x(0) ? undefined : anchor && anchor.address - BigInt(linked);
  }

  /** Finds symbols whose names contain a text; those that begin with it come first. */
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

  /** Returns the source lines of a symbol from `find`. */
  places({ address }: KSymbol): readonly SourcePlace[] {
    const places = attempt(() => this.lines(this.image, address));
    return places instanceof Fault ? [] : places;
  }

  private describeAddress(address: bigint, bias: bigint, returns: boolean): PlaceDescription | null {
    const linked = BigInt.asUintN(64, address - bias);
    const { text, end } = this;
    // A vmlinux does not describe the direct map, stacks and modules; per-CPU symbols are not addresses in a log.
    if (text === undefined || end === undefined || linked < text || linked >= end) return null;
    const symbol = this.image.symbols.at(returns ? linked - 1n : linked);
    return symbol ? this.description(this.image, symbol, linked, hex0x(address), returns) : null;
  }

  private describeSymbol(place: SymbolText, { bias, returns, access }: PlaceRequest): PlaceDescription | null {
    const image = place.module === undefined ? this.image : this.module(place.module);
    const symbol = image && closestSymbol(image.symbols.named(place.name), place);
    if (!image || !symbol) return null;
    const linked = symbol.address + BigInt(place.offset);
    const runtimeAddress =
      place.module === undefined && bias !== undefined ? hex0x(BigInt.asUintN(64, linked + bias)) : undefined;
    const description = this.description(image, symbol, linked, runtimeAddress, returns);
    return access ? { ...description, member: this.memberWords(image, linked, access) } : description;
  }

  private memberWords({ code, arch }: Image, linked: bigint, access: BasedAddress): string | undefined {
    const member = attempt(() => code && arch && memberText(code.scopes(linked), arch, access));
    return member instanceof Fault ? undefined : member;
  }

  private description(
    image: Image,
    symbol: KSymbol,
    linked: bigint,
    address: string | undefined,
    returns: boolean,
  ): PlaceDescription {
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

/** The files and limits that belong to a kernel. */
export interface KernelSurroundings {
  readonly sources: SourceFiles;
  /** Returns the files of a module, the best first. */
  readonly modulePaths: (name: string) => readonly string[];
  /** Limits the unpacking of packed modules. */
  readonly budget: Budget;
}

/**
 * Maximum size of a banner in bytes. It begins with the release, followed by builder, compiler and time
 * (init/version.c).
 */
const MAX_BANNER = 96;

/**
 * Opens the first of the files that is a module; undefined if none is. Its sections are laid out one after the other,
 * because their real addresses are unknown.
 */
function moduleOf(paths: readonly string[], budget: Budget): Image | undefined {
  for (const path of paths) {
    try {
      const elf = openElf(openPacked(path, budget));
      if (elf.type === ET_REL) return placed(elf);
      elf.file.close();
    } catch (error) {
      // Try the next file: this one was removed, is not readable or is not a module.
      if (!isUnreadable(error)) throw error;
    }
  }
  return undefined;
}

/** Opens the symbols and lines of a module whose sections are laid out one after the other. @throws Fault */
function placed(elf: ElfFile): Image {
  const places = layOut(elf);
  const placement = (section: string): bigint | undefined => places.get(section);
  const dwarf = elf.section(".debug_info") ? openDwarf(elf, { placement }) : undefined;
  return { symbols: elfSymbols(elf, placement), code: dwarf?.code, arch: archOf(elf) };
}

/** The address of the first section; any address that no symbol of the module has. */
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
