/** Checks whether the journals of file systems commit. */
import { hz, jiffies64 } from "../../linux/time/timekeeping.ts";
import { journals as allJournals, type Journal } from "../../linux/fs/jbd2.ts";
import type { Kernel } from "../../model/kernel.ts";
import { pause } from "../check.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum length in nanoseconds of a commit that is reported, and of one that is a suspect. */
const MIN_NS = SECOND;
const SUSPECT_NS = 10n * SECOND;
/**
 * Minimum time in nanoseconds by which a reported commit is overdue, and one that is a suspect; a journal commits every
 * 5 s by default.
 */
const MIN_OVERDUE_NS = 5n * SECOND;
const SUSPECT_OVERDUE_NS = 30n * SECOND;

/** Reports jbd2 journals (ext4, ocfs2) whose commit takes long, or does not begin. */
export const journals: HealthCheck = {
  id: "journals",
  title: "journal commits",
  shows: "ps -k | grep jbd2",
  *run(kernel) {
    let count = 0;
    for (const journal of allJournals(kernel)) {
      yield pause("journals");
      count++;
      const finding = committing(kernel, journal) ?? overdue(kernel, journal);
      if (finding) yield finding;
    }
    return count === 0
      ? "No file system has a jbd2 journal."
      : `${countWords(count, "jbd2 journal")}; no commit takes longer than a second, and none is overdue.`;
  },
};

/** Returns the time since a jiffies stamp, in nanoseconds. */
const since = (kernel: Kernel, stamp: bigint): bigint =>
  (BigInt.asIntN(kernel.arch.wordSize * 8, jiffies64(kernel) - stamp) * SECOND) / BigInt(hz(kernel));

function committing(kernel: Kernel, { name, pid, journal }: Journal): Finding | undefined {
  const pointer = journal.at("j_committing_transaction");
  if (pointer.value() === 0n) return undefined;
  const transaction = pointer.deref();
  // t_requested is 0 if the commit was started without a request.
  const requested = transaction.at("t_requested").value();
  const age = since(kernel, requested === 0n ? transaction.at("t_expires").value() : requested);
  if (age < MIN_NS) return undefined;
  return observed(
    "journals",
    age >= SUSPECT_NS ? "suspect" : "note",
    { journal: name, pid, age_ns: age, state: "committing" },
    [
      `The journal ${name} has been committing a transaction for ${timeWords(age)}; data written since then waits for it.`,
    ],
    { kind: "output", command: `bt ${pid}`, text: `the thread of the journal ${name} [${pid}]` },
    { kind: "field", type: "struct transaction_s", address: transaction.address, path: "t_state", value: "committing" },
  );
}

function overdue(kernel: Kernel, { name, pid, journal }: Journal): Finding | undefined {
  const pointer = journal.at("j_running_transaction");
  if (pointer.value() === 0n) return undefined;
  const transaction = pointer.deref();
  const late = since(kernel, transaction.at("t_expires").value());
  if (late < MIN_OVERDUE_NS) return undefined;
  return observed(
    "journals",
    late >= SUSPECT_OVERDUE_NS ? "suspect" : "note",
    { journal: name, pid, age_ns: late, state: "running" },
    [`The commit of the journal ${name} is overdue by ${timeWords(late)}: its thread has not begun it.`],
    { kind: "output", command: `bt ${pid}`, text: `the thread of the journal ${name} [${pid}]` },
    { kind: "field", type: "struct transaction_s", address: transaction.address, path: "t_state", value: "running" },
  );
}
