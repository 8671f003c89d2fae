/** Assembles what is known of the kernel without its modules, from the vmlinux, a System.map and the dump. */
import { attempt, attempting, Fault } from "../../base/fault.ts";
import { type Job, toEnd } from "../../base/job.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { once } from "../../base/once.ts";
import { type Btf, openBtf } from "../../debuginfo/btf/btf.ts";
import { type ExportedData, findingExportedData } from "../../debuginfo/exportedData.ts";
import { readKallsyms } from "../../debuginfo/symbols/kallsyms.ts";
import { findingKallsyms } from "../../debuginfo/symbols/kallsymsSearch.ts";
import { openOrc, orcVersion, type OrcTable, type OrcVersion } from "../../debuginfo/orc.ts";
import type { KSymbol, OrcSource, SymbolSource, TypeSource } from "../../debuginfo/source.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import type { CodeImage } from "./codeIndex.ts";
import type { SymbolImage } from "./symbolIndex.ts";
import type { PlacedMap } from "./systemMapFile.ts";
import type { Vmlinux } from "./vmlinux.ts";

/**
 * The symbols, types and code of the kernel without its modules. The symbols are already read, and exported data if
 * there is no other source of types; everything else is read when first used.
 */
export interface KernelImage {
  readonly symbols: readonly SymbolImage[];
  readonly code: CodeImage;
  /** Types in the dump or the vmlinux; undefined if neither has readable BTF. */
  readonly btf: () => Btf | undefined;
  readonly orcVersion: () => OrcVersion | undefined;
  /** Why only exported data has names, and what to do; undefined if all data has names, or if there are no symbols. */
  readonly dataNamesGap: string | undefined;
  /** Runtime address minus vmlinux address. */
  readonly bias: bigint;
  /** What is missing and why, in sentences for the user. */
  readonly limitations: readonly string[];
}

/** Maximum size in bytes, larger than any kernel's BTF: Debian's has 4 MiB. */
const MAX_BTF = 256 << 20;

const ONLY_EXPORTED_DATA =
  "the dump names this kernel's functions, but only exported data (no CONFIG_KALLSYMS_ALL); give a vmlinux or a System.map";

const remedyFor = ({ kind }: Fault): string =>
  kind === "corrupt" || kind === "truncated"
    ? "the dump is damaged or was cut off: compare its size and checksum with the original's and copy it again, or give a vmlinux"
    : "give a vmlinux";

/**
 * Reads the kernel's symbols from the vmlinux or the dump, and prepares its types and code.
 * @param given a System.map, for names that neither a vmlinux nor the dump contains
 * @param search searches for a System.map; called if the dump contains no names, or names of functions only
 */
export function* readingKernelImage(
  memory: OpenedMemory,
  vmlinux: Vmlinux | undefined,
  bias: bigint,
  given?: PlacedMap,
  search: () => PlacedMap | undefined = () => undefined,
): Job<KernelImage, Piece> {
  const limitations: string[] = [];
  // Use the dump's own symbols if the vmlinux is stripped.
  const named = vmlinux?.elf.section(".symtab") ? vmlinux : undefined;
  const fromDump = named ? undefined : yield* attempting(readingDumpSymbols(memory));
  const isNamed = !fromDump || (!(fromDump instanceof Fault) && fromDump.named("init_task").length > 0);
  const map = given ?? (isNamed ? undefined : search());
  if (fromDump instanceof Fault && !map) limitations.push(`no symbols: ${fromDump.message}; ${remedyFor(fromDump)}`);
  const source = named?.symbols ?? (fromDump instanceof Fault ? undefined : fromDump);
  const { address, range } = locatorOf(source, named ? bias : 0n, map);
  const { btf, exported } = yield* preparingTypes(memory, vmlinux, { address, range }, !isNamed && !map);
  const table = once(() =>
    orcTable(range("__start_orc_unwind_ip", "__stop_orc_unwind_ip")[0], address("__start_orc_unwind")),
  );
  const version = once(() => versionOf(memory, table(), range("__start_orc_header", "__stop_orc_header")[0], btf()));
  const text = [...range("_stext", "_etext"), ...range("_sinittext", "_einittext")];
  const whole = [...range("_text", "_end"), ...range("_stext", "_end")].slice(0, 1);
  // Without CONFIG_KALLSYMS_ALL the dump names only functions, not the end of the image around them.
  const image = whole.length > 0 ? whole : text;
  return {
    symbols: [
      ...(source
        ? [
            {
              source,
              bias: named ? bias : 0n,
              floor: source.named("_text")[0]?.address ?? 0n,
              ranges: image,
              module: undefined,
            },
          ]
        : []),
      ...(map
        ? [{ ...map, floor: map.source.named("_text")[0]?.address ?? 0n, ranges: image, module: undefined }]
        : []),
      { source: noteSymbols(memory), bias: 0n, ranges: [], module: undefined },
      ...(isNamed || map ? [] : [{ source: exportedSymbols(exported), bias: 0n, ranges: [], module: undefined }]),
    ],
    code: {
      module: undefined,
      text,
      code: () => vmlinux?.dwarf()?.code,
      bias,
      orc: once(() => orcOf(memory, table(), version())),
    },
    btf,
    dataNamesGap: isNamed || map || fromDump instanceof Fault ? undefined : ONLY_EXPORTED_DATA,
    orcVersion: version,
    bias,
    limitations,
  };
}

interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Looks up runtime addresses of the kernel's symbols. */
interface Locator {
  readonly address: (name: string) => bigint | undefined;
  /** The range between two symbols, end exclusive; empty if one of them is unknown or they are not in order. */
  readonly range: (from: string, to: string) => AddressRange[];
}

/**
 * Returns a locator that looks up names in the source, then in the map.
 * @param bias runtime address minus address in `source`
 */
function locatorOf(source: SymbolSource | undefined, bias: bigint, map: PlacedMap | undefined): Locator {
  const address = (name: string): bigint | undefined => {
    const symbol = source?.named(name)[0];
    if (symbol) return BigInt.asUintN(64, symbol.address + bias);
    const mapped = map?.source.named(name)[0]?.address;
    return mapped === undefined || !map ? undefined : BigInt.asUintN(64, mapped + map.bias);
  };
  const range = (from: string, to: string): AddressRange[] => {
    const [start, end] = [address(from), address(to)];
    return start !== undefined && end !== undefined && end > start ? [{ start, end }] : [];
  };
  return { address, range };
}

interface KernelTypes {
  readonly btf: () => Btf | undefined;
  readonly exported: () => ExportedData | undefined;
}

/** Prepares the kernel's types. @param needsExports whether data has no other names than those of exports */
function* preparingTypes(
  memory: OpenedMemory,
  vmlinux: Vmlinux | undefined,
  { address, range }: Locator,
  needsExports: boolean,
): Job<KernelTypes, Piece> {
  const declared = (): TypeSource | undefined => vmlinux?.dwarf()?.types;
  // Search for exports only if data has no other names, because the search takes time.
  const searching = (): Job<ExportedData | undefined, Piece> =>
    searchingExports(memory, address("_etext"), address("__init_begin"), declared);
  // Types are needed while the session opens; search now if there is no other source of them.
  const isNeededNow = needsExports && !vmlinux?.btf() && range("__start_BTF", "__stop_BTF").length === 0;
  const found = isNeededNow ? yield* searching() : undefined;
  const exported = once(() => found ?? (needsExports ? toEnd(searching()) : undefined));
  const btf = once(
    () => vmlinux?.btf() ?? dumpBtf(memory, range("__start_BTF", "__stop_BTF")[0], declared) ?? exported()?.btf,
  );
  return { btf, exported };
}

/** Maximum size in bytes, larger than any kernel's read-only data: those of distributions have some 10 MiB. */
const MAX_READ_ONLY = 64n << 20n;

function* searchingExports(
  { memory }: OpenedMemory,
  textEnd: bigint | undefined,
  initStart: bigint | undefined,
  declared: () => TypeSource | undefined,
): Job<ExportedData | undefined, Piece> {
  if (textEnd === undefined) return undefined;
  const most = textEnd + MAX_READ_ONLY;
  const end = initStart !== undefined && initStart > textEnd && initStart < most ? initStart : most;
  const search = findingExportedData(memory, textEnd, end, declared);
  let steps = 0;
  let step = search.next();
  for (; !step.done; step = search.next()) yield progress("Searching for exported symbols", steps++, 0);
  return step.value;
}

