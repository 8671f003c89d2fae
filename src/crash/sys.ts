import { ikconfig } from "../debuginfo/ikconfig.ts";
import { Fault } from "../base/fault.ts";
import { globalAddress } from "../linux/vmcoreinfo.ts";
import type { Kernel } from "../model/kernel.ts";

/** IKCFG_ST and IKCFG_ED stand right around the data (kernel/configs.c). */
const MARK_BYTES = 8n;
const MAX_PACKED_BYTES = 4 << 20;

/** Lines of the kernel's own .config; undefined for a kernel that does not carry it. @throws Fault */
export function kernelConfig(kernel: Kernel): string[] | undefined {
  const start = globalAddress(kernel, "kernel_config_data");
  if (start === undefined) return undefined;
  // Since Linux kernel commit 13610aa908dc ("kernel/configs: use .incbin directive to embed config_data.gz") (in v5.1)
  // a symbol marks the end; the array before held the marks itself.
  const end = globalAddress(kernel, "kernel_config_data_end");
  const from = end === undefined ? start : start - MARK_BYTES;
  const length = end === undefined ? MAX_PACKED_BYTES : Number(end + MARK_BYTES - from);
  if (length < 0 || length > MAX_PACKED_BYTES) throw Fault.at("corrupt", from, "the kernel's configuration has no end");
  return ikconfig(kernel.memory.read(from, length))?.replace(/\n$/, "").split("\n");
}

/** A name of `enum dmi_field` and what the firmware says; reading it may throw Fault. */
export interface DmiString {
  readonly name: string;
  readonly value: () => string;
}

/** `dmi_ident[]` (drivers/firmware/dmi_scan.c), those that are set; undefined without DMI. @throws Fault */
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

/** More than any architecture has. */
const MAX_SYSTEM_CALLS = 4096;

/** An entry of `sys_call_table[]`. */
export interface SystemCall {
  readonly number: number;
  readonly address: bigint;
}

/** The system call table, as far as its entries point to code; empty for a kernel without one. @throws Fault */
export function* systemCalls(kernel: Kernel): Generator<SystemCall, void, void> {
  const table = kernel.symbols.find("sys_call_table");
  if (!table) return;
  const { wordSize } = kernel.arch;
  const count = Math.min(Math.floor(table.size / wordSize), MAX_SYSTEM_CALLS);
  for (let number = 0; number < count; number++) {
    const address = kernel.memory.word(table.address + BigInt(number * wordSize));
    // What lies between the table's end and the next symbol is no entry.
    if (!kernel.code.isText(address)) return;
    yield { number, address };
  }
}

/** What the names of one system call start with: its body, the table's entry (include/asm/syscall_wrapper.h of each architecture). */
const PREFIXES = ["__do_sys_", "__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__se_sys_", "__ia32_sys_"];

/** A system call's name: of those that stand for the same address the one that says most, whatever came first. */
export function systemCallName(kernel: Kernel, address: bigint): string {
  const name = kernel.symbols.at(address)?.name ?? "(unknown)";
  const prefix = PREFIXES.find((one) => name.startsWith(one));
  if (prefix === undefined) return name;
  const same = PREFIXES.map((one) => one + name.slice(prefix.length)).find((one) =>
    kernel.symbols.named(one).some((symbol) => symbol.address === address),
  );
  return same ?? name;
}
