/** What an unwinder reads of the code that a stack refers to. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { keep } from "./keep.ts";

/** Number of bytes before a return address that crash disassembles to find the call. */
const CALL_BYTES = 8;
/** Number of bytes at the start of a function that show whether it has a frame pointer. */
const PROLOGUE_BYTES = 16;
/** Size in bytes of the lines that gdb, with which crash disassembles, reads. */
const LINE_BYTES = 64n;
/** Maximum size in bytes of a function that is kept as a whole. */
const MAX_FUNCTION = 4096;
/** arch/x86/include/asm/orc_lookup.h: LOOKUP_BLOCK_SIZE. */
const BLOCK_BYTES = 256n;
/** Size in bytes of an address in the ORC tables. */
const IP_BYTES = 4;
/** Size of a `struct orc_entry` in bytes. */
const ENTRY_BYTES = 6;

/** Functions whose first instructions crash reads to find out whether the kernel has frame pointers. */
const PROBED = ["__schedule", "schedule", "do_futex", "vfs_read", "vfs_write"].concat(
  ["fork", "open", "read", "write"].flatMap((call) => [`sys_${call}`, `__x64_sys_${call}`]),
);

/**
 * Reads the instructions around addresses of code, and the rows of the kernel's ORC tables for them.
 * @param isDisassembled whether crash disassembles the functions up to these addresses, as on the stacks of CPUs
 */
export function keepCallers(kernel: Kernel, callers: ReadonlySet<bigint>, isDisassembled: boolean): void {
  const { memory, symbols } = kernel;
  const orc = orcTables(kernel);
  const functions = new Set(PROBED.flatMap((name) => symbols.find(name)?.address ?? []));
  for (const pc of callers) {
    keep(memory, pc - BigInt(CALL_BYTES), 2 * CALL_BYTES);
    const { address: start, size } = symbols.at(pc) ?? { address: pc, size: 0 };
    functions.add(start);
    if (isDisassembled && size <= MAX_FUNCTION) keep(memory, start & -LINE_BYTES, size + 2 * Number(LINE_BYTES));
    orc?.(pc);
  }
  for (const start of functions) {
    keep(memory, start, PROLOGUE_BYTES);
    orc?.(start);
  }
}

/** Returns a function that reads the rows of a block of 256 bytes of code; undefined without the kernel's ORC tables. */
function orcTables({ memory, symbols }: Kernel): ((pc: bigint) => void) | undefined {
  const names = ["orc_lookup", "orc_lookup_end", "__start_orc_unwind_ip", "__start_orc_unwind", "_stext"];
  const [lookup, lookupEnd, ips, entries, text] = names.map((name) => symbols.find(name)?.address);
  if (lookup === undefined || lookupEnd === undefined || ips === undefined || entries === undefined) return undefined;
  if (text === undefined) return undefined;
  const done = new Set<bigint>();
  return (pc) => {
    const block = (pc - text) / BLOCK_BYTES;
    const at = lookup + block * 4n;
    if (pc < text || at + 8n > lookupEnd || done.has(block)) return;
    done.add(block);
    const rows = attempt(() => [memory.u32(at), memory.u32(at + 4n)] as const);
    if (rows instanceof Fault) return;
    const [first, last] = rows;
    const count = last - first + 2;
    if (count <= 0 || count > 2 * Number(BLOCK_BYTES)) return;
    keep(memory, ips + BigInt(first * IP_BYTES), count * IP_BYTES);
    keep(memory, entries + BigInt(first * ENTRY_BYTES), count * ENTRY_BYTES);
  };
}
