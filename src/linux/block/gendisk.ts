/** Disks and block device numbers. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { chain } from "../../kernel/chain.ts";
import { listEntries } from "../../kernel/list.ts";
import { noteSymbol } from "../vmcoreinfo.ts";

/**
 * Yields the registered block majors, `struct blk_major_name`, in the order of the hash table (block/genhd.c:
 * major_names). @throws Fault
 */
export function* blockMajors(kernel: Kernel): Generator<Obj<"struct blk_major_name">> {
  for (const slot of kernel.variable("major_names").elements()) yield* chain(slot);
}

/**
 * Yields the whole disks, `struct gendisk`, in the order in which they were added. @throws Fault where the list of the
 * block class breaks
 */
export function* disks(kernel: Kernel): Generator<Obj<"struct gendisk">> {
  const diskType = noteSymbol(kernel, "disk_type");
  for (const device of classDevices(kernel, kernel.variable("block_class"))) {
    if (device.at("type").value() === diskType) yield diskOf(device);
  }
}

/**
 * Returns the disk of a device of type `disk_type`. The device is in the block_device of the whole disk since Linux
 * kernel commit 0d02129e76ed ("block: merge struct block_device and struct hd_struct") (in v5.11); before, in the
 * disk's own partition struct.
 */
function diskOf(device: Obj<"struct device">): Obj<"struct gendisk"> {
  const disk = device.kernel.object("struct gendisk", 0n);
  if (disk.has("part0.__dev")) return device.containerOf(disk.type, "part0.__dev");
  return device.containerOf("struct block_device", "bd_device").at("bd_disk").deref();
}

/** Yields the devices of a `struct class`, `struct device`. @throws Fault */
export function* classDevices(kernel: Kernel, deviceClass: Obj<"struct class">): Generator<Obj<"struct device">> {
  const devices = classPrivate(kernel, deviceClass).at("klist_devices.k_list");
  for (const member of listEntries(kernel, devices, "struct device_private", "knode_class.n_node"))
    yield member.at("device").deref();
}

/**
 * Returns the driver core's private data of a class. Since Linux kernel commit 7b884b7f24b4 ("driver core: class.c:
 * convert to only use class_to_subsys") (in v6.4) the class has no pointer to it, so that all classes are searched.
 */
function classPrivate(kernel: Kernel, deviceClass: Obj<"struct class">): Obj<"struct subsys_private"> {
  if (deviceClass.has("p")) return deviceClass.at("p").deref();
  const classes = kernel.variable("class_kset").at("list");
  for (const kobject of listEntries(kernel, classes, "struct kobject", "entry")) {
    const subsystem = kobject.containerOf("struct subsys_private", "subsys.kobj");
    if (subsystem.at("class").value() === deviceClass.address) return subsystem;
  }
  throw Fault.at("unknown", deviceClass.address, "the class is not registered in class_kset");
}

/**
 * Returns the `struct gendisk` of a bio. `bi_bdev` exists since Linux kernel commit 309dca309fc3 ("block: store a
 * block_device pointer in struct bio") (in v5.12). @throws Fault
 */
export const bioDisk = (bio: Obj<"struct bio">): Obj<"struct gendisk"> =>
  bio.at(bio.has("bi_bdev") ? "bi_bdev.bd_disk" : "bi_disk").deref();
