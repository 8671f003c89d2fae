/** Parts of what `sig` shows of a task. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
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
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressSpan, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import { right } from "../../../../render/pad.ts";
import {
  faultSpan,
  type Json,
  type Line,
  type Piece,
  type Pieces,
  record,
  text,
  lazyRecord,
  addressJson,
} from "../../../../say/piece.ts";

const SET_DIGITS = 16;
const setText = (set: bigint): string => padHex(set, SET_DIGITS);

/** SIG_DFL and SIG_IGN are no addresses (include/uapi/asm-generic/signal-defs.h). */
const handlerText = (handler: bigint): string => ["SIG_DFL", "SIG_IGN"][Number(handler)] ?? hex(handler);

/** Rows of the handlers of a `struct sighand_struct`. */
const actionRows = sharedRows<ActionRow>("signal actions");

/** The process's `signal_struct`, and what it does with each signal. */
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
  yield text([{ as: "title", text: ` SIG ${addressTitle(kernel, "SIGACTION")}    HANDLER       MASK       FLAGS` }]);
  const rows = actionRows(kernel).of(task.at("sighand").value(), function* () {
    let number = 0;
    for (const action of sigactions(task)) yield actionRow(kernel, action, ++number);
  });
  for (const { data, line } of rows) {
    const piece = (): Json => ({ pid: cell(() => taskPid(task)).json, ...data });
    yield lazyRecord(piece, () => [line]);
  }
}

/** What is done with a signal: all threads of a process have the same. */
interface ActionRow {
  readonly data: { readonly [key: string]: Json };
  readonly line: Line;
}

function actionRow(kernel: Kernel, action: Obj, number: number): ActionRow {
  const handler = cell(() => action.at("sa.sa_handler").value(), handlerText);
  const mask = cell(() => signalSet(action.at("sa.sa_mask")), setText);
  const flags = cell(() => action.at("sa.sa_flags").value(), flagsText);
  return {
    data: {
      signal: number,
      name: signalName(number),
      sigaction: addressJson(action.address),
      handler: handler.json,
      mask: mask.json,
      flags: flags.json,
    },
    line: [
      `${`[${number}]`.padStart(4)} `,
      addressSpan(kernel, action.address),
      " ",
      ...right(handler.span, 10),
      " ",
      mask.span,
      " ",
      flags.span,
    ],
  };
}

function flagsText(flags: bigint): string {
  const names = sigactionFlags(flags);
  return `${hex(flags)} ${names.length > 0 ? `(${names.join("|")})` : ""}`;
}

/** What waits for the task alone, and whether it will be told. */
export function* ownPending(task: Obj, indent = ""): Pieces {
  const pending = cell(
    () => isSignalPending(task),
    (is) => (is ? "yes" : "no"),
  );
  const blocked = cell(() => signalSet(task.at("blocked")), setText);
  yield record(
    { pid: cell(() => taskPid(task)).json, sigpending: pending.json, blocked: blocked.json },
    [`${indent}SIGPENDING: `, pending.span],
    [`${indent}   BLOCKED: `, blocked.span],
  );
  yield pendingSignals(task, "PRIVATE_PENDING", () => task.at("pending"), indent);
}

/** What waits for whichever of the process's threads takes it. */
export const sharedPending = (task: Obj): Piece =>
  pendingSignals(task, "SHARED_PENDING", () => task.at("signal.shared_pending"), "");

function pendingSignals(task: Obj, title: string, read: () => Obj, indent: string): Piece {
  const { kernel } = task;
  const set = cell(() => signalSet(read().at("signal")), setText);
  const faults: Fault[] = [];
  const pending = attempt(read);
  const queue = pending instanceof Fault ? [] : [...untilFault(queuedSignals(pending), (fault) => faults.push(fault))];
  const rows = queue.map((one) => ({
    number: cell(() => one.at("info.si_signo").number()),
    info: one.at("info").address,
  }));
  const lines = [
    ...rows.map(({ number, info }): Line => [
      `${indent}             `,
      ...right(number.span, 3),
      "  ",
      addressSpan(kernel, info),
    ]),
    ...faults.map((fault): Line => [`${indent}             `, faultSpan(fault)]),
  ];
  const head = lines.length === 0 ? "(empty)" : ` SIG  ${addressTitle(kernel, "SIGINFO")}`;
  return record(
    {
      pid: cell(() => taskPid(task)).json,
      pending: title === "SHARED_PENDING" ? "shared" : "private",
      signal: set.json,
      queue: rows.map(({ number, info }) => ({ signal: number.json, siginfo: addressJson(info) })),
    },
    [{ as: "title", text: `${indent}${title}` }],
    [`${indent}    SIGNAL: `, set.span],
    `${indent}  SIGQUEUE: ${head}`,
    ...lines,
  );
}
