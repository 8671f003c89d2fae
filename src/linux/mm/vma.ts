import { Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import { filePath } from "../fs/dcache.ts";
import { mapleEntries } from "../../kernel/mapleTree.ts";
import { pageSize } from "./page.ts";

/**
 * The areas of a user address space, `struct vm_area_struct`, by address. They stand in a maple tree since Linux kernel
 * commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1); before, in a list.
 *
 * @param mm `struct mm_struct`
 * @throws Fault where the tree or list breaks
 */
export function* vmas(mm: Obj<"struct mm_struct">): Generator<Obj<"struct vm_area_struct">> {
  const { kernel } = mm;
  const type = kernel.types.named("struct vm_area_struct");
  if (mm.has("mm_mt")) {
    for (const { entry } of mapleEntries(kernel, mm.at("mm_mt"))) {
      // A fork that failed half-way leaves marks (XA_ZERO_ENTRY) for areas that were not copied.
      if ((entry & 3n) === 0n) yield kernel.object(type, entry);
    }
    return;
  }
  let before = 0n;
  for (let vma = mm.at("mmap"); vma.value() !== 0n; vma = vma.at("vm_next")) {
    // Since Linux kernel commit 297c5eee3724 ("mm: make the vma list be doubly linked") (in v2.6.36): an area names one
    // before it, so that neither a loop nor another process's areas go unnoticed.
    if (vma.at("vm_prev").value() !== before)
      throw Fault.at(
        "corrupt",
        vma.value(),
        "list of memory areas is damaged: the area does not name the one before it",
      );
    yield vma.deref();
    before = vma.value();
  }
}

/** Bounds of an area; the end is exclusive. @throws Fault */
export const vmaRange = (vma: Obj<"struct vm_area_struct">): { readonly start: bigint; readonly end: bigint } => ({
  start: vma.at("vm_start").value(),
  end: vma.at("vm_end").value(),
});

/** The area that holds a user address. @throws Fault as `vmas` */
export function findVma(mm: Obj<"struct mm_struct">, address: bigint): Obj<"struct vm_area_struct"> | undefined {
  for (const vma of vmas(mm)) {
    const { start, end } = vmaRange(vma);
    if (address < start) return undefined;
    if (address < end) return vma;
  }
  return undefined;
}

/** @throws Fault */
export const vmaFlags = (vma: Obj<"struct vm_area_struct">): bigint => vma.at("vm_flags").value();

/** The file that an area maps; undefined for anonymous memory. @throws Fault */
export function vmaPath(vma: Obj<"struct vm_area_struct">): string | undefined {
  const file = vma.at("vm_file");
  return file.value() === 0n ? undefined : filePath(file.deref());
}

/** Where in its file an area has the page of a user address: bytes from the file's start. @throws Fault */
export const fileOffset = (vma: Obj<"struct vm_area_struct">, address: bigint): bigint =>
  vma.at("vm_pgoff").value() * BigInt(pageSize(vma.kernel)) + (address - vma.at("vm_start").value());

/** A flag of `vm_flags` by the name that the kernel prints. */
export interface VmaFlag {
  /** "READ", "MAYEXEC". */
  readonly name: string;
  readonly mask: bigint;
}

/** The kernel's table has at most as many entries as there are bits. */
const MAX_FLAGS = 64;

/**
 * The kernel's own names of `vm_flags` (`vmaflag_names[]`, mm/debug.c): which bit is which depends on the architecture
 * and the configuration. @throws Fault
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
