import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { RandomFile } from "../base/file.ts";
import type { Note } from "../elf/notes.ts";

export type { Note };

/** A PT_LOAD of an ELF core: where a run of physical memory was mapped. All in bytes. */
export interface Segment {
  readonly virtual: bigint;
  readonly physical: bigint;
  /** Bytes the file holds. */
  readonly fileSize: bigint;
  /** Bytes the machine had; what exceeds `fileSize` was filtered or cut. */
  readonly memorySize: bigint;
}

/** `struct new_utsname`. */
export interface Utsname {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** What a dump file says of itself besides memory. What a format does not record is absent. */
export interface DumpFacts {
  /** `struct new_utsname` as the dump header copied it. */
  readonly utsname?: Utsname;
  /** Header version of a kdump-compressed file, 1-6. */
  readonly headerVersion?: number;
  /** makedumpfile's -d level: bit 0 zero pages, 1 cache, 2 private cache, 3 user, 4 free. */
  readonly dumpLevel?: number;
  /** Compression named in the header: "zlib", "lzo", "snappy", "zstd"; each page may differ. */
  readonly compression?: string;
  /** makedumpfile ran out of space and says so, or a file of a split set was not given. */
  readonly incomplete?: boolean;
  /** Where a file ends too early: bytes that it has, and that its headers and tables speak of, at least. */
  readonly cut?: { readonly size: number; readonly expected: number };
  /** Seconds since the epoch in the dump's header. */
  readonly timestamp?: number;
  readonly cpus?: number;
  readonly currentCpu?: number;
  readonly physBase?: bigint;
  /** Pages that the header says were written. */
  readonly writtenPages?: number;
  /** What was scrubbed by makedumpfile --config: text lines. */
  readonly eraseinfo?: string;
  /** The files it was opened from; of a split set in order of the pages they hold. */
  readonly files: readonly string[];
}

/** The one thing every dump file is, whatever its format: physical pages and notes. */
export interface DumpImage {
  /** The file, the first of a split set; what was flattened is restored. Absent from a dump that is in no file. */
  readonly file?: RandomFile;
  /** For people: "kdump-compressed", "ELF core", "flattened kdump-compressed". */
  readonly format: string;
  readonly byteOrder: ByteOrder;
  /** Bytes of a target `long`. */
  readonly wordSize: 4 | 8;
  /** `e_machine` of an ELF core, else undefined. */
  readonly elfMachine: number | undefined;
  /** Bytes; a power of two. */
  readonly pageSize: number;
  readonly notes: readonly Note[];
  /** The VMCOREINFO text, `KEY=value` lines, where the file carries one. */
  readonly vmcoreinfo: string | undefined;
  readonly facts: DumpFacts;
  readonly segments: readonly Segment[];
  /** One more than the highest page frame number that the dump can speak of. */
  readonly maxPfn: number;
  /**
   * The page, exactly `pageSize` bytes, or why it is not here. Never throws: scans ask millions of times.
   * The bytes are shared with the cache: never write to them.
   */
  page(pfn: number): Uint8Array | Fault;
  /**
   * For scans: fills `target` with whole pages from `pfn` on, as many as lie together in the file as they are.
   * @returns bytes; 0 where pages have to be decoded one by one
   */
  run?(pfn: number, target: Uint8Array): number;
  /** Whether the dump holds the page, without decoding it. */
  has(pfn: number): boolean;
  /** The first held page at or after `pfn`; -1 when there is none. For scans over memory. */
  next(pfn: number): number;
  close(): void;
}

export interface OpenOptions {
  /** Bytes of decoded pages to keep; 64 MiB unless given. */
  readonly cacheBytes?: number;
}

/** A format is a probe and an opener. To add one: write the file, list it in formats.ts. */
export interface DumpFormat {
  readonly name: string;
  /** Whether these first bytes (up to 4 KiB; fewer from a short file) are of this format. */
  probe(head: Uint8Array): boolean;
  /**
   * Opens one dump; several files only for a split set.
   * @throws Fault corrupt or truncated when headers cannot be used at all
   */
  open(files: readonly RandomFile[], options: OpenOptions): DumpImage;
}
