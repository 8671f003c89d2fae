/** Searches a dump's memory for VMCOREINFO texts and for the kernel's page tables. */
import { cString } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { EntryReader, Paging } from "../arch/arch.ts";
import type { DumpImage } from "../dump/format.ts";
import type { DumpMemory } from "./physicalMemory.ts";

/** Progress of a search, in steps of its own unit. The job may pause at each. */
export interface SearchProgress {
  readonly done: number;
  readonly total: number;
}

/** Number of steps between two pauses. */
const PAUSE_EVERY = 256;
/**
 * Maximum number of pages that are searched, so that a search takes minutes on a machine with terabytes. What is
 * searched for was allocated at boot.
 */
const PAGE_LIMIT = 1 << 24;
/** The kernel keeps the text, and the note made of it, at the start of a page of its own (kernel/vmcore_info.c). */
const ALIGNMENT = 4096;
const NOTE_NAME = "VMCOREINFO\0";
const NOTE_NAME_AT = 12;
const NOTE_TEXT_AT = 24;
const FIRST_LINE = "OSRELEASE=";

/**
 * Yields texts in memory that look like VMCOREINFO, in the order of physical addresses. There can be several: the data,
 * the note, a copy for the capture kernel, the capture kernel's own, and files in the page cache that quote one.
 */
export function* vmcoreinfoTexts(image: DumpImage): Generator<SearchProgress | string> {
  let steps = 0;
  for (let pfn = image.next(0); pfn >= 0 && steps < PAGE_LIMIT; pfn = image.next(pfn + 1)) {
    if (++steps % PAUSE_EVERY === 0) yield { done: pfn, total: image.maxPfn };
    const page = image.page(pfn);
    if (page instanceof Fault) continue;
    for (let at = 0; at < page.length; at += ALIGNMENT) {
      const text = vmcoreinfoAt(page, at);
      if (text !== undefined) yield text;
    }
  }
}

function vmcoreinfoAt(page: Uint8Array, at: number): string | undefined {
  const isNote = startsWith(page, at + NOTE_NAME_AT, NOTE_NAME);
  const start = isNote ? at + NOTE_TEXT_AT : at;
  if (!startsWith(page, start, FIRST_LINE)) return undefined;
  const text = cString(page, start);
  return text.includes("\nPAGESIZE=") && text.includes("\nSYMBOL(") ? text : undefined;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * Whether the tables below `root` map the root's own address to it; undefined if that address is not known, or if a
 * table on the way is not in the dump.
 */
export function isKernelRoot(paging: Paging, root: bigint, read: EntryReader): boolean | undefined {
  if (paging.rootAddress === undefined) return undefined;
  const found = paging.walk(root, paging.rootAddress, read);
  if (found instanceof Fault) return found.kind === "unmapped" ? false : undefined;
  return found.physical === root;
}

/**
 * Every machine maps the kernel image in pieces of at least this size, so that the low bits of a table's address are
 * known.
 */
const IMAGE_ALIGNMENT = 1n << 20n;

/**
 * Finds the kernel's root table when only its virtual address is known. Tries, in each MiB of physical memory, the page
 * with the low address bits of the root table. Returns undefined if no page is that table.
 */
export function* rootBySearch(
  paging: Paging,
  memory: DumpMemory,
  read: EntryReader,
): Generator<SearchProgress, bigint | undefined> {
  if (paging.rootAddress === undefined) return undefined;
  const offset = paging.rootAddress & (IMAGE_ALIGNMENT - 1n);
  const total = Number(memory.end / IMAGE_ALIGNMENT);
  let steps = 0;
  for (
    let next = memory.next(0n);
    next !== undefined;
    next = memory.next((next & -IMAGE_ALIGNMENT) + IMAGE_ALIGNMENT)
  ) {
    const root: bigint = (next & -IMAGE_ALIGNMENT) + offset;
    if (isKernelRoot(paging, root, read) === true) return root;
    if (++steps % PAUSE_EVERY === 0) yield { done: Number(next / IMAGE_ALIGNMENT), total };
  }
  return undefined;
}

/** The kernel image as page tables map it. */
export interface MappedImage {
  readonly root: bigint;
  /** Runtime address of its first page. */
  readonly start: bigint;
  /** Number of pieces of the window's step that are mapped. */
  readonly pieces: number;
}

/**
 * Returns the table that maps most of the kernel image; undefined if none maps any of it. With page-table isolation, a
 * CPU in user mode uses a table that maps almost nothing of it; the kernel's table is then the first of the pair of
 * pages (asm/pgtable.h, kernel_to_user_pgdp()).
 */
export function imageByRoots(paging: Paging, roots: readonly bigint[], read: EntryReader): MappedImage | undefined {
  const images = roots
    .flatMap((root) => [root, root & ~4096n])
    .flatMap((root) => mappedImage(paging, root, read) ?? [])
    .sort((a, b) => b.pieces - a.pieces);
  return images[0];
}

function mappedImage(paging: Paging, root: bigint, read: EntryReader): MappedImage | undefined {
  const window = paging.imageWindow;
  if (window === undefined) return undefined;
  let start: bigint | undefined;
  let pieces = 0;
  for (let address = window.start; address < window.end; address += window.step) {
    if (paging.walk(root, address, read) instanceof Fault) continue;
    start ??= address;
    pieces++;
  }
  return start === undefined ? undefined : { root, start, pieces };
}
