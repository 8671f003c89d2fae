/** Memory areas of a user address space (VMAs). */
import { Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import { filePath } from "../fs/dcache.ts";
import { mapleEntries } from "../../kernel/mapleTree.ts";
import { pageSize } from "./page.ts";

/**
 * Yields the areas of a user address space, `struct vm_area_struct`, by ascending address. They are in a maple tree
 * since Linux kernel commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1); before, in a list. @param mm
 * `struct mm_struct` @throws Fault where the tree or list breaks
 */
export function* vmas(mm: Obj<"struct mm_struct">): Generator<Obj<"struct vm_area_struct">> {
  const { kernel } = mm;
  const type = kernel.types.named("struct vm_area_struct");
  if (mm.has("mm_mt")) {
    for (const { entry } of mapleEntries(kernel, mm.at("mm_mt"))) {
      // A fork that failed half-way leaves markers (XA_ZERO_ENTRY) for areas that were not copied.
      if ((entry & 3n) === 0n) yield kernel.object(type, entry);
    }
    return;
  }
  let before = 0n;
  for (let vma = mm.at("mmap"); vma.value() !== 0n; vma = vma.at("vm_next")) {
    // vm_prev exists since Linux kernel commit 297c5eee3724 ("mm: make the vma list be doubly linked") (in v2.6.36).
    // The check detects loops and areas of another process.
    if (vma.at("vm_prev").value() !== before)
      throw Fault.at(
        "corrupt",
        vma.value(),
        "list of memory areas is damaged: vm_prev of this area does not point to the previous area",
      );
    yield vma.deref();
    before = vma.value();
  }
}

/** Returns the bounds of an area; the end is exclusive. @throws Fault */
export const vmaRange = (vma: Obj<"struct vm_area_struct">): { readonly start: bigint; readonly end: bigint } => ({
  start: vma.at("vm_start").value(),
  end: vma.at("vm_end").value(),
});

/** Returns the area that contains a user address; undefined if none does. @throws Fault as `vmas` */
export function findVma(mm: Obj<"struct mm_struct">, address: bigint): Obj<"struct vm_area_struct"> | undefined {
  for (const vma of vmas(mm)) {
    const { start, end } = vmaRange(vma);
    if (address < start) return undefined;
    if (address < end) return vma;
  }
  return undefined;
}

/** Returns `vm_flags`. @throws Fault */
export const vmaFlags = (vma: Obj<"struct vm_area_struct">): bigint => vma.at("vm_flags").value();

/** Returns the path of the file that an area maps; undefined for anonymous memory. @throws Fault */
export function vmaPath(vma: Obj<"struct vm_area_struct">): string | undefined {
  const file = vma.at("vm_file");
  return file.value() === 0n ? undefined : filePath(file.deref());
}

/** Returns the file offset, in bytes, of a user address within an area. @throws Fault */
export const fileOffset = (vma: Obj<"struct vm_area_struct">, address: bigint): bigint =>
  vma.at("vm_pgoff").value() * BigInt(pageSize(vma.kernel)) + (address - vma.at("vm_start").value());

/** A flag of `vm_flags` with the name that the kernel prints. */
export interface VmaFlag {
  /** "READ", "MAYEXEC". */
  readonly name: string;
  readonly mask: bigint;
}

/** Maximum number of entries of the kernel's table: the number of bits. */
const MAX_FLAGS = 64;

/**
 * The kernel's names of the bits of `vm_flags` (`vmaflag_names[]`, mm/debug.c). The bit numbers depend on the
 * architecture and the configuration. @throws Fault
 */
export const vmaFlagTable = derived("vmaflag_names", (kernel): readonly VmaFlag[] => {
  const table = kernel.variable("vmaflag_names");
  const flags: VmaFlag[] = [];
  for (let i = 0; i < MAX_FLAGS; i++) {
    const entry = table.index(i);
    if (entry.at("name").value() === 0n) break;
    flags.push({ name: entry.at("name").text().toUpperCase(), mask: entry.at("mask").value() });
  }
  return flags;
});
