/** Futexes that tasks wait for. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Found } from "./resource.ts";
import { isLinked, type Sleeper, structsOfTask } from "./sleeper.ts";

/** FUT_OFF_INODE of include/linux/futex.h: the key contains an inode, not an address. */
const FUT_OFF_INODE = 1;

/**
 * Returns the futex that a task waits for in futex(2), from the `futex_q` on its stack. Only user space knows who holds
 * a lock that is implemented with it. @throws Fault "unknown" if the stack contains no futex_q
 */
export function futexWait(sleeper: Sleeper): Found {
  for (const one of structsOfTask(sleeper, "struct futex_q", "task", sleeper.at + 3)) {
    // A woken waiter is no longer in its hash bucket (kernel/futex/futex.h: struct futex_q).
    if (one.at("lock_ptr").value() === 0n || !isLinked(sleeper.kernel, one.at("list.node_list").address)) continue;
    const offset = one.at("key.both.offset").number();
    const waiter = { type: "struct futex_q", address: one.address };
    const address = one.at("key.private.address").value();
    if ((offset & FUT_OFF_INODE) !== 0)
      return { waiter, resource: { kind: "futex", type: undefined, address: one.address, detail: "of a shared file" } };
    const word = address + BigInt(offset & ~3);
    return { waiter, resource: { kind: "futex", type: undefined, address: word, detail: hex0x(word) } };
  }
  throw Fault.of("unknown", "the task's stack contains no queued struct futex_q of the task");
}
