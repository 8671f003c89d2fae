/** A name that the linker script gives to where a section begins or ends; scripts/kallsyms.c puts these last too. */
export const isLinkerMark = (name: string): boolean => /^__(start|stop|end)_|^__.*_(start|end)$/.test(name);

/** A mark behind the last byte of what it ends: what follows it is not its own. */
export const isEndMark = (name: string): boolean =>
  /^__(stop|end)_|^__.*_(stop|end)$|^_(end|edata|etext|einittext)$/.test(name);

/**
 * A `struct lock_class_key` of a lock's initialiser (`static struct lock_class_key __key`): empty without lockdep, so
 * that it shares its address with whatever follows.
 */
export const isLockKey = (name: string): boolean => /^__key(\.\d+)?$/.test(name);
