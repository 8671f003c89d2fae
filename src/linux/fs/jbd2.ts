/** Journals of jbd2, which ext4 and ocfs2 use (fs/jbd2/journal.c). */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { isKernelThread, taskComm, taskPid, taskTable } from "../sched/task.ts";

/** A journal and the kernel thread that commits it. */
export interface Journal {
  /**
   * Such as `vda1-8`: the device and the inode of the journal; cut to 10 characters, because it comes from the thread's
   * name.
   */
  readonly name: string;
  readonly pid: number;
  readonly journal: Obj<"struct journal_s">;
}

/**
 * Yields the journals, found by their threads, which the kernel names `jbd2/DEVICE-INODE`. @throws Fault if a thread's
 * data cannot be read
 */
export function* journals(kernel: Kernel): Generator<Journal> {
  for (const task of taskTable(kernel).tasks) {
    const comm = attempt(() => (isKernelThread(task) ? taskComm(task) : ""));
    if (comm instanceof Fault || !comm.startsWith("jbd2/")) continue;
    const journal = kernel.object("struct journal_s", threadData(task));
    // Skip data that is not a journal: a journal points back to its thread.
    if (journal.at("j_task").value() !== task.address) continue;
    yield { name: comm.slice("jbd2/".length), pid: taskPid(task), journal };
  }
}

/**
 * Returns the argument of a kernel thread's function: `kthread_data()`. The `struct kthread` is in `worker_private`
 * since Linux kernel commit e32cf5dfbe22 ("kthread: Generalize pf_io_worker so it can point to struct kthread") (in
 * v5.17), and before in `set_child_tid`. @throws Fault
 */
function threadData(task: Obj<"struct task_struct">): bigint {
  const member = task.has("worker_private") ? "worker_private" : "set_child_tid";
  return task.kernel.object("struct kthread", task.at(member).value()).at("data").value();
}
