import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { _NSIG, signalName, signalsOf } from "../../../../linux/sched/signal.ts";
import { threads } from "../../../../linux/sched/task.ts";
import type { Obj } from "../../../../model/object.ts";
import { command } from "../../../language/command.ts";
import { guarded } from "../../../../say/guarded.ts";
import { hexNumber } from "../../../language/number.ts";
import { type Pieces, record, text } from "../../../../say/piece.ts";
import { ownPending, sharedPending, signalActions } from "./signals.ts";
import { taskHeading } from "../../../say/taskHeading.ts";
import { selectTasks } from "../../../language/taskSelector.ts";

export const sig = command({
  name: "sig",
  readsOnly: true,
  summary: "how tasks handle signals, and which wait",
  usage: "[[-l] | [-s sigset]] | [-g] [pid | task] ...",
  options: [
    { flag: "-l", help: "numbers and names of the signals" },
    { flag: "-s", argument: "sigset", help: "the names of the signals in a 64-bit hexadecimal sigset_t" },
    { flag: "-g", help: "the whole process: what all threads share, then what waits for each" },
  ],
  description: `Shows for each signal its sigaction, handler, mask and flags; whether a signal waits that is not blocked; and the signals that wait, for the task alone (private) and for its process (shared), with their siginfo.

Without a task, the current one is shown.`,
  examples: [
    { line: "sig 1", shows: "Signals of a task." },
    { line: "sig -g 1", shows: "Those of a process with all its threads." },
    { line: "sig -s 800A000000000201", shows: "Which signals a set holds." },
    { line: "sig -l", shows: "Numbers and names." },
  ],
  *run(context, args) {
    if (args.has("-l")) return yield* names();
    const set = args.value("-s");
    if (set !== undefined) return yield setNames(set);
    for (const [i, task] of selectTasks(context, args.rest).entries()) {
      if (i > 0) yield text("");
      yield* guarded(args.has("-g") ? processSignals(task) : taskSignals(task));
    }
  },
});

function* names(): Pieces {
  for (let number = 1; number <= _NSIG; number++)
    yield record({ signal: number, name: signalName(number) }, `${`[${number}]`.padStart(4)} ${signalName(number)}`);
}

/** @throws UsageError */
function setNames(word: string) {
  const set = hexNumber(word);
  if (set === undefined) throw new UsageError(`not a sigset_t: ${word}`);
  // Of two names of one signal the first, as it is written in programs.
  const found = signalsOf(set).map((number) => signalName(number).replace(/\/.*/, ""));
  return record({ sigset: hex0x(set), signals: found }, found.join(" "));
}

function* taskSignals(task: Obj): Pieces {
  yield text(taskHeading(task));
  yield* signalActions(task);
  yield* ownPending(task);
  yield sharedPending(task);
}

function* processSignals(task: Obj): Pieces {
  const leader = task.at("group_leader").deref();
  yield text(taskHeading(leader));
  yield* signalActions(leader);
  yield sharedPending(leader);
  for (const thread of threads(leader)) {
    yield text("", ["  ", ...taskHeading(thread)]);
    yield* ownPending(thread, "  ");
  }
}
