/** Wait queues of locks of files: fcntl(2) and flock(2). */
import { Fault } from "../../../base/fault.ts";
import { listEntries } from "../../../kernel/list.ts";
import { derived } from "../../../model/derived.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { fileText } from "../../fs/fileText.ts";
import { taskPid, taskTable } from "../../sched/task.ts";
import type { Found, Holder } from "../resource.ts";
import type { QueuedEntry } from "./queueResource.ts";

const TYPE = "struct file_lock";
/** Flags in `flc_flags` (before v6.9 `fl_flags`): include/linux/filelock.h, before v6.3 include/linux/fs.h. */
const FL_POSIX = 1;
const FL_FLOCK = 2;
const FL_OFDLCK = 1024;
/** Maximum number of requests between a request and the lock that blocks it. */
const MAX_STEPS = 1 << 16;

/**
 * Returns the lock that a task waits for; undefined if none blocks the request. The wait queue is in the task's request
 * (`struct file_lock`). The request is in `blocked_requests` of the lock or request that blocks it; the end of that
 * chain is the lock (fs/locks.c). The members are in `file_lock_core` since Linux kernel commit a69ce85ec9af
 * ("filelock: split common fields into struct file_lock_core") (in v6.9). @throws Fault
 */
export function fileLockWait({ sleeper: { kernel }, queue }: QueuedEntry): Found | undefined {
  const member = membersOf(kernel);
  const request = kernel.object(TYPE, queue - kernel.object(TYPE, 0n).at(member("wait")).address);
  let lock = request;
  for (let steps = 0; ; steps++) {
    const blocker = kernel.object(TYPE, lock.at(member("blocker")).value());
    if (blocker.address === 0n) break;
    const blocked = listEntries(kernel, blocker.at(member("blocked_requests")), TYPE, member("blocked_member"));
    if (![...blocked].some(({ address }) => address === lock.address))
      throw Fault.at("corrupt", lock.address, "the request is not in the list of the lock that blocks it");
    if (steps > MAX_STEPS)
      throw Fault.at("corrupt", request.address, `the chain of blocked requests has more than ${MAX_STEPS} links`);
    lock = blocker;
  }
  if (lock.address === request.address) return undefined;
  const flags = request.at(member("flags")).number();
  const kind = (flags & FL_FLOCK) !== 0 ? "flock of" : (flags & FL_OFDLCK) !== 0 ? "OFD lock of" : "POSIX lock of";
  const type = request.at(member("type")).number();
  const holder = holderOf(kernel, lock, member);
  return {
    resource: {
      kind: "file lock",
      type: TYPE,
      address: lock.address,
      phrase: `${kind} ${fileText(request.at(member("file")).deref())}`,
    },
    // F_RDLCK of include/uapi/asm-generic/fcntl.h
    mode: type === 0 ? "read" : "write",
    state: {
      holders: holder ? [holder] : [],
      ...(holder ? {} : { note: "the lock does not name a task that still exists" }),
      fields: [
        { type: TYPE, address: lock.address, path: member("pid"), value: String(lock.at(member("pid")).number()) },
      ],
    },
  };
}

/** Returns a function that adds the prefix of this kernel to the name of a member. */
function membersOf(kernel: Kernel): (name: string) => string {
  const isSplit = kernel.object(TYPE, 0n).has("c.flc_wait");
  return (name) => (isSplit ? `c.flc_${name}` : `fl_${name}`);
}

/** The first task that uses each `files_struct`. The owner in a POSIX lock is a `files_struct`. */
const byFiles = derived("tasks by files_struct", (kernel) => {
  const found = new Map<bigint, bigint>();
  for (const task of taskTable(kernel).tasks) {
    const files = task.at("files").value();
    if (files !== 0n && !found.has(files)) found.set(files, task.address);
  }
  return found;
});

/**
 * Returns the task that has a lock. For a POSIX lock: the task whose `files_struct` owns it. For others: the task whose
 * pid was recorded; another task may have the open file now. Undefined if there is no such task.
 */
function holderOf(kernel: Kernel, lock: Obj, member: (name: string) => string): Holder | undefined {
  const flags = lock.at(member("flags")).number();
  if ((flags & FL_POSIX) !== 0 && (flags & FL_OFDLCK) === 0) {
    const task = byFiles(kernel).get(lock.at(member("owner")).value());
    if (task !== undefined) return { task, certainty: "certain", how: "its files_struct is the owner in the lock" };
  }
  const pid = BigInt.asIntN(32, lock.at(member("pid")).value());
  const task = pid > 0n ? taskTable(kernel).tasks.find((one) => taskPid(one) === Number(pid)) : undefined;
  const how = "its pid is in the lock; another task may have the open file now";
  return task && { task: task.address, certainty: "likely", how };
}
