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

/** What is known of the kernel itself, modules left out. Everything but the symbols opens when asked for. */
export interface KernelImage {
  readonly symbols: readonly SymbolImage[];
  readonly code: CodeImage;
  /** Types in the dump or the vmlinux; undefined when neither has BTF that can be read. */
  readonly btf: () => Btf | undefined;
  readonly orcVersion: () => OrcVersion | undefined;
  /** Why data of the kernel may have no names, and what to do; undefined when all has. */
  readonly gap: string | undefined;
  /** Runtime address minus vmlinux address. */
  readonly bias: bigint;
  /** Why something is not there, for the user. */
  readonly lacking: readonly string[];
}

/** Larger than any kernel's BTF: Debian's has 4 MiB. */
const MAX_BTF = 256 << 20;

const GAP =
  "the dump names this kernel's functions, and of its data at most what is exported (no CONFIG_KALLSYMS_ALL); give a vmlinux or a System.map";

const remedyFor = ({ kind }: Fault): string =>
  kind === "corrupt" || kind === "truncated"
    ? "the dump is damaged or was cut off: compare its size and checksum with the original's and copy it again, or give a vmlinux"
    : "give a vmlinux";

/**
 * @param given a System.map, for what neither a vmlinux nor the dump names
 * @param search for one, when the dump names nothing, or functions alone
 */
export function* readingKernelImage(
  memory: OpenedMemory,
  vmlinux: Vmlinux | undefined,
  bias: bigint,
  given?: PlacedMap,
  search: () => PlacedMap | undefined = () => undefined,
): Job<KernelImage, Piece> {
  const lacking: string[] = [];
  // A stripped vmlinux names nothing: the dump itself does.
  const named = vmlinux?.elf.section(".symtab") ? vmlinux : undefined;
  const fromDump = named ? undefined : yield* attempting(readingDumpSymbols(memory));
  const isNamed = !fromDump || (!(fromDump instanceof Fault) && fromDump.named("init_task").length > 0);
  const map = given ?? (isNamed ? undefined : search());
  if (fromDump instanceof Fault && !map) lacking.push(`no symbols: ${fromDump.message}; ${remedyFor(fromDump)}`);
  const source = named?.symbols ?? (fromDump instanceof Fault ? undefined : fromDump);
  const place = (symbol: KSymbol): bigint => BigInt.asUintN(64, symbol.address + (named ? bias : 0n));
  const address = (name: string): bigint | undefined => {
    const symbol = source?.named(name)[0];
    if (symbol) return place(symbol);
    const mapped = map?.source.named(name)[0]?.address;
    return mapped === undefined || !map ? undefined : BigInt.asUintN(64, mapped + map.bias);
  };
  const range = (from: string, to: string) => {
    const [start, end] = [address(from), address(to)];
    return start !== undefined && end !== undefined && end > start ? [{ start, end }] : [];
  };
  const declared = (): TypeSource | undefined => vmlinux?.dwarf()?.types;
  // Only where data has no other names: exports are some of them, and have to be searched for.
  const searching = (): Job<ExportedData | undefined, Piece> =>
    searchingExports(memory, address("_etext"), address("__init_begin"), declared);
  const needsExports = !isNamed && !map;
  // The types are asked for while the session opens, and there is no other place for them.
  const isNeededNow = needsExports && !vmlinux?.btf() && range("__start_BTF", "__stop_BTF").length === 0;
  const found = isNeededNow ? yield* searching() : undefined;
  const exported = once(() => found ?? (needsExports ? toEnd(searching()) : undefined));
  const btf = once(
    () => vmlinux?.btf() ?? dumpBtf(memory, range("__start_BTF", "__stop_BTF")[0], declared) ?? exported()?.btf,
  );
  const table = once(() =>
    orcTable(range("__start_orc_unwind_ip", "__stop_orc_unwind_ip")[0], address("__start_orc_unwind")),
  );
  const version = once(() => versionOf(memory, table(), range("__start_orc_header", "__stop_orc_header")[0], btf()));
  const text = [...range("_stext", "_etext"), ...range("_sinittext", "_einittext")];
  const whole = [...range("_text", "_end"), ...range("_stext", "_end")].slice(0, 1);
  // Without CONFIG_KALLSYMS_ALL the dump names functions alone, and not the end of what surrounds them.
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
    gap: isNamed || map || fromDump instanceof Fault ? undefined : GAP,
    orcVersion: version,
    bias,
    lacking,
  };
}

/** Larger than any kernel's read-only data: those of distributions have some 10 MiB. */
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

/** The few symbols that VMCOREINFO names: a kernel without CONFIG_KALLSYMS_ALL tells its data nowhere else. */
function noteSymbols({ vmcoreinfo }: OpenedMemory): SymbolSource {
  const named = (name: string): readonly KSymbol[] => {
    const address = vmcoreinfo?.symbol(name);
    return address === undefined ? [] : [{ name, address, size: 0, type: "D" }];
  };
  return { name: "VMCOREINFO", named, at: () => undefined, all: () => [] };
}

/** How far from its start a kernel image is searched: x86_64 allows 1 GiB, real ones have some 60 MiB. */
const MAX_IMAGE = 256n << 20n;

/** Runs `readingDumpSymbols` without pauses. @throws Fault */
export const dumpSymbols = (opened: OpenedMemory): SymbolSource => toEnd(readingDumpSymbols(opened));

/** kallsyms, where VMCOREINFO says it lies (from 6.0 on), else by search through the kernel image. @throws Fault */
function* readingDumpSymbols({ memory, vmcoreinfo, imageStart }: OpenedMemory): Job<SymbolSource, Piece> {
  const symbol = (name: string): bigint | undefined => vmcoreinfo?.symbol(name);
  const start = symbol("_stext") ?? imageStart;
  if (start === undefined) throw Fault.of("unknown", "the dump does not say where its kernel lies");
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
  range: { start: bigint; end: bigint } | undefined,
  declared: () => TypeSource | undefined,
): Btf | undefined {
  if (!range || range.end - range.start > MAX_BTF) return undefined;
  const btf = attempt(() =>
    openBtf(memory.read(range.start, Number(range.end - range.start)), { pointerSize: arch.wordSize, declared }),
  );
  return btf instanceof Fault ? undefined : btf;
}

function orcTable(ips: { start: bigint; end: bigint } | undefined, entries: bigint | undefined): OrcTable | undefined {
  return ips && entries !== undefined ? { ips: ips.start, entries, count: Number(ips.end - ips.start) / 4 } : undefined;
}

function versionOf(
  { memory }: OpenedMemory,
  table: OrcTable | undefined,
  header: { start: bigint; end: bigint } | undefined,
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
