/**
 * Whether the linker script gives this name to the start or end of a section. scripts/kallsyms.c also lists these names
 * last.
 */
export const isLinkerMark = (name: string): boolean => /^__(start|stop|end)_|^__.*_(start|end)$/.test(name);

/** Whether a mark is at an end. Then the bytes that follow it are not part of the section. */
export const isEndMark = (name: string): boolean =>
  /^__(stop|end)_|^__.*_(stop|end)$|^_(end|edata|etext|einittext)$/.test(name);

/**
 * Whether a symbol is a `struct lock_class_key` of a lock's initializer (`static struct lock_class_key __key`). Without
 * lockdep it is empty, so it has the address of the next symbol.
 */
export const isLockKey = (name: string): boolean => /^__key(\.\d+)?$/.test(name);
