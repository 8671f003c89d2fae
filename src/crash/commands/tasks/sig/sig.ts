/** The `sig` command: signal handling and pending signals. */
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
  summary: "signal handling and pending signals of tasks",
  usage: "[[-l] | [-s sigset]] | [-g] [pid | task] ...",
  options: [
    { flag: "-l", help: "numbers and names of the signals" },
    { flag: "-s", argument: "sigset", help: "the names of the signals in a 64-bit hexadecimal sigset_t" },
    { flag: "-g", help: "the whole process: what all threads share, then the signals pending for each thread" },
  ],
  description: `Shows the sigaction, handler, mask and flags of each signal; whether a signal is pending that is not blocked; and the pending signals of the task alone (private) and of its process (shared), with their siginfo.

The default is the current task.`,
  examples: [
    { line: "sig 1", shows: "Signals of a task." },
    { line: "sig -g 1", shows: "Signals of a process with all its threads." },
    { line: "sig -s 800A000000000201", shows: "The signals in a set." },
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

/** The table of `sig -l`. Rows are signal numbers. */
export const namesTable: Table<number> = {
  columns: {
    signal: { kind: "number", title: "", width: 4, value: (number) => number, text: (number) => `[${number}]` },
    name: { kind: "text", title: "", value: signalName },
  },
};

/** The table of `sig -s`. Rows are signal sets. */
export const setTable: Table<bigint> = {
  columns: {
    sigset: { kind: "integer", unit: "hex", value: (set) => set },
    // If a signal has two names, the first one, which programs use.
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

/** Parses a hexadecimal `sigset_t`. @throws UsageError when the word is not a hexadecimal number */
function sigset(word: string): bigint {
  const set = hexNumber(word);
  if (set === undefined) throw new UsageError(`not a hexadecimal sigset_t: ${word}`);
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
