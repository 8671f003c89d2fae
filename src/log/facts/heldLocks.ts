/** The locks that a report lists as held. */

/** A lock of the list "N locks held by", in the order in which they were taken. */
export interface HeldLock {
  readonly name: string;
  /**
   * lockdep's inner wait type of the lock (since 5.8): while it is held, only locks whose outer wait type is not higher
   * may be taken.
   */
  readonly inner: number | undefined;
}

/** `#0: ffff888011aa0a58 (&a->lock){+.+.}-{3:3}, at: f+0x44/0x90` (kernel/locking/lockdep.c, print_lock). */
const HELD =
  /^\s{0,32}#\d{1,3}: {1,4}(?:[0-9a-f]{8,16} )?\((.{1,160}?)\)\{[^}]{0,40}\}(?:-\{\d{1,2}:(\d{1,2})\})?, at:/;

/**
 * Returns the locks of the first list. A report can have one list for each task; each list begins with its line "N
 * locks held by".
 */
export const heldLocks = ({ texts }: { readonly texts: readonly string[] }): HeldLock[] =>
  listFrom(
    texts,
    texts.findIndex((text) => /^\s{0,32}\d{1,4} locks? held by /.test(text)),
  );

/**
 * Returns the locks of a task in the lists of all tasks (debug_show_all_locks()). lockdep lists a lock from the request
 * on, so that a waiting task has not got the last one.
 */
export const locksOf = ({ texts }: { readonly texts: readonly string[] }, pid: number): HeldLock[] =>
  listFrom(
    texts,
    texts.findIndex((text) => /^\s{0,32}\d{1,4} locks? held by .{1,64}?\/(\d{1,10}):/.exec(text)?.[1] === String(pid)),
  );

function listFrom(texts: readonly string[], start: number): HeldLock[] {
  if (start < 0) return [];
  const locks: HeldLock[] = [];
  for (const text of texts.slice(start + 1)) {
    if (/^\s{0,32}\d{1,4} locks? held by /.test(text)) break;
    const match = HELD.exec(text);
    if (match) locks.push({ name: match[1] ?? "", inner: match[2] === undefined ? undefined : Number(match[2]) });
  }
  return locks;
}
