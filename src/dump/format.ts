/** The interfaces between dump formats and the rest of the engine. */
import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { RandomFile } from "../base/file.ts";
import type { Utsname } from "../base/utsname.ts";
import type { Note } from "../elf/notes.ts";

export type { Note };

/** A PT_LOAD segment of an ELF core: virtual address of a run of physical memory. All values are in bytes. */
export interface Segment {
  readonly virtual: bigint;
  readonly physical: bigint;
  /** Bytes that the file holds. */
  readonly fileSize: bigint;
  /** Bytes that the machine had. What exceeds `fileSize` was filtered out or cut off. */
  readonly memorySize: bigint;
}

/** The facts in the headers of a dump file. Those that a format does not record are absent. */
export interface DumpFacts {
  /** `struct new_utsname` from the dump header. */
  readonly utsname?: Utsname;
  /** Header version of a kdump-compressed file, 1-6. */
  readonly headerVersion?: number;
  /** Dump level of makedumpfile -d, a bit mask: 1 zero pages, 2 cache, 4 private cache, 8 user, 16 free pages. */
  readonly dumpLevel?: number;
  /** Compression named in the header: "zlib", "lzo", "snappy", "zstd"; each page may differ. */
  readonly compression?: string;
  /**
   * Why the dump lacks pages that were to be in it: its writer ran out of space and recorded it, one of its files was not
   * given, or its file ends before its last page, where its headers do not say how large it should be.
   */
  readonly incomplete?: "no space" | "missing file" | "ends early";
  /** For a file that ends too early: its size, and the least size that its headers and tables require, in bytes. */
  readonly cut?: { readonly size: number; readonly expected: number };
  /** For the memory of a machine that was not dumped: whether it runs while it is read, or is paused. */
  readonly live?: "running" | "paused";
  /** Time of the dump header, in seconds since the epoch. */
  readonly timestamp?: number;
  readonly cpus?: number;
  readonly currentCpu?: number;
  readonly physBase?: bigint;
  /** Number of pages written, according to the header. */
  readonly writtenPages?: number;
  /** Lines of text that describe what makedumpfile --config erased. */
  readonly eraseinfo?: string;
  /** Paths of the dump's files; for a split set in order of their pages. */
  readonly files: readonly string[];
}

/**
 * Receives what is read of a dump: `length` bytes from `from` of `piece`, which is a page that `DumpImage.page`
 * returned or a part of its buffer. `isWhole`: the rest of a page was handed out, as for scans, whatever is used of it.
 */
export type ReadRecorder = (piece: Uint8Array, from: number, length: number, isWhole?: boolean) => void;

/** An opened dump file of any format: physical pages and notes. */
export interface DumpImage {
  /**
   * The file, or the first file of a split set; a flattened file is presented as restored. Absent if the memory is not
   * from a file.
   */
  readonly file?: RandomFile;
  /** Name of the format that users see: "kdump-compressed", "ELF core", "flattened kdump-compressed". */
  readonly format: string;
  readonly byteOrder: ByteOrder;
  /** Size of a `long` of the dumped machine in bytes. */
  readonly wordSize: 4 | 8;
  /** `e_machine` of an ELF core; undefined for other formats. */
  readonly elfMachine: number | undefined;
  /** Page size in bytes; a power of two. */
  readonly pageSize: number;
  readonly notes: readonly Note[];
  /** The VMCOREINFO text (`KEY=value` lines), if the file contains it. */
  readonly vmcoreinfo: string | undefined;
  readonly facts: DumpFacts;
  /** Segments of an ELF core; empty for other formats. */
  readonly segments: readonly Segment[];
  /** One more than the highest page frame number that the dump covers. */
  readonly maxPfn: number;
  /**
   * Returns the page, exactly `pageSize` bytes, or the reason why it is absent: Fault `excluded`, `missing` or
   * `truncated`. Never throws, because scans call it millions of times. The bytes are shared with the cache: do not
   * write to them.
   */
  page(pfn: number): Uint8Array | Fault;
  /**
   * For scans: fills `target` with whole pages from `pfn` on, up to the end of a run that is contiguous and
   * uncompressed in the file. @returns the number of bytes; 0 where pages must be decoded one by one
   */
  run?(pfn: number, target: Uint8Array): number;
  /** Whether the dump contains the page. Does not decode it. */
  has(pfn: number): boolean;
  /**
   * Returns the page frame of this image that contains a frame of the host. Present for a paravirtualized Xen guest,
   * whose page-table entries contain page frames of the host.
   */
  guestFrame?(hostFrame: number): number;
  /** Returns the first page at or after `pfn` that the dump contains; -1 if there is none. */
  next(pfn: number): number;
  /** Returns the same as `next` for the dump that this one was distilled from. Absent for other dumps. */
  sourceNext?(pfn: number): number;
  /** Receives each read of the address spaces over this dump, if its reads are recorded. */
  readonly onRead?: ReadRecorder;
  close(): void;
}

/**
 * A range of physical addresses that raw memory contains, `first` and `last` included. `last` can be undefined for the
 * last range, which then ends with the file.
 */
export interface RawRange {
  readonly first: number;
  readonly last: number | undefined;
}

export interface OpenOptions {
  /** The ranges of files that are memory without a header, in the order of the file. */
  readonly raw?: readonly RawRange[];
  /** Size of the cache of pages in bytes. Default: 64 MiB; 8 MiB if the file holds the pages uncompressed. */
  readonly cacheBytes?: number;
}

/** The row of a format in docs/formats.md, in Markdown. */
export interface FormatRow {
  /** Programs that write the format. */
  readonly writers: string;
  /** What is read, and what is not. */
  readonly reads: string;
  /** Public description of the format. */
  readonly source: string;
  /** What the reader was tested on. */
  readonly tested: string;
}

/** A dump format: a probe and an opener. To add one, write its file and list it in formats.ts. */
export interface DumpFormat {
  readonly name: string;
  readonly row: FormatRow;
  /** Whether a file with these first bytes (up to 8 KiB) is of this format. */
  probe(head: Uint8Array): boolean;
  /** Whether files that `probe` does not recognize can be parts of a dump whose first file it does. */
  readonly hasOtherFiles?: true;
  /**
   * Opens one dump. `probe` recognizes the first file. Several files are allowed only for a split set. @throws Fault
   * corrupt or truncated when the headers cannot be used
   */
  open(files: readonly RandomFile[], options: OpenOptions): DumpImage;
}
