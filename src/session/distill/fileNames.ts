/** Removes the names of files from a recorded dump. */
import { attempt } from "../../base/fault.ts";
import type { Recording } from "../../dump/recording.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import { slabAt } from "../../linux/slab/slabObject.ts";
import { slabOfPfn } from "../../linux/slab/slabPage.ts";
import { objectAt, objectLayout } from "../../linux/slab/slubFreelist.ts";
import type { Kernel } from "../../model/kernel.ts";
import { eraseRange } from "./keep.ts";

/** Maximum size of a file name in bytes: NAME_MAX and a NUL. */
const MAX_NAME = 256;

/** Erases the names in all `struct dentry`s whose pages are kept. */
export function eraseFileNames(kernel: Kernel, recording: Recording): void {
  const done = new Set<bigint>();
  for (const pfn of recording.pfns) {
    attempt(() => {
      const found = slabOfPfn(kernel, pfn);
      if (!found || done.has(found.slab) || cacheName(found.cache) !== "dentry") return;
      done.add(found.slab);
      const layout = objectLayout(slabAt(found.cache, found.slab));
      for (let index = 0; index < layout.count; index++)
        attempt(() => eraseName(kernel, recording, objectAt(layout, index)));
    });
  }
}

function eraseName(kernel: Kernel, recording: Recording, address: bigint): void {
  const dentry = kernel.object("struct dentry", address);
  const inline = dentry.at(dentry.has("d_shortname") ? "d_shortname" : "d_iname");
  eraseRange(kernel, recording, inline.address, inline.size);
  const name = dentry.at("d_name.name").value();
  if (name !== inline.address && kernel.memory.isKernelAddress(name)) eraseRange(kernel, recording, name, MAX_NAME);
}
