/** The tables of `sig`: signal actions and pending signals of a task. */
import { attempt, Fault, faultLast } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import {
  isSignalPending,
  queuedSignals,
  sigactionFlags,
  sigactions,
  signalName,
  signalSet,
} from "../../../../linux/sched/signal.ts";
import { taskPid } from "../../../../linux/sched/task.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import { form, recordData, TableLayout } from "../../../../render/layout.ts";
import { indent as blanks } from "../../../../render/pad.ts";
import {
  faultJson,
  faultSpan,
  type Json,
  type Line,
  lazyRecord,
  type Piece,
  type Pieces,
  text,
} from "../../../../say/piece.ts";
import type { Fields, Form, Table } from "../../../../say/table.ts";

/** Number of hexadecimal digits of a signal set. */
const SET_DIGITS = 16;
const setText = (set: bigint): string => padHex(set, SET_DIGITS);

/**
 * Returns the name or address of a handler. SIG_DFL and SIG_IGN are not addresses
 * (include/uapi/asm-generic/signal-defs.h).
 */
const handlerText = (handler: bigint): string => ["SIG_DFL", "SIG_IGN"][Number(handler)] ?? hex(handler);

/** The cached rows of a `struct sighand_struct`, which threads share. */
const actionRows = sharedRows<ActionRow>("signal actions");

/** Yields the process's `signal_struct`, and the action for each signal. */
export function* signalActions(task: Obj): Pieces {
  const { kernel } = task;
  const signal = task.at("signal");
  const struct = attempt(() => signal.value());
  const count = signal.has("nr_threads") ? "nr_threads" : "sigcnt.counter";
  yield text([
    "SIGNAL_STRUCT: ",
    struct instanceof Fault ? faultSpan(struct) : addressSpan(kernel, struct),
    `  ${count === "nr_threads" ? "NR_THREADS" : "COUNT"}: `,
    cell(() => signal.at(count).value(), String).span,
  ]);
  const layout = new TableLayout(kernel, actionsTable);
  yield layout.heading();
  const rows = actionRows(kernel).of(task.at("sighand").value(), function* () {
    let number = 0;
    for (const action of sigactions(task)) {
      const row = { action, number: ++number };
      yield { data: recordData(actionsTable.columns, row), line: layout.line(row) };
    }
  });
  for (const { data, line } of rows) {
    const piece = (): Json => ({ pid: cell(() => taskPid(task)).json, ...data });
    yield lazyRecord(piece, () => [line], { fields: actionsFields });
  }
}

/** The action for a signal, which all threads of a process share. */
interface ActionRow {
  readonly data: { readonly [key: string]: Json };
  readonly line: Line;
}

interface Action {
  /** A `struct k_sigaction`. */
  readonly action: Obj;
  readonly number: number;
}

const actionsTable: Table<Action> = {
  columns: {
    signal: {
      kind: "number",
      title: "SIG",
      width: 4,
      value: ({ number }) => number,
      text: (number) => `[${number}]`,
    },
    name: { kind: "text", value: ({ number }) => signalName(number) },
    sigaction: { kind: "address", title: "SIGACTION", titleAlign: "center", value: ({ action }) => action.address },
    handler: {
      kind: "address",
      title: "HANDLER",
      about: "0 and 1 are SIG_DFL and SIG_IGN",
      width: 10,
      align: "right",
      titleAlign: "right",
      value: ({ action }) => action.at("sa.sa_handler").value(),
      text: handlerText,
    },
    mask: {
      kind: "integer",
      title: "MASK",
      unit: "hex",
      width: SET_DIGITS,
      align: "center",
      value: ({ action }) => signalSet(action.at("sa.sa_mask")),
      text: setText,
    },
    flags: {
      kind: "integer",
      title: "FLAGS",
      unit: "hex",
      align: "left",
      value: ({ action }) => action.at("sa.sa_flags").value(),
      text: flagsText,
    },
  },
};

/** The keys of a signal action in docs/json.md. */
export const actionsFields: Fields = { pid: { kind: "number" }, ...actionsTable.columns };

function flagsText(flags: bigint): string {
  const names = sigactionFlags(flags);
  return `${hex(flags)} ${names.length > 0 ? `(${names.join("|")})` : ""}`;
}

/**
 * Returns the form of the pending state. Rows are `struct task_struct`s. @param indent number of blanks before each
 * line
 */
export const pendingForm = (indent = 0): Form<Obj> => ({
  width: "SIGPENDING".length + indent,
  columns: {
    pid: { kind: "number", value: taskPid },
    sigpending: {
      kind: "flag",
      title: "SIGPENDING",
      about: "a signal is pending that is not blocked",
      value: isSignalPending,
      text: (is) => (is ? "yes" : "no"),
    },
    blocked: {
      kind: "integer",
      title: "BLOCKED",
      unit: "hex",
      value: (task) => signalSet(task.at("blocked")),
      text: setText,
    },
  },
});

/**
 * Yields the signals pending for the task alone, and whether the task has an unblocked pending signal. @param indent
 * number of blanks before each line
 */
export function* ownPending(task: Obj, indent = 0): Pieces {
  yield form(task.kernel, pendingForm(indent), task);
  yield pendingSignals(task, "PRIVATE_PENDING", () => task.at("pending"), indent);
}

/** Returns the signals pending for the process: any of its threads can take them. */
export const sharedPending = (task: Obj): Piece =>
  pendingSignals(task, "SHARED_PENDING", () => task.at("signal.shared_pending"), 0);

/** Returns the table of queued signals. Rows are `struct sigqueue`s. */
const queueTable = (indent: number): Table<Obj> => ({
  columns: {
    signal: {
      kind: "number",
      title: "SIG",
      width: 3,
      gap: blanks(indent + 13),
      titleGap: " ",
      value: (entry) => entry.at("info.si_signo").number(),
    },
    siginfo: {
      kind: "address",
      title: "SIGINFO",
      titleAlign: "center",
      gap: "  ",
      value: (entry) => entry.at("info").address,
    },
  },
});

/** The keys of a record of pending signals in docs/json.md. */
export const queueFields: Fields = {
  pid: { kind: "number" },
  pending: { kind: "text", about: "shared or private" },
  signals: { kind: "integer", unit: "hex", about: "signal set: bit 0 is signal 1" },
  queue: { kind: "data", fields: queueTable(0).columns },
};

function pendingSignals(task: Obj, title: string, read: () => Obj, indent: number): Piece {
  const { kernel } = task;
  const set = attempt(() => signalSet(read().at("signal")));
  const pending = attempt(read);
  const queue = pending instanceof Fault ? [] : [...faultLast(queuedSignals(pending))];
  const layout = new TableLayout(kernel, queueTable(indent));
  const data = (): Json => ({
    pid: cell(() => taskPid(task)).json,
    pending: title === "SHARED_PENDING" ? "shared" : "private",
    signals: set instanceof Fault ? faultJson(set) : String(set),
    queue: queue.map((one) => (one instanceof Fault ? faultJson(one) : layout.data(one))),
  });
  const margin = blanks(indent);
  return lazyRecord(
    data,
    () => [
      [{ as: "title", text: `${margin}${title}` }],
      [`${margin}    SIGNAL: `, set instanceof Fault ? faultSpan(set) : setText(set)],
      [`${margin}  SIGQUEUE: `, ...(queue.length === 0 ? ["(empty)"] : layout.headingLine())],
      ...queue.map((one) => (one instanceof Fault ? [blanks(indent + 13), faultSpan(one)] : layout.line(one))),
    ],
    { fields: queueFields },
  );
}
