/** Futexes that tasks wait for. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Obj } from "../../model/object.ts";
import { inodeText } from "../fs/fileText.ts";
import { fileInode } from "../fs/openEnds.ts";
import { pageSize } from "../mm/page.ts";
import { vmas } from "../mm/vma.ts";
import type { Found, Resource } from "./resource.ts";
import { MAX_CALLERS, isLinked, type Sleeper, structsOfTask } from "./sleeper.ts";

/** FUT_OFF_INODE of include/linux/futex.h: the key contains an inode, not an address. */
const FUT_OFF_INODE = 1;

/**
 * Returns the futex that a task waits for in futex(2), from the `futex_q` on its stack. Only user space knows who holds
 * a lock that is implemented with it. @throws Fault "unknown" if the stack contains no futex_q
 */
export function futexWait(sleeper: Sleeper): Found {
  for (const one of structsOfTask(sleeper, "struct futex_q", "task", sleeper.at + MAX_CALLERS)) {
    // A woken waiter is no longer in its hash bucket (kernel/futex/futex.h: struct futex_q).
    if (one.at("lock_ptr").value() === 0n || !isLinked(sleeper.kernel, one.at("list.node_list").address)) continue;
    const waiter = { type: "struct futex_q", address: one.address };
    return { waiter, resource: { kind: "futex", type: undefined, ...keyOf(sleeper, one) } };
  }
  throw Fault.of("unknown", "the task's stack contains no queued struct futex_q of the task");
}

/**
 * Returns the user address of a futex, with its `mm_struct` if it is private to a process. For a futex in a shared file:
 * the address of the inode, which is the same for all processes, with the place in the file as text; the address of the
 * waiter if the inode is not found. @param waiting `struct futex_q`
 */
function keyOf({ kernel, task }: Sleeper, waiting: Obj): Pick<Resource, "address" | "mm"> & { detail: string } {
  const offset = waiting.at("key.both.offset").number();
  const within = BigInt(offset & ~3);
  if ((offset & FUT_OFF_INODE) === 0) {
    const address = waiting.at("key.private.address").value() + within;
    return { address, mm: waiting.at("key.private.mm").value(), detail: hex0x(address) };
  }
  const unnamed = { address: waiting.address, detail: "of a shared file" };
  // Since Linux kernel commit 8019ad13ef7f ("futex: Fix inode life-time issue") (in v5.6) the key has the inode's number.
  if (!waiting.at("key").has("shared.i_seq")) return unnamed;
  const sequence = waiting.at("key.shared.i_seq").value();
  const place = waiting.at("key.shared.pgoff").value() * BigInt(pageSize(kernel)) + within;
  const found = attempt(() => {
    for (const area of vmas(task.at("mm").deref())) {
      const file = area.at("vm_file").deref();
      if (file.address === 0n) continue;
      const inode = fileInode(file);
      if (inode.at("i_sequence.counter").value() === sequence) return { inode, name: inodeText(inode) };
    }
    return undefined;
  });
  if (found === undefined || found instanceof Fault) return unnamed;
  return { address: found.inode.address, detail: `at offset ${hex0x(place)} of ${found.name}` };
}

/**
 * Returns the user address of a futex with priority inheritance whose rt_mutex a task waits for, as a phrase; undefined
 * if the rt_mutex is not that of a futex (kernel/futex/pi.c: futex_lock_pi()). @param lock address of the rt_mutex
 */
export function inheritedFutex(sleeper: Sleeper, lock: bigint): string | undefined {
  if (!sleeper.kernel.types.find("struct", "futex_q")) return undefined;
  for (const one of structsOfTask(sleeper, "struct futex_q", "task", sleeper.at + MAX_CALLERS)) {
    const state = attempt(() => one.at("pi_state").deref());
    if (state instanceof Fault || state.address === 0n || state.at("pi_mutex").address !== lock) continue;
    return `PI futex ${keyOf(sleeper, one).detail}`;
  }
  return undefined;
}
