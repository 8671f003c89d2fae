/** Page cache of block devices. */
import type { Kernel } from "../../model/kernel.ts";
import { listEntries } from "../../kernel/list.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/**
 * Returns the number of page cache pages of block devices, which the kernel counts as buffers (block/bdev.c:
 * nr_blockdev_pages). Since Linux kernel commit e33c267ab70d that function walks the inodes of the block devices' file
 * system; the list `all_bdevs` was removed in v5.11. @throws Fault
 */
export function blockDevicePages(kernel: Kernel): number {
  let pages = 0;
  if (globalAddress(kernel, "all_bdevs") !== undefined) {
    for (const device of listEntries(kernel, kernel.variable("all_bdevs"), "struct block_device", "bd_list"))
      pages += device.at("bd_inode.i_mapping.nrpages").number();
    return pages;
  }
  const inodes = kernel.variable("blockdev_superblock").at("s_inodes");
  for (const inode of listEntries(kernel, inodes, "struct inode", "i_sb_list"))
    pages += inode.at("i_mapping.nrpages").number();
  return pages;
}
