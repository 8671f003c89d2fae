/** Owners of wait queues. The function that waits determines the type of the owner. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskAt, taskTable } from "../sched/task.ts";
import type { Found, Holder, ResourceState } from "./resource.ts";
import { frameFunction, type Sleeper } from "./sleeper.ts";

/**
 * Returns the owner of a wait queue; the queue itself if its owner is not known. @param queue address of the
 * `wait_queue_head`
 */
export function ownerOfQueue(
  sleeper: Sleeper,
  entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
  queue: bigint,
  task: Obj<"struct task_struct">,
): Found {
  const { kernel, frames, at } = sleeper;
  const frame = frames[at];
  const name = frame === undefined ? "" : (frameFunction(frame) ?? "");
  for (const { functions, find } of OWNERS) {
    if (!functions.test(name)) continue;
    const found = attempt(() => find(kernel, queue, entry, task));
    if (found && !(found instanceof Fault)) return found;
  }
  return { resource: { kind: "wait queue", type: "struct wait_queue_head", address: queue } };
}

interface QueueOwner {
  readonly functions: RegExp;
  readonly find: (
    kernel: Kernel,
    queue: bigint,
    entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
    task: Obj<"struct task_struct">,
  ) => Found | undefined;
}

const OWNERS: readonly QueueOwner[] = [
  { functions: /^(do_wait|__do_wait|kernel_wait4|do_wait_pid)$/, find: child },
  { functions: /^(anon_)?pipe_(read|write)$|^pipe_wait_(read|writ)able$/, find: pipe },
  {
    functions: /^(jbd2_\w+|add_transaction_credits|wait_transaction_\w+|start_this_handle|kjournald2)$/,
    find: journal,
  },
  { functions: /^(blk_mq_get_tag|__blk_mq_alloc_requests)$/, find: tag },
];

/** Returns the wait for a child: wait4(2) waits on the queue of its own process (kernel/exit.c: do_wait()). */
function child(
  _kernel: Kernel,
  queue: bigint,
  _entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
  task: Obj<"struct task_struct">,
): Found | undefined {
  const own = task.at("signal.wait_chldexit").address;
  return own === queue ? { resource: { kind: "child", type: "struct wait_queue_head", address: queue } } : undefined;
}

/** Returns the pipe of a queue: `rd_wait` or `wr_wait` since v5.6 (commit 0ddad21d3e99). */
function pipe(kernel: Kernel, queue: bigint): Found | undefined {
  const type = "struct pipe_inode_info";
  for (const member of ["rd_wait", "wr_wait"]) {
    const probe = kernel.object(type, 0n);
    if (!probe.has(member)) continue;
    const pipe = kernel.object(type, queue - probe.at(member).address);
    const [readers, writers] = [pipe.at("readers").number(), pipe.at("writers").number()];
    const [size, files] = [pipe.at("ring_size").number(), pipe.at("files").number()];
    // The ring size of a pipe is a power of two, and each of its files is a reader or a writer.
    if (size < 1 || (size & (size - 1)) !== 0 || files < 1 || readers > files || writers > files) continue;
    const note =
      member === "rd_wait"
        ? `until a writer writes (writers: ${writers})`
        : `until a reader reads (readers: ${readers})`;
    const fields = [
      { type, address: pipe.address, path: "readers", value: String(readers) },
      { type, address: pipe.address, path: "writers", value: String(writers) },
    ];
    const found: ResourceState = { holders: [], note, fields };
    return {
      resource: { kind: "pipe", type, address: pipe.address, detail: member },
      mode: member === "rd_wait" ? "read" : "write",
      state: found,
    };
  }
  return undefined;
}

const QUEUES = [
  "j_wait_transaction_locked",
  "j_wait_done_commit",
  "j_wait_commit",
  "j_wait_updates",
  "j_wait_reserved",
];

/** Queues that the journal's thread wakes after a commit (fs/jbd2/commit.c). */
const BY_COMMIT: readonly string[] = ["j_wait_transaction_locked", "j_wait_done_commit"];

/** Returns the jbd2 journal of a queue. It is valid if its thread is a task. */
function journal(kernel: Kernel, queue: bigint): Found | undefined {
  const type = "struct journal_s";
  const probe = kernel.object(type, 0n);
  for (const member of QUEUES) {
    if (!probe.has(member)) continue;
    const journal = kernel.object(type, queue - probe.at(member).address);
    const thread = attempt(() => journal.at("j_task").value());
    if (thread instanceof Fault || !taskAt(kernel, thread)) continue;
    const detail = `${member} of ${journal.has("j_devname") ? journal.at("j_devname").text() : "journal"}`;
    const how = "the journal's thread, which commits the transaction";
    const fields = [{ type, address: journal.address, path: "j_task", value: `0x${thread.toString(16)}` }];
    return {
      resource: { kind: "journal", type, address: journal.address, detail },
      state: {
        holders:
          member === "j_wait_updates"
            ? handleHolders(journal)
            : BY_COMMIT.includes(member)
              ? [{ task: thread, certainty: "likely", how }]
              : [],
        fields,
      },
    };
  }
  return undefined;
}

/**
 * Returns the tasks with an open handle of the current transaction: the commit waits until they close it. Each task has
 * its handle in `task_struct.journal_info` (fs/jbd2/transaction.c: jbd2__journal_start()).
 */
function handleHolders(journal: Obj<"struct journal_s">): Holder[] {
  const { kernel } = journal;
  const transactions = [journal.at("j_committing_transaction").value(), journal.at("j_running_transaction").value()];
  const holders: Holder[] = [];
  for (const task of taskTable(kernel).tasks) {
    const handle = attempt(() => task.at("journal_info").value());
    if (typeof handle !== "bigint" || handle === 0n) continue;
    const transaction = attempt(() => kernel.object("struct jbd2_journal_handle", handle).at("h_transaction").value());
    if (typeof transaction !== "bigint" || transaction === 0n || !transactions.includes(transaction)) continue;
    holders.push({ task: task.address, certainty: "likely", how: "has an open handle of the transaction" });
  }
  return holders;
}

/** Returns the tags that a task waits for: blk_mq_get_tag() waits with a `struct sbq_wait`, which points to them. */
function tag(
  kernel: Kernel,
  _queue: bigint,
  entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
): Found | undefined {
  if (!kernel.types.find("struct", "sbq_wait")) return undefined;
  const address = entry.containerOf("struct sbq_wait", "wait").at("sbq").value();
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  return { resource: { kind: "tag", type: "struct sbitmap_queue", address } };
}
