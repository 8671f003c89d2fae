/** Data that `sys` reads from kernel memory: DMI strings and the system call table. */
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../../../model/kernel.ts";

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

/** Maximum number of system calls; no architecture has as many. */
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
