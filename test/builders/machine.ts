import { viewOf } from "../../src/base/bytes.ts";
import { Fault } from "../../src/base/fault.ts";
import type { DumpFacts, DumpImage, Note, Segment } from "../../src/dump/format.ts";

const PRESENT_WRITABLE = 0x3n;
const LARGE = 0x80n;

/** A toy x86_64 machine: pages of physical memory, and four-level tables that grow as addresses are mapped. */
export class Machine {
  readonly pages = new Map<number, Uint8Array>();
  /** Where the next table goes. */
  private free: bigint;

  constructor(firstTable = 0x10_0000n) {
    this.free = firstTable;
  }

  /** A table of nothing. */
  table(): bigint {
    const at = this.free;
    this.free += 4096n;
    this.put(at, new Uint8Array(4096));
    return at;
  }

  put(physical: bigint, bytes: Uint8Array | string): void {
    const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    data.forEach((byte, i) => {
      const at = Number(physical) + i;
      let page = this.pages.get(at >> 12);
      if (!page) this.pages.set(at >> 12, (page = new Uint8Array(4096)));
      page[at & 4095] = byte;
    });
  }

  /** Maps a page of 4 KiB, or of 2 MiB. */
  map(root: bigint, address: bigint, physical: bigint, size: 4096 | 2097152 = 4096): void {
    let table = root;
    const leaf = size === 4096 ? 12n : 21n;
    for (let shift = 39n; shift > leaf; shift -= 9n) {
      const at = table + ((address >> shift) & 511n) * 8n;
      if (this.word(at) === 0n) this.putWord(at, this.table() | PRESENT_WRITABLE);
      table = this.word(at) & ~4095n;
    }
    this.putWord(table + ((address >> leaf) & 511n) * 8n, physical | PRESENT_WRITABLE | (size === 4096 ? 0n : LARGE));
  }

  image(parts: Partial<DumpImage> & { readonly facts?: DumpFacts; readonly notes?: readonly Note[] } = {}): DumpImage {
    return dumpOf(this.pages, parts);
  }

  private word(physical: bigint): bigint {
    const page = this.pages.get(Number(physical >> 12n));
    return page ? viewOf(page).getBigUint64(Number(physical & 4095n), true) : 0n;
  }

  private putWord(physical: bigint, value: bigint): void {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setBigUint64(0, value, true);
    this.put(physical, bytes);
  }
}

/** A dump that holds these pages, by page frame number. */
export function dumpOf(pages: ReadonlyMap<number, Uint8Array>, parts: Partial<DumpImage> = {}): DumpImage {
  const numbers = [...pages.keys()].sort((a, b) => a - b);
  const segments: readonly Segment[] = [];
  return {
    format: "toy",
    byteOrder: "little",
    wordSize: 8,
    elfMachine: 62,
    pageSize: 4096,
    notes: [],
    vmcoreinfo: undefined,
    facts: { files: [] },
    segments,
    maxPfn: (numbers.at(-1) ?? -1) + 1,
    page: (pfn) => pages.get(pfn) ?? Fault.at("excluded", BigInt(pfn) << 12n, "page excluded from dump"),
    has: (pfn) => pages.has(pfn),
    next: (pfn) => numbers.find((number) => number >= pfn) ?? -1,
    close() {},
    ...parts,
  };
}