const exportedSymbols = (exported: () => ExportedData | undefined): SymbolSource => ({
  name: "exported symbols",
  named: (name) => {
    const symbol = exported()?.symbols.get(name);
    return symbol ? [symbol] : [];
  },
  at: () => undefined,
  all: () => [...(exported()?.symbols.values() ?? [])].sort((a, b) => (a.address < b.address ? -1 : 1)),
});

/**
 * Returns the symbols in VMCOREINFO. Without CONFIG_KALLSYMS_ALL these and the exported data are the only data with
 * names.
 */
function noteSymbols({ vmcoreinfo }: OpenedMemory): SymbolSource {
  const named = (name: string): readonly KSymbol[] => {
    const address = vmcoreinfo?.symbol(name);
    return address === undefined ? [] : [{ name, address, size: 0, type: "D" }];
  };
  return { name: "VMCOREINFO", named, at: () => undefined, all: () => [] };
}

/** Number of bytes of the kernel image to search. x86_64 allows 1 GiB; real images have some 60 MiB. */
const MAX_IMAGE = 256n << 20n;

/**
 * Reads kallsyms at the addresses in VMCOREINFO (since Linux 6.0), or else searches the kernel image for them. @throws
 * Fault unknown if the start of the image is not known, missing if the search finds nothing
 */
export function* readingDumpSymbols({ memory, vmcoreinfo, imageStart }: OpenedMemory): Job<SymbolSource, Piece> {
  const symbol = (name: string): bigint | undefined => vmcoreinfo?.symbol(name);
  const start = symbol("_stext") ?? imageStart;
  if (start === undefined) throw Fault.of("unknown", "the dump does not contain the address of its kernel");
  const [names, numSyms] = [symbol("kallsyms_names"), symbol("kallsyms_num_syms")];
  const [tokenTable, tokenIndex] = [symbol("kallsyms_token_table"), symbol("kallsyms_token_index")];
  if (names !== undefined && numSyms !== undefined && tokenTable !== undefined && tokenIndex !== undefined) {
    const addresses = {
      offsets: symbol("kallsyms_offsets"),
      relativeBase: symbol("kallsyms_relative_base"),
      addresses: symbol("kallsyms_addresses"),
    };
    return readKallsyms(memory, { names, numSyms, tokenTable, tokenIndex, ...addresses }, start);
  }
  const search = findingKallsyms(memory, start, start + MAX_IMAGE);
  let step = search.next();
  for (; !step.done; step = search.next())
    yield progress("Searching for the kernel's symbols", step.value.done, step.value.total);
  const found = step.value;
  if (!found) throw Fault.of("missing", "the dump holds no kallsyms tables");
  return found;
}

function dumpBtf(
  { memory, arch }: OpenedMemory,
  range: AddressRange | undefined,
  declared: () => TypeSource | undefined,
): Btf | undefined {
  if (!range || range.end - range.start > MAX_BTF) return undefined;
  const btf = attempt(() =>
    openBtf(memory.read(range.start, Number(range.end - range.start)), { pointerSize: arch.wordSize, declared }),
  );
  return btf instanceof Fault ? undefined : btf;
}

function orcTable(ips: AddressRange | undefined, entries: bigint | undefined): OrcTable | undefined {
  return ips && entries !== undefined ? { ips: ips.start, entries, count: Number(ips.end - ips.start) / 4 } : undefined;
}

function versionOf(
  { memory }: OpenedMemory,
  table: OrcTable | undefined,
  header: AddressRange | undefined,
  btf: Btf | undefined,
): OrcVersion | undefined {
  if (!table) return undefined;
  const hash = header && attempt(() => memory.read(header.start, Math.min(64, Number(header.end - header.start))));
  const version = attempt(() =>
    orcVersion(memory, table, {
      ...(hash && !(hash instanceof Fault) && { header: hash }),
      entry: btf?.find("struct", "orc_entry"),
    }),
  );
  return version instanceof Fault ? undefined : version;
}

function orcOf(
  { memory }: OpenedMemory,
  table: OrcTable | undefined,
  version: OrcVersion | undefined,
): OrcSource | undefined {
  if (!table || !version) return undefined;
  const orc = attempt(() => openOrc(memory, table, version));
  return orc instanceof Fault ? undefined : orc;
}
