/** Data that `sys` reads from kernel memory: the kernel configuration, DMI strings and the system call table. */
import { ikconfig } from "../../../../debuginfo/ikconfig.ts";
import { Fault } from "../../../../base/fault.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { type Piece, progress } from "../../../../say/piece.ts";

/** The marks IKCFG_ST and IKCFG_ED directly before and after the data (kernel/configs.c). */
const MARK_BYTES = 8n;
const MAX_PACKED_BYTES = 4 << 20;

/**
 * Returns the lines of the kernel's .config, and yields progress while it searches for them; undefined if the kernel
 * does not contain it.
 * @throws Fault
 */
export function* kernelConfig(kernel: Kernel): Generator<Piece, string[] | undefined, void> {
  const start = globalAddress(kernel, "kernel_config_data") ?? (yield* configData(kernel));
  if (start === undefined) return undefined;
  // Since Linux kernel commit 13610aa908dc ("kernel/configs: use .incbin directive to embed config_data.gz") (in v5.1)
  // a symbol marks the end of the data. Before, the array included the marks.
  const end = globalAddress(kernel, "kernel_config_data_end");
  const from = end === undefined ? start : start - MARK_BYTES;
  const length = end === undefined ? MAX_PACKED_BYTES : Number(end + MARK_BYTES - from);
  if (length < 0 || length > MAX_PACKED_BYTES)
    throw Fault.at("corrupt", from, "no end mark (IKCFG_ED) after the kernel configuration");
  return ikconfig(readable(kernel, from, length))
    ?.replace(/\n$/, "")
    .split("\n");
}

/** Reads memory up to the first gap, because a caller that does not know the end of the data requests too much. */
function readable(kernel: Kernel, from: bigint, length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let got = 0; got < length;) {
    const page = kernel.memory.page(from + BigInt(got));
    if (page instanceof Fault) {
      if (got === 0) throw page;
      break;
    }
    parts.push(page.subarray(0, length - got));
    got += page.length;
  }
  return Buffer.concat(parts);
}

/**
 * How far after the code to search, in bytes. Read-only data follows the code, and no kernel has more than about 30 MiB
 * of it.
 */
const MAX_SEARCHED_BYTES = 64 << 20;
const IKCFG_ST = Buffer.from("IKCFG_ST");

/** Searches for the mark before the data, for a kernel that has symbols for functions only (no CONFIG_KALLSYMS_ALL). */
function* configData(kernel: Kernel): Generator<Piece, bigint | undefined, void> {
  const code = kernel.symbols.find("_etext") ?? kernel.symbols.find("_stext");
  if (!code || kernel.symbols.find("init_task")) return undefined;
  // A mark can extend over two pages.
  let carried = Buffer.alloc(0);
  let at = code.address;
  for (let done = 0, pages = 0; done < MAX_SEARCHED_BYTES; pages++) {
    const page = kernel.memory.page(at);
    const bytes = page instanceof Fault ? undefined : Buffer.concat([carried, page]);
    const found = bytes?.indexOf(IKCFG_ST) ?? -1;
    if (found >= 0) return at + BigInt(found - carried.length);
    carried = bytes?.subarray(1 - IKCFG_ST.length) ?? Buffer.alloc(0);
    const step = page instanceof Fault ? pageSize(kernel) - Number(at % BigInt(pageSize(kernel))) : page.length;
    at += BigInt(step);
    done += step;
    if (pages % 256 === 255) yield progress("searching for the kernel's configuration", done, MAX_SEARCHED_BYTES);
  }
  return undefined;
}

/** A name of `enum dmi_field` and its value from the firmware; reading it may throw Fault. */
export interface DmiString {
  readonly name: string;
  readonly value: () => string;
}

/**
 * Returns the strings of `dmi_ident[]` (drivers/firmware/dmi_scan.c) that are set; undefined without DMI. @throws Fault
 */
export function dmiStrings(kernel: Kernel): DmiString[] | undefined {
  const table = globalAddress(kernel, "dmi_ident");
  if (table === undefined) return undefined;
  const fields = kernel.types.named("enum dmi_field");
  if (fields.kind !== "enum") return undefined;
  return fields.values.flatMap(({ name, value }) => {
    if (!name.startsWith("DMI_") || name === "DMI_STRING_MAX" || name === "DMI_OEM_STRING" || name === "DMI_NONE")
      return [];
    const text = kernel.memory.word(table + value * BigInt(kernel.arch.wordSize));
    return text === 0n ? [] : [{ name, value: () => kernel.memory.cString(text, 256) }];
  });
}

/** Limit of the system calls; no architecture has as many. */
const MAX_SYSTEM_CALLS = 4096;

/** An entry of `sys_call_table[]`. */
export interface SystemCall {
  readonly number: number;
  readonly address: bigint;
}

/**
 * Yields the entries of the system call table up to the first that does not point to code; none for a kernel without a
 * table. @throws Fault
 */
export function* systemCalls(kernel: Kernel): Generator<SystemCall, void, void> {
  const table = kernel.symbols.find("sys_call_table");
  if (!table) return;
  const { wordSize } = kernel.arch;
  const count = Math.min(Math.floor(table.size / wordSize), MAX_SYSTEM_CALLS);
  for (let number = 0; number < count; number++) {
    const address = kernel.memory.word(table.address + BigInt(number * wordSize));
    // The words between the table's end and the next symbol are not entries.
    if (!kernel.code.isText(address)) return;
    yield { number, address };
  }
}

/**
 * Prefixes of the symbols of one system call, the most specific first: its body, the entry in the table
 * (include/asm/syscall_wrapper.h of each architecture).
 */
const PREFIXES = ["__do_sys_", "__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__se_sys_", "__ia32_sys_"];

/**
 * Returns the name of a system call. If several symbols have the address, the most specific prefix is used, whatever
 * the order of the symbols.
 */
export function systemCallName(kernel: Kernel, address: bigint): string {
  const name = kernel.symbols.at(address)?.name ?? "(unknown)";
  const prefix = PREFIXES.find((one) => name.startsWith(one));
  if (prefix === undefined) return name;
  const same = PREFIXES.map((one) => one + name.slice(prefix.length)).find((one) =>
    kernel.symbols.named(one).some((symbol) => symbol.address === address),
  );
  return same ?? name;
}
