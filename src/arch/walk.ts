/** Walks radix page tables. */
import { Fault } from "../base/fault.ts";
import { hex } from "../base/hex.ts";
import type { EntryReader, Translation, WalkStep } from "./arch.ts";

/** A decoded entry: it points to a next table, or to a page of `pageBytes`. */
export interface PageTableEntry {
  readonly physical: bigint;
  /** Size of the page in bytes; undefined for a table. */
  readonly pageBytes: bigint | undefined;
}

/** One level of a radix page table. Lists of levels begin with the root. */
export interface TableLevel {
  /** "PGD", "P4D", "PUD", "PMD" or "PTE". */
  readonly name: string;
  /** Number of address bits below this level's index. */
  readonly shift: number;
  /** Width of the index in bits. */
  readonly bits: number;
  readonly entryBytes: 4 | 8;
  /**
   * Decodes an entry; undefined if it maps nothing. @param at physical address of the entry, beside which Linux keeps an
   * entry of its own on arm, which `decode` reads
   */
  decode(entry: bigint, at: bigint, read: EntryReader): PageTableEntry | undefined;
}

/**
 * Translates an address with the tables from `root` on. It reads one entry per level, whatever the tables
 * contain, and those that `decode` reads.
 * @param steps receives each step, also those before a fault
 */
export function walkTables(
  levels: readonly TableLevel[],
  root: bigint,
  address: bigint,
  read: EntryReader,
  steps: WalkStep[] = [],
): Translation | Fault {
  let table = root;
  for (const level of levels) {
    const shift = BigInt(level.shift);
    const at = table + BigInt.asUintN(level.bits, address >> shift) * BigInt(level.entryBytes);
    const entry = read(at, level.entryBytes);
    if (entry instanceof Fault) {
      return Fault.at(
        entry.kind,
        address,
        `cannot translate: ${level.name} entry at physical ${hex(at)}: ${entry.message}`,
      );
    }
    steps.push({ level: level.name, entryAddress: at, entry, span: 1n << shift });
    const next = level.decode(entry, at, read);
    if (next === undefined) return Fault.at("unmapped", address, `not mapped (${level.name} entry ${hex(entry)})`);
    if (next.pageBytes !== undefined) {
      const offset = address & (next.pageBytes - 1n);
      return { physical: (next.physical & -next.pageBytes) + offset, pageBytes: next.pageBytes, steps };
    }
    table = next.physical;
  }
  return Fault.at("corrupt", address, "page tables end without a page");
}
