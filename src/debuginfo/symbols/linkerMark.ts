/** Names that the linker script gives to the start and end of sections. scripts/kallsyms.c also lists them last. */
export const isLinkerMark = (name: string): boolean => /^__(start|stop|end)_|^__.*_(start|end)$/.test(name);

/** A mark at an end: it comes after the last byte of its section, and what follows is not part of the section. */
export const isEndMark = (name: string): boolean =>
  /^__(stop|end)_|^__.*_(stop|end)$|^_(end|edata|etext|einittext)$/.test(name);

/**
 * A `struct lock_class_key` of a lock's initializer (`static struct lock_class_key __key`). It is empty without
 * lockdep, so that it has the address of the next object.
 */
export const isLockKey = (name: string): boolean => /^__key(\.\d+)?$/.test(name);
