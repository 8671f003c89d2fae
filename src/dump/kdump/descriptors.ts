/** The table of page descriptors of a kdump-compressed file. */
import { viewOf, type ByteOrder } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { Lru } from "../../base/lru.ts";
import { FILE_ENDS } from "../pages.ts";

/** Where and how a page is stored: struct page_desc of makedumpfile's diskdump_mod.h. */
export interface Descriptor {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

export const DESCRIPTOR_BYTES = 24;
/** Number of descriptors that are read at once. */
const PER_BLOCK = 2048;
/** Number of cached blocks: 3 MiB for 131072 pages. */
const KEPT = 64;

/** Returns how many descriptors fit in a file whose table begins at `start`. */
export const descriptorCount = (file: RandomFile, start: number): number =>
  Math.max(0, Math.floor((file.size - start) / DESCRIPTOR_BYTES));

/** Returns a function that reads descriptor `i` of the table at `start`. */
export function descriptors(file: RandomFile, start: number, order: ByteOrder): (i: number) => Descriptor | Fault {
  const little = order === "little";
  const blocks = new Lru<number, DataView>(KEPT);
  let lastIndex = -1;
  let last: DataView | undefined;

  function block(index: number): DataView | Fault {
    if (index === lastIndex && last) return last;
    let found = blocks.get(index);
    if (!found) {
      const bytes = readBytes(file, start + index * PER_BLOCK * DESCRIPTOR_BYTES, PER_BLOCK * DESCRIPTOR_BYTES);
      if (bytes instanceof Fault) return bytes;
      found = viewOf(bytes);
      blocks.set(index, found);
    }
    lastIndex = index;
    last = found;
    return found;
  }

  return (i) => {
    const view = block(Math.floor(i / PER_BLOCK));
    if (view instanceof Fault) return view;
    const at = (i % PER_BLOCK) * DESCRIPTOR_BYTES;
    if (at + DESCRIPTOR_BYTES > view.byteLength) return Fault.of("truncated", FILE_ENDS);
    const first = view.getUint32(at, little);
    const second = view.getUint32(at + 4, little);
    return {
      offset: little ? second * 2 ** 32 + first : first * 2 ** 32 + second,
      size: view.getUint32(at + 8, little),
      flags: view.getUint32(at + 12, little),
    };
  };
}
