/** The line of a copy between kernel memory and user space that the kernel refused. */

export interface RefusedCopy {
  /** Whether kernel memory was to be written, else read. */
  readonly isWrite: boolean;
  /** What the memory is: "SLUB object", "process stack", "kernel text"; up to 4.15 the name of the cache or of the memory. */
  readonly memory: string;
  /** Name of the slab cache. */
  readonly cache: string | undefined;
  /** Address of the memory, which only kernels up to 4.15 print. */
  readonly address: bigint | undefined;
  /** Offset in the object, in bytes. */
  readonly offset: number | undefined;
  /** Bytes that were to be copied. */
  readonly size: number | undefined;
  /** The kernel only warned (usercopy_warn(), 4.16 to 5.15), and the copy went on. */
  readonly isAllowed: boolean;
}

/** mm/usercopy.c, usercopy_abort(): `... detected to SLUB object 'lab' (offset 8, size 64)!`. */
const LINE =
  /ernel memory (exposure|overwrite) attempt detected (?:from|to) ([\w ]{1,40}?)(?: '([^']{1,64})')?(?: \((?:offset (\d{1,15}), )?size (\d{1,15})\))?!/;
/** mm/usercopy.c up to 4.15, report_usercopy(): `... detected from ffff88001c2a4630 (lab) (11 bytes)`. */
const OLD_LINE =
  /ernel memory (exposure|overwrite) attempt detected (?:from|to) ([0-9a-f]{8,16}) \(<?([^()<>]{1,64})>?\) \((\d{1,15}) bytes\)/;

const number = (digits: string | undefined): number | undefined => (digits === undefined ? undefined : Number(digits));

/** Reads the line of a refused copy; undefined for another line. */
export function readRefusedCopy(text: string): RefusedCopy | undefined {
  const old = OLD_LINE.exec(text);
  if (old) {
    const [, verb, address, memory = "", size] = old;
    return {
      isWrite: verb === "overwrite",
      memory,
      cache: undefined,
      address: BigInt(`0x${address}`),
      offset: undefined,
      size: number(size),
      isAllowed: false,
    };
  }
  const found = LINE.exec(text);
  if (!found) return undefined;
  const [, verb, memory = "", cache, offset, size] = found;
  return {
    isWrite: verb === "overwrite",
    memory,
    cache,
    address: undefined,
    offset: number(offset),
    size: number(size),
    isAllowed: text.includes("whitelist?"),
  };
}
