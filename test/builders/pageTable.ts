import type { Arch, LayoutFacts, Paging } from "../../src/arch/arch.ts";
import { Fault } from "../../src/base/fault.ts";
import { hex } from "../../src/base/hex.ts";
import { layoutFacts } from "../../src/memory/layout.ts";
import { parseVmcoreinfo } from "../../src/memory/vmcoreinfo.ts";

/** Entries by physical address, all else absent from the dump. */
export type Entries = Readonly<Record<string, bigint>>;

/** VMCOREINFO lines, `KEY=value`. */
export const factsOf = (lines: readonly string[], known: Partial<LayoutFacts> = {}): LayoutFacts => ({
  ...layoutFacts(parseVmcoreinfo(lines.join("\n")), { pageSize: known.pageSize ?? 4096 }),
  ...known,
});

export const pagingOf = (arch: Arch, lines: readonly string[], known: Partial<LayoutFacts> = {}): Paging =>
  arch.paging(factsOf(lines, known));

/**
 * A walk through hand-written tables, as one line to compare:
 * "PGD 1000, PTE 2008 -> 7abc (4096)", or "kind: message" of the fault.
 * @param entries keys are hexadecimal physical addresses
 */
export function walked(paging: Paging, root: bigint, address: bigint, entries: Entries): string {
  const found = paging.walk(root, address, (physical) => {
    return entries[hex(physical)] ?? Fault.at("missing", physical, "page not in dump");
  });
  if (found instanceof Fault) return `${found.kind}: ${found.message}`;
  const steps = found.steps.map(({ level, entryAddress }) => `${level} ${hex(entryAddress)}`).join(", ");
  return `${steps} -> ${hex(found.physical)} (${found.pageBytes})`;
}
