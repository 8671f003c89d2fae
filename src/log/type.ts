/** syzkaller's classes of titles whose kind has several (pkg/report/crash, Apache-2.0; see ThirdPartyNotices.md). */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^KASAN: (?:slab-)?use-after-free Write/, "KASAN-USE-AFTER-FREE-WRITE"],
  [/^KASAN: (?:slab-)?use-after-free/, "KASAN-USE-AFTER-FREE-READ"],
  [/^KASAN: null-ptr-deref Write/, "KASAN-NULL-POINTER-DEREFERENCE-WRITE"],
  [/^KASAN: null-ptr-deref Read/, "KASAN-NULL-POINTER-DEREFERENCE-READ"],
  [
    /^KASAN: (?:(?:global|slab|stack|vmalloc)-)?out-of-bounds Write|^KASAN: (?:user|wild)-memory-access Write/,
    "KASAN-WRITE",
  ],
  [
    /^KASAN: (?:(?:global|stack|vmalloc|slab)-)?out-of-bounds|^KASAN: (?:invalid-access|unknown-crash|user-memory-access) Read|^KASAN: wild-memory-access/,
    "KASAN-READ",
  ],
  [/^KASAN: /, "KASAN-UNKNOWN"],
  [/^KFENCE: use-after-free write/, "KFENCE-USE-AFTER-FREE-WRITE"],
  [/^KFENCE: use-after-free/, "KFENCE-USE-AFTER-FREE-READ"],
  [/^KFENCE: (?:invalid|out-of-bounds) write/, "KFENCE-WRITE"],
  [/^KFENCE: (?:invalid read|out-of-bounds)/, "KFENCE-READ"],
  [/^KFENCE: memory corruption/, "KFENCE-MEMORY-CORRUPTION"],
  [/^KFENCE: invalid free/, "KFENCE-INVALID-FREE"],
  [/^KFENCE: /, "KFENCE-UNKNOWN"],
  [/^KMSAN: uninit-value/, "KMSAN-UNINIT-VALUE"],
  [/^KMSAN: (?:kernel-(?:usb-)?infoleak-after-free|use-after-free)/, "KMSAN-USE-AFTER-FREE-READ"],
  [/^KMSAN: kernel-(?:usb-)?infoleak/, "KMSAN-INFO-LEAK"],
  [/^KMSAN: /, "KMSAN-UNKNOWN"],
  [/^KCSAN: data-race/, "KCSAN-DATARACE"],
  [/^KCSAN: assert: race in/, "KCSAN-ASSERT"],
  [/^KCSAN: /, "KCSAN-UNKNOWN"],
  [/^UBSAN: array-index-out-of-bounds/, "MEMORY_SAFETY_UBSAN"],
  [/^UBSAN: /, "UBSAN"],
  [/^BUG: (?:Object already free)/, "DoS"],
  [/^(?:attempt to|rust_kernel)/, ""],
  [/^WARNING: (?:kernel stack|corrupted)/, ""],
  [/^WARNING: lock held/, "LOCKDEP"],
  [/^WARNING: /, "WARNING"],
];

/** Returns the class of a title; empty where syzkaller has none for it. */
export const typeOf = (title: string): string => TYPES.find(([pattern]) => pattern.test(title))?.[1] ?? "";
