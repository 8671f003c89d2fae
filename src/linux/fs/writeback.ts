/** Inodes with data to be written. */
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";

/**
 * Lists of a bdi_writeback: dirty inodes, inodes being written, inodes with more to write, inodes with only new
 * timestamps.
 */
const DIRTY_LISTS = ["b_dirty", "b_io", "b_more_io", "b_dirty_time"];

/**
 * Yields the inodes of a `struct super_block` that are to be written, from the lists of its backing device
 * (include/linux/backing-dev-defs.h). @throws Fault where a list breaks
 */
export function* dirtyInodes(superBlock: Obj<"struct super_block">): Generator<Obj<"struct inode">> {
  const { kernel } = superBlock;
  const device = superBlock.at("s_bdi");
  if (device.value() === 0n) return;
  // `i_wb_list` was renamed by Linux kernel commit c7f5408493ae (in v4.3), and has another meaning since v4.8.
  const inode = kernel.object("struct inode", 0n);
  const link = inode.has("i_io_list") ? "i_io_list" : "i_wb_list";
  for (const writeback of writebacks(device.deref())) {
    for (const list of DIRTY_LISTS) {
      if (!writeback.has(list)) continue;
      for (const dirty of listEntries(kernel, writeback.at(list), "struct inode", link))
        if (dirty.at("i_sb").value() === superBlock.address) yield dirty;
    }
  }
}

/**
 * Yields the writeback structs of a device: one for each cgroup that writes since Linux kernel commit b817525a4a80 (in
 * v4.4), which lists them.
 */
function* writebacks(device: Obj<"struct backing_dev_info">): Generator<Obj<"struct bdi_writeback">, void, void> {
  if (device.has("wb_list"))
    yield* listEntries(device.kernel, device.at("wb_list"), "struct bdi_writeback", "bdi_node");
  else yield device.at("wb");
}
