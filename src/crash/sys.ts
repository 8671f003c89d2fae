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
