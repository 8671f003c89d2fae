/** Exported data of kernels without CONFIG_KALLSYMS_ALL. */
import { viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import { type Job, toEnd } from "../base/job.ts";
import { type Btf, openBtf } from "./btf/btf.ts";
import type { KSymbol, TypeSource } from "./source.ts";
import type { TargetMemory } from "./targetMemory.ts";

/** Data symbols of a kernel whose kallsyms contains only functions. */
export interface ExportedData {
  readonly btf: Btf | undefined;
  /** Symbols by name: exported data and functions, and per-CPU variables of the kernel's BTF. */
  readonly symbols: ReadonlyMap<string, KSymbol>;
}

/** Number of bytes that are read at once. */
const STEP_BYTES = 4096;
/** Number of bytes between two pauses of the search. */
const PAUSE_BYTES = 1 << 20;

/**
 * Finds BTF by its header, and the exported symbols by the shape of their table, in read-only data. @param start,end
 * runtime range of the kernel's read-only data; missing pages are skipped @param declared declarations of a file, as
 * for `openBtf`
 */
export function* findingExportedData(
  memory: TargetMemory,
  start: bigint,
  end: bigint,
  declared: () => TypeSource | undefined,
): Job<ExportedData, undefined> {
  const bytes = new Uint8Array(Number(end - start));
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    if (at % PAUSE_BYTES === 0) yield;
    const page = attempt(() => memory.read(start + BigInt(at), Math.min(STEP_BYTES, bytes.length - at)));
    if (!(page instanceof Fault)) bytes.set(page, at);
  }
  const btf = yield* findingBtf(memory, bytes, declared);
  yield;
  const symbols = new Map<string, KSymbol>();
  const add = (name: string, address: bigint): unknown => symbols.set(name, { name, address, size: 0, type: "D" });
  for (const { name, address } of exportedSymbols(memory, bytes, start)) add(name, address);
  const offsets = btf?.perCpuOffsets() ?? new Map<string, number>();
  const base = perCpuStart(symbols, offsets);
  if (base !== undefined)
    for (const [name, offset] of offsets) if (!symbols.has(name)) add(name, BigInt.asUintN(64, base + BigInt(offset)));
  return { btf, symbols };
}

/** Runs `findingExportedData` without pauses. */
export const findExportedData = (...of: Parameters<typeof findingExportedData>): ExportedData =>
  toEnd(findingExportedData(...of));

/** `struct btf_header` of include/uapi/linux/btf.h: u16 magic, u8 version, u8 flags, u32 hdr_len, then offsets. */
const BTF_MAGIC = 0xeb9f;
const BTF_HEADER_BYTES = 24;

function* findingBtf(
  { byteOrder, wordSize }: TargetMemory,
  bytes: Uint8Array,
  declared: () => TypeSource | undefined,
): Job<Btf | undefined, undefined> {
  const view = viewOf(bytes);
  const little = byteOrder === "little";
  for (let at = 0; at + BTF_HEADER_BYTES <= bytes.length; at += 4) {
    if (at % PAUSE_BYTES === 0) yield;
    if (view.getUint16(at, little) !== BTF_MAGIC || view.getUint8(at + 2) !== 1) continue;
    const u32 = (offset: number): number => view.getUint32(at + offset, little);
    const size = u32(4) + Math.max(u32(8) + u32(12), u32(16) + u32(20));
    if (size > bytes.length - at) continue;
    const btf = attempt(() => openBtf(bytes.slice(at, at + size), { pointerSize: wordSize, declared }));
    // A program can contain BTF of its own; the kernel's contains task_struct.
    if (!(btf instanceof Fault) && btf.find("struct", "task_struct")) return btf;
  }
  return undefined;
}

/** A symbol that every kernel exports. The table is found by it. */
const ANCHOR = "init_task";
/** Maximum number of places where the name of the anchor is found, because each costs a scan of the read-only data. */
const MAX_ANCHORS = 16;
/** Maximum number of exported symbols; a kernel has about 20,000. */
const MAX_EXPORTS = 1 << 17;

interface Entry {
  readonly name: string;
  readonly address: bigint;
}

/**
 * Reads entries of `__ksymtab` and `__ksymtab_gpl`, which are adjacent (include/asm-generic/vmlinux.lds.h). On machines
 * with CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, `struct kernel_symbol` has 32-bit distances from each member to value and
 * name (since Linux kernel commit 7290d5809571, in v4.19), and to the namespace (since 8651ec01daed, in v5.4). On
 * others, such as 32-bit arm, the members are pointers.
 */
