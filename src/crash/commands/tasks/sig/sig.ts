import { UsageError } from "../../../../base/usageError.ts";
import { _NSIG, signalName, signalsOf } from "../../../../linux/sched/signal.ts";
import { threads } from "../../../../linux/sched/task.ts";
import type { Obj } from "../../../../model/object.ts";
import { command } from "../../../language/command.ts";
import { guarded } from "../../../../say/guarded.ts";
import { hexNumber } from "../../../language/number.ts";
import { type Pieces, text } from "../../../../say/piece.ts";
import { table } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { actionsFields, ownPending, pendingForm, queueFields, sharedPending, signalActions } from "./signals.ts";
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
  records: () => [
    { line: "sig", fields: actionsFields },
    { line: "sig", fields: pendingForm().columns },
    { line: "sig", fields: queueFields },
    { line: "sig -l", fields: namesTable.columns },
    { line: "sig -s", fields: setTable.columns },
  ],
  *run(context, args) {
    const { kernel } = context;
    const numbers = Array.from({ length: _NSIG }, (_, i) => i + 1);
    if (args.has("-l")) return yield* table(kernel, namesTable, numbers, { heading: false });
    const set = args.value("-s");
    if (set !== undefined) return yield* table(kernel, setTable, [sigset(set)], { heading: false });
    for (const [i, task] of selectTasks(context, args.rest).entries()) {
      if (i > 0) yield text("");
      yield* guarded(args.has("-g") ? processSignals(task) : taskSignals(task));
    }
  },
});

/** Rows are numbers of signals. */
export const namesTable: Table<number> = {
  columns: {
    signal: { kind: "number", title: "", width: 4, value: (number) => number, text: (number) => `[${number}]` },
    name: { kind: "text", title: "", value: signalName },
  },
};

/** Rows are sets of signals. */
export const setTable: Table<bigint> = {
  columns: {
    sigset: { kind: "integer", unit: "hex", value: (set) => set },
    // Of two names of one signal the first, as it is written in programs.
    signals: {
      kind: "data",
      title: "",
      about: "names",
      value: signalNames,
      text: (_, set) => signalNames(set).join(" "),
    },
  },
};

function signalNames(set: bigint): string[] {
  return signalsOf(set).map((number) => signalName(number).replace(/\/.*/, ""));
}

/** @throws UsageError */
function sigset(word: string): bigint {
  const set = hexNumber(word);
  if (set === undefined) throw new UsageError(`not a sigset_t: ${word}`);
  return set;
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
    yield* ownPending(thread, 2);
  }
}
