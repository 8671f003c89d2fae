/** Marks of freed and unused memory, and error codes, in the values of pointers. */
import { padHex } from "../base/hex.ts";

/**
 * include/linux/poison.h, with POISON_POINTER_DELTA of 64-bit kernels (0xdead000000000000; of powerpc 0x5deadbeef0000000)
 * and without. Linux 4.3 made the offsets smaller (commit 8a5e5e02fc83).
 */
const MARKS: readonly (readonly [value: bigint, name: string, meaning: string])[] = [
  [0xdead000000000100n, "LIST_POISON1", "the next pointer of an entry that was taken out of its list"],
  [0xdead000000000122n, "LIST_POISON2", "the prev pointer of an entry that was taken out of its list"],
  [
    0xdead000000000200n,
    "LIST_POISON2 (of older kernels)",
    "the prev pointer of an entry that was taken out of its list",
  ],
  [0xdead000000100100n, "LIST_POISON1 (before 4.3)", "the next pointer of an entry that was taken out of its list"],
  [0xdead000000200200n, "LIST_POISON2 (before 4.3)", "the prev pointer of an entry that was taken out of its list"],
  [0x00100100n, "LIST_POISON1 (32 bits, before 4.3)", "the next pointer of an entry that was taken out of its list"],
  [0x00200200n, "LIST_POISON2 (32 bits, before 4.3)", "the prev pointer of an entry that was taken out of its list"],
  [0x5deadbeef0000100n, "LIST_POISON1 (powerpc)", "the next pointer of an entry that was taken out of its list"],
  [0x5deadbeef0000122n, "LIST_POISON2 (powerpc)", "the prev pointer of an entry that was taken out of its list"],
  [0xdead000000000300n, "TIMER_ENTRY_STATIC", "a timer that was never armed"],
  [0xdead000000000400n, "TAIL_MAPPING", "the mapping of a compound page's tail"],
];

/** Bytes that fill memory to mark its state; a value made of one of them was read from such memory. */
const BYTES: ReadonlyMap<number, readonly [name: string, meaning: string]> = new Map([
  [0x6b, ["POISON_FREE", "memory that was freed"]],
  [0x5a, ["POISON_INUSE", "slab memory that was never written"]],
  [0xa5, ["POISON_END", "the end of a poisoned object"]],
  [0xcc, ["POISON_FREE_INITMEM", "freed memory of the kernel's init sections, or padding of code"]],
  [0xaa, ["PAGE_POISON", "a page that was freed"]],
]);

export interface Poison {
  readonly name: string;
  readonly meaning: string;
  /** Offset in bytes from the mark to the value: the member that was used. */
  readonly offset: bigint;
}

/** The size of a page on most machines: an address below it is near NULL, and may be that of a member at NULL. */
export const PAGE = 4096n;

/** Maximum offset of a member from a pointer to its structure, in bytes. */
const MAX_MEMBER = 0x1000n;

/** Alignment of list entries in structures of 64-bit kernels, in bytes. */
const ENTRY_ALIGN = 8n;

/** The marks of `next` and `prev`, from which container_of() computes the address of an entry's structure. */
const LINKS = MARKS.slice(0, 2);

/**
 * Returns the mark that a value is, or from which it differs by the offset of a member; undefined for an ordinary
 * value.
 */
export function poisonOf(value: bigint): Poison | undefined {
  for (const [mark, name, meaning] of MARKS) {
    if (value >= mark && value < mark + (mark < 0x1_0000_0000n ? 0x100n : 0x80n)) {
      const exact = MARKS.find(([other]) => other === value);
      const [of, what, why] = exact ?? [mark, name, meaning];
      return { name: what, meaning: why, offset: value - of };
    }
  }
  return aroundEntry(value) ?? filledWith(value);
}

function aroundEntry(value: bigint): Poison | undefined {
  for (const [mark, name, meaning] of LINKS) {
    const less = mark - value;
    if (less > 0n && less < MAX_MEMBER && less % ENTRY_ALIGN === 0n) return { name, meaning, offset: -less };
  }
  return undefined;
}

/**
 * The last word of a poisoned object of the slab, on little-endian and on big-endian machines: POISON_FREE, and
 * POISON_END in its last byte in memory.
 */
const LAST_WORDS = [0xa56b_6b6b_6b6b_6b6bn, 0x6b6b_6b6b_6b6b_6ba5n];

/**
 * Returns the mark that fills a value, or from which the value differs by the offset of a member; undefined if there is
 * none.
 */
function filledWith(value: bigint): Poison | undefined {
  const bytes = value > 0xffff_ffffn ? 8 : 4;
  const top = Number((value >> BigInt(8 * (bytes - 1))) & 0xffn);
  const known = BYTES.get(top);
  const found: Poison[] = [];
  const consider = (mark: bigint, [name, meaning]: readonly [string, string]): void => {
    const offset = value - mark;
    if (offset > -MAX_MEMBER && offset < MAX_MEMBER) found.push({ name, meaning, offset });
  };
  if (known) consider(BigInt(`0x${padHex(top, 2).repeat(bytes)}`), known);
  for (const word of LAST_WORDS) consider(word, ["POISON_FREE", "memory that was freed"]);
  // On big-endian machines two marks are 58 bytes apart. Offsets of pointers and links are multiples of 8.
  return found.find(({ offset }) => offset % ENTRY_ALIGN === 0n) ?? found[0];
}

/** The errors that pointers carry: include/uapi/asm-generic/errno-base.h and errno.h, include/linux/errno.h. */
const ERRORS: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  22: "EINVAL",
  28: "ENOSPC",
  34: "ERANGE",
  38: "ENOSYS",
  71: "EPROTO",
  95: "EOPNOTSUPP",
  110: "ETIMEDOUT",
  517: "EPROBE_DEFER",
};

/** include/linux/err.h: MAX_ERRNO. */
const MAX_ERRNO = 4095n;

/**
 * Returns the error that a pointer carries (ERR_PTR); undefined for other values and for errors without a name here.
 * @param bits width of a pointer: 64, or 32
 */
export function errorOf(value: bigint, bits: 32 | 64): { readonly name: string; readonly number: number } | undefined {
  const negative = BigInt.asUintN(bits, -value);
  if (negative === 0n || negative > MAX_ERRNO) return undefined;
  const name = ERRORS[Number(negative)];
  return name === undefined ? undefined : { name, number: Number(negative) };
}
