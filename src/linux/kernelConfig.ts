/** The kernel's own configuration in its memory (CONFIG_IKCONFIG, kernel/configs.c). */
import { attempt, Fault } from "../base/fault.ts";
import { ikconfig } from "../debuginfo/ikconfig.ts";
import type { Kernel } from "../model/kernel.ts";
import { pageSize } from "./mm/page.ts";
import { globalAddress } from "./vmcoreinfo.ts";

/** Progress of a search, in bytes. */
export interface SearchStep {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** The marks IKCFG_ST and IKCFG_ED directly before and after the data (kernel/configs.c). */
const MARK_BYTES = 8n;
/** Maximum size of the packed configuration in bytes. */
const MAX_PACKED_BYTES = 4 << 20;

/**
 * Returns the lines of the kernel's .config, and yields progress while it searches for them; undefined if the kernel
 * does not contain it.
 * @throws Fault
 */
export function* kernelConfig(kernel: Kernel): Generator<SearchStep, string[] | undefined, void> {
  const start = globalAddress(kernel, "kernel_config_data") ?? (yield* configData(kernel));
  if (start === undefined) return undefined;
  // Since Linux kernel commit 13610aa908dc ("kernel/configs: use .incbin directive to embed config_data.gz") (in v5.1)
  // a symbol marks the end of the data. Before, the array included the marks.
  const end = globalAddress(kernel, "kernel_config_data_end");
  const from = end === undefined ? start : start - MARK_BYTES;
  const length = end === undefined ? MAX_PACKED_BYTES : Number(end + MARK_BYTES - from);
  if (length < 0 || length > MAX_PACKED_BYTES)
    throw Fault.at(
      "corrupt",
      from,
      `kernel_config_data_end is not within ${MAX_PACKED_BYTES} bytes after kernel_config_data`,
    );
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

/**
 * Searches for the mark before the data, for a kernel that has symbols for functions only (no CONFIG_KALLSYMS_ALL);
 * undefined for other kernels, and if there is none.
 */
function* configData(kernel: Kernel): Generator<SearchStep, bigint | undefined, void> {
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
    if (pages % 256 === 255)
      yield {
        kind: "progress",
        what: "searching for the kernel's configuration",
        done,
        total: MAX_SEARCHED_BYTES,
      };
  }
  return undefined;
}

/** Maximum length of the text by which the kernel recognizes modules of its own build, in bytes. */
const MAX_VERMAGIC = 512;

/**
 * Tells whether the kernel was built with CONFIG_RANDSTRUCT, which lays out structures in an order that a seed of the
 * build decides. The text by which such a kernel recognizes modules of its own build (include/linux/vermagic.h) has
 * `RANDSTRUCT_` and a hash of the seed (`RANDSTRUCT_PLUGIN_` before v5.19). False if that text is not in the dump, or
 * the kernel has no symbol for it (kernel/module/main.c: vermagic).
 */
export function hasRandomLayout(kernel: Kernel): boolean {
  const symbol = kernel.symbols.find("vermagic");
  const text = symbol && attempt(() => kernel.memory.cString(symbol.address, MAX_VERMAGIC));
  return typeof text === "string" && / RANDSTRUCT_/.test(text);
}
