/** Checks whether the journals of file systems commit. */
import { attempt } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { hz, jiffies64 } from "../../linux/time/timekeeping.ts";
import { journals as allJournals, type Journal } from "../../linux/fs/jbd2.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum length in nanoseconds of a commit to be reported, and to be a suspect. */
const MIN_NS = SECOND;
const SUSPECT_NS = 10n * SECOND;
/**
 * Minimum time in nanoseconds by which a commit is overdue to be reported, and to be a suspect. A journal commits every
 * 5 s by default.
 */
const MIN_OVERDUE_NS = 5n * SECOND;
const SUSPECT_OVERDUE_NS = 30n * SECOND;

/** Reports jbd2 journals (ext4, ocfs2) whose commit takes long or is overdue. */
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
  // t_requested is 0 if the commit was started without a request, because the transaction expired.
  const requested = transaction.at("t_requested").value();
  const age = since(kernel, requested === 0n ? transaction.at("t_expires").value() : requested);
  if (age < MIN_NS) return undefined;
  return observed(
    "journals",
    age >= SUSPECT_NS ? "suspect" : "note",
    { journal: name, pid, age_ns: age, state: "committing" },
    [
      `The journal ${name} has not finished the commit that was ${requested === 0n ? "due" : "requested"} ${timeWords(age)} ago; later commits wait for it.`,
    ],
    { kind: "output", command: `bt ${pid}`, text: `the thread of the journal ${name} [${pid}]` },
    {
      kind: "field",
      type: "struct transaction_s",
      address: transaction.address,
      path: "t_state",
      value: stateOf(transaction),
    },
  );
}

/** Returns the state of a transaction: an enumerator of `transaction_s.t_state`, such as T_LOCKED. @throws Fault */
function stateOf(transaction: Obj<"struct transaction_s">): string {
  const state = transaction.at("t_state");
  const type = bare(state.type);
  const value = state.value();
  return (type.kind === "enum" && type.values.find((one) => one.value === value)?.name) || String(value);
}

/**
 * Returns how far the thread is with the commit of a running transaction. It stays the running one while the thread
 * waits for the handles that are open in it (jbd2_journal_commit_transaction(), fs/jbd2/commit.c).
 */
function progressOf(transaction: Obj<"struct transaction_s">): string {
  const state = stateOf(transaction);
  // T_RUNNING is 0.
  if (transaction.at("t_state").value() === 0n) return "its thread has not begun it";
  const updates = attempt(() => transaction.at("t_updates.counter").number());
  return state === "T_LOCKED" && typeof updates === "number" && updates > 0
    ? `its thread waits for ${countWords(updates, "open handle")} of the transaction (t_updates)`
    : `its thread has begun it (${state})`;
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
    [`The commit of the journal ${name} is overdue by ${timeWords(late)}: ${progressOf(transaction)}.`],
    { kind: "output", command: `bt ${pid}`, text: `the thread of the journal ${name} [${pid}]` },
    {
      kind: "field",
      type: "struct transaction_s",
      address: transaction.address,
      path: "t_state",
      value: stateOf(transaction),
    },
  );
}
