/** The kernel's configuration (CONFIG_IKCONFIG). */
import { gunzipSync } from "node:zlib";
import { Fault } from "../base/fault.ts";

/** Marks around `kernel_config_data` in a kernel with CONFIG_IKCONFIG (kernel/configs.c). */
const IKCFG_ST = new TextEncoder().encode("IKCFG_ST");
const IKCFG_ED = new TextEncoder().encode("IKCFG_ED");
/** Maximum size of the unpacked text in bytes; a .config has about 300 KB. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Returns the `.config` text in a piece of memory or of a kernel image; undefined if there is none. @throws Fault
 * corrupt if it cannot be unpacked; truncated without an end mark
 */
export function ikconfig(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(IKCFG_ST);
  if (start < 0) return undefined;
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const end = rest.indexOf(IKCFG_ED);
  if (end < 0) throw Fault.of("truncated", "the kernel's configuration has no end mark");
  return unpack(rest.subarray(IKCFG_ST.length, end));
}

function unpack(packed: Uint8Array): string {
  try {
    return new TextDecoder().decode(gunzipSync(packed, { maxOutputLength: MAX_CONFIG_BYTES }));
  } catch (error) {
    throw Fault.of(
      "corrupt",
      `the kernel's configuration cannot be unpacked: ${error instanceof Error ? error.message : ""}`,
    );
  }
}
