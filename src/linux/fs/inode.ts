/** Inodes and the page cache. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { xarrayEntries } from "../../kernel/xarray.ts";

/** Source: include/uapi/linux/stat.h. */
const S_IFMT = 0o170000;
const FILE_TYPES = {
  0o010000: "FIFO",
  0o020000: "CHR",
  0o040000: "DIR",
  0o060000: "BLK",
  0o100000: "REG",
  0o120000: "LNK",
  0o140000: "SOCK",
} as const;

/**
 * Type of an inode according to `i_mode`; undefined for inodes that the kernel uses itself, such as those of epoll and
 * timers.
 */
export type FileType = (typeof FILE_TYPES)[keyof typeof FILE_TYPES];

/** Returns the type of an inode; undefined for an unknown one. @throws Fault */
export const fileType = (inode: Obj<"struct inode">): FileType | undefined =>
  FILE_TYPES[(inode.at("i_mode").number() & S_IFMT) as keyof typeof FILE_TYPES];

/** Returns the `struct address_space` with an inode's pages. @throws Fault */
export const inodeMapping = (inode: Obj<"struct inode">): Obj<"struct address_space"> => inode.at("i_mapping").deref();

/**
 * Returns the `struct inode` at an address that a user entered. It is valid if the inode to which its pages belong has
 * the same `i_mapping`, because several inodes of a block device share the pages of one (include/linux/fs.h: i_mapping,
 * host). @throws Fault "corrupt" if it is not an inode
 */
export function inodeAt(kernel: Kernel, address: bigint): Obj<"struct inode"> {
  const inode = kernel.object("struct inode", address);
  inode.bytes();
  const hostMapping = attempt(() => inodeMapping(inode).at("host.i_mapping").value());
  if (hostMapping !== inode.at("i_mapping").value()) throw Fault.at("corrupt", address, "not an inode");
  return inode;
}

/** Returns the number of pages of a `struct address_space` in the page cache. @throws Fault */
export const cachedPages = (mapping: Obj<"struct address_space">): number => mapping.at("nrpages").number();

/** A page in the page cache. */
export interface CachedPage {
  /** Offset from the start of the file, in pages. */
  readonly index: bigint;
  /** Address of its `struct page`, or of its `struct folio`, which starts with one. */
  readonly page: bigint;
}

/**
 * Yields the pages of a `struct address_space` by ascending index, without the entries of evicted or swapped-out pages.
 * `page_tree` became `i_pages` in v4.17 (commit b93b016313b3). @throws Fault as `xarrayEntries`
 */
export function* pageCache(mapping: Obj<"struct address_space">): Generator<CachedPage> {
  const tree = mapping.at(mapping.has("i_pages") ? "i_pages" : "page_tree");
  for (const { index, entry } of xarrayEntries(mapping.kernel, tree)) {
    // A shadow or swap entry is a value; a pointer has both low bits clear.
    if ((entry & 3n) === 0n) yield { index, page: entry };
  }
}
