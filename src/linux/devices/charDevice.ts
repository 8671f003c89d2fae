/** Character devices. */
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { chain } from "../../kernel/chain.ts";

/** Number of bits of a `dev_t` for the minor number (include/linux/kdev_t.h). */
const MINORBITS = 20;

/**
 * Yields the regions of character device numbers, `struct char_device_struct`, in the order of the hash table by major.
 * @throws Fault
 */
export function* charDeviceRegions(kernel: Kernel): Generator<Obj<"struct char_device_struct">> {
  for (const slot of kernel.variable("chrdevs").elements()) yield* chain(slot);
}

/**
 * Returns the `struct cdev` that is used when the first number of a region is opened; undefined if there is none. A
 * region that was registered as a whole has a pointer to it. For others it is in the device map, where the smallest
 * range wins, as in kobj_lookup (drivers/base/map.c). @throws Fault
 */
export function regionCdev(kernel: Kernel, region: Obj<"struct char_device_struct">): Obj<"struct cdev"> | undefined {
  if (region.at("cdev").value() !== 0n) return region.at("cdev").deref();
  const major = region.at("major").number();
  const device = BigInt(major) * (1n << BigInt(MINORBITS)) + region.at("baseminor").value();
  let found: { range: bigint; data: bigint } | undefined;
  for (const probe of chain(
    kernel
      .variable("cdev_map")
      .at("probes")
      .index(major % 255),
  )) {
    const first = probe.at("dev").value();
    const range = probe.at("range").value();
    if (device < first || device >= first + range || (found && range >= found.range)) continue;
    found = { range, data: probe.at("data").value() };
  }
  return found && found.data !== 0n ? kernel.object("struct cdev", found.data) : undefined;
}
