import { readFileSync } from "node:fs";
import { bytesFile } from "../../src/base/file.ts";
import { Fault } from "../../src/base/fault.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";
import { type Session, sessionOver } from "../../src/session/open/open.ts";

/** Bytes at a physical address, in hexadecimal. */
export type Change = readonly [physical: number, hex: string];

/** A dump whose memory holds other bytes in some places. */
export function altered(dump: DumpImage, changes: readonly Change[]): DumpImage {
  const pages = new Map<number, Uint8Array>();
  for (const [physical, hex] of changes) {
    Buffer.from(hex, "hex").forEach((byte, i) => {
      const pfn = Math.floor((physical + i) / dump.pageSize);
      let page = pages.get(pfn);
      if (!page) {
        const held = dump.page(pfn);
        if (held instanceof Fault) throw held;
        pages.set(pfn, (page = Uint8Array.from(held)));
      }
      page[(physical + i) % dump.pageSize] = byte;
    });
  }
  return {
    ...dump,
    page: (pfn) => pages.get(pfn) ?? dump.page(pfn),
    run: (pfn, target) => {
      const count = target.length / dump.pageSize;
      for (let i = 0; i < count; i++) if (pages.has(pfn + i)) return 0;
      return dump.run?.(pfn, target) ?? 0;
    },
    has: (pfn) => dump.has(pfn),
    next: (pfn) => dump.next(pfn),
    close: () => dump.close(),
  };
}

/** The embedded example with other bytes in its memory. */
export const alteredSample = (...changes: readonly Change[]): Session =>
  sessionOver(altered(openDump([bytesFile("sample", readFileSync("sample/vmcore"))]), changes), { vmcore: ["sample"] });