const exportedSymbols = (memory: TargetMemory, bytes: Uint8Array, start: bigint): readonly Entry[] => {
  const distances = exportsByDistance(memory, bytes, start);
  return distances.length > 0 ? distances : exportsByPointer(memory, bytes, start);
};

function exportsByPointer({ byteOrder, wordSize }: TargetMemory, bytes: Uint8Array, start: bigint): readonly Entry[] {
  const view = viewOf(bytes);
  const little = byteOrder === "little";
  const word = (at: number): bigint =>
    wordSize === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
  const entryAt = (at: number): Entry | undefined => {
    if (at < 0 || at + 2 * wordSize > bytes.length) return undefined;
    const name = nameAt(bytes, Number(word(at + wordSize) - start));
    return name === undefined ? undefined : { name, address: word(at) };
  };
  for (const text of offsetsOf(bytes, ANCHOR)) {
    const wanted = start + BigInt(text);
    for (let at = 0; at + 2 * wordSize <= bytes.length; at += wordSize) {
      if (word(at + wordSize) !== wanted) continue;
      const sizes = [3 * wordSize, 2 * wordSize];
      const stride = sizes.find((size) => entryAt(at + size) && entryAt(at - size) && entryAt(at + 2 * size));
      if (stride !== undefined) return tableAround(at, stride, entryAt);
    }
  }
  return [];
}

function exportsByDistance({ byteOrder }: TargetMemory, bytes: Uint8Array, start: bigint): readonly Entry[] {
  const view = viewOf(bytes);
  const little = byteOrder === "little";
  const entryAt = (at: number): Entry | undefined => {
    if (at < 0 || at + 8 > bytes.length) return undefined;
    const name = nameAt(bytes, at + 4 + view.getInt32(at + 4, little));
    return name === undefined ? undefined : { name, address: start + BigInt(at + view.getInt32(at, little)) };
  };
  for (const text of offsetsOf(bytes, ANCHOR))
    for (let at = 0; at + 8 <= bytes.length; at += 4) {
      if (at + 4 + view.getInt32(at + 4, little) !== text) continue;
      const stride = [12, 8].find((size) => entryAt(at + size) && entryAt(at - size) && entryAt(at + 2 * size));
      if (stride !== undefined) return tableAround(at, stride, entryAt);
    }
  return [];
}

/** Returns the entry at `anchor` and the entries before and after it, as far as they have valid names. */
function tableAround(anchor: number, stride: number, entryAt: (at: number) => Entry | undefined): readonly Entry[] {
  const entries: Entry[] = [];
  for (const step of [stride, -stride]) {
    let at = step > 0 ? anchor : anchor + step;
    for (let entry; entries.length < MAX_EXPORTS && (entry = entryAt(at)); at += step) entries.push(entry);
  }
  return entries;
}

/**
 * Yields the offsets of a text that ends in NUL, also within a longer one, because the linker can store a name as the
 * end of a longer one.
 */
function* offsetsOf(bytes: Uint8Array, text: string): Generator<number> {
  const wanted = Buffer.from(`${text}\0`, "latin1");
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let found = 0;
  for (let at = all.indexOf(wanted); at >= 0 && found < MAX_ANCHORS; at = all.indexOf(wanted, at + 1), found++)
    yield at;
}

/** Maximum length of a symbol name in bytes, with its NUL. */
const MAX_NAME = 512;

/** Returns the symbol name at an offset of `bytes`; undefined if there is none. */
function nameAt(bytes: Uint8Array, at: number): string | undefined {
  if (at < 0 || at >= bytes.length) return undefined;
  const end = bytes.subarray(at, at + MAX_NAME).indexOf(0);
  const name = end > 0 ? Buffer.from(bytes.subarray(at, at + end)).toString("latin1") : "";
  return /^[A-Za-z_][\w.$]*$/.test(name) ? name : undefined;
}

/** Number of variables that must agree on the link address of per-CPU data. */
const MIN_AGREEING = 2;

/**
 * Returns the link address of the per-CPU section, from variables that are exported and that BTF places in it;
 * undefined if fewer than `MIN_AGREEING` of them agree.
 */
function perCpuStart(symbols: ReadonlyMap<string, KSymbol>, offsets: ReadonlyMap<string, number>): bigint | undefined {
  const votes = new Map<bigint, number>();
  for (const [name, offset] of offsets) {
    const exported = symbols.get(name);
    if (!exported) continue;
    const start = exported.address - BigInt(offset);
    votes.set(start, (votes.get(start) ?? 0) + 1);
  }
  const [start, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [undefined, 0];
  return count >= MIN_AGREEING ? start : undefined;
}
