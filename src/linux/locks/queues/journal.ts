/** Wait queues of jbd2 journals. */
import { attempt, Fault } from "../../../base/fault.ts";
import { hex0x } from "../../../base/hex.ts";
import type { Obj } from "../../../model/object.ts";
import { taskAt, taskTable } from "../../sched/task.ts";
import type { Found, Holder } from "../resource.ts";
import type { QueuedEntry } from "./queueResource.ts";

const QUEUES = [
  "j_wait_transaction_locked",
  "j_wait_done_commit",
  "j_wait_commit",
  "j_wait_updates",
  "j_wait_reserved",
];

/** Queues that the journal's thread wakes while it commits or when it is done (fs/jbd2/commit.c). */
const BY_COMMIT: readonly string[] = ["j_wait_transaction_locked", "j_wait_done_commit"];

/** Returns the jbd2 journal of a queue. It is valid if its thread is a task. */
export function journalWait({ sleeper: { kernel }, queue }: QueuedEntry): Found | undefined {
  const type = "struct journal_s";
  const probe = kernel.object(type, 0n);
  for (const member of QUEUES) {
    if (!probe.has(member)) continue;
    const journal = kernel.object(type, queue - probe.at(member).address);
    const thread = attempt(() => journal.at("j_task").value());
    if (thread instanceof Fault || !taskAt(kernel, thread)) continue;
    const detail = `${member} of ${journal.has("j_devname") ? journal.at("j_devname").text() : "journal"}`;
    const how = "the journal's thread, which commits the transaction";
    const fields = [{ type, address: journal.address, path: "j_task", value: hex0x(thread) }];
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
 * Returns the tasks with an open handle of the committing or the running transaction: the commit waits until they close
 * it. Each task has its handle in `task_struct.journal_info` (fs/jbd2/transaction.c: jbd2__journal_start()).
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
