import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Found } from "./resource.ts";
import { isLinked, type Sleeper, structsOfTask } from "./sleeper.ts";

/** FUT_OFF_INODE and FUT_OFF_MMSHARED of include/linux/futex.h: what kind of key it is. */
const FUT_OFF_INODE = 1;

/**
 * The user's word that a task waits for in futex(2): by the `futex_q` on its stack. Who has a lock that is made of it
 * is known to user space alone.
 * @throws Fault unknown where the stack has none
 */
export function futexWait(sleeper: Sleeper): Found {
  for (const one of structsOfTask(sleeper, "struct futex_q", "task", sleeper.at + 3)) {
    // Woken: not in its hash bucket any more (kernel/futex/futex.h: struct futex_q).
    if (one.at("lock_ptr").value() === 0n || !isLinked(sleeper.kernel, one.at("list.node_list").address)) continue;
    const offset = one.at("key.both.offset").number();
    const waiter = { type: "struct futex_q", address: one.address };
    const address = one.at("key.private.address").value();
    if ((offset & FUT_OFF_INODE) !== 0)
      return { waiter, resource: { kind: "futex", type: undefined, address: one.address, detail: "of a shared file" } };
    const word = address + BigInt(offset & ~3);
    return { waiter, resource: { kind: "futex", type: undefined, address: word, detail: hex0x(word) } };
  }
  throw Fault.of("unknown", "no struct futex_q of the task lies on its stack");
}
