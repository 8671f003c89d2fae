/** Checks whether the crash was requested through sysrq or by a call of panic(). */
import { attempt, Fault } from "../../base/fault.ts";
import { taskTerminal, taskUid } from "../../linux/sched/task.ts";
import type { Check } from "../check.ts";
import { type CrashFacts, functionOf } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import type { Sentence } from "../finding.ts";
import { mechanismOf } from "../mechanisms.ts";

/** Where the reason for a crash by sysrq can be found: the state of the machine. */
const HEALTH: Sentence = ["The command ", { kind: "command", line: "health" }, " shows what was unusual before."];

/** Reports who requested the crash: a write to sysrq-trigger, the sysrq key, or code that called panic(). */
export const deliberate: Check = {
  id: "deliberate",
  needs: ["stack"],
  about: ["sysrq", "panic"],
  *run(kernel, crash) {
    const { task, pid, comm, panic, report, frames } = crash;
    const mechanism = mechanismOf(crash.kind, panic?.text);
    const names = (crash.stack?.frames ?? []).map((frame) => functionOf(frame) ?? "");
    const isWrite = names.includes("write_sysrq_trigger");
    const panicker = mechanism === "panic" ? frames.find((frame) => functionOf(frame) !== undefined) : undefined;
    if (!crash.stopped || (mechanism !== "sysrq" && !panicker)) return;
    if (!panicker && !isWrite && !isByKey(crash))
      throw Fault.of(
        "unknown",
        "the stack does not show whether the sysrq key was pressed or /proc/sysrq-trigger written",
      );
    if (!task) throw Fault.of("unknown", "the task that ran is not known");
    const by = panicker ? `panic() from ${functionOf(panicker) ?? "?"}` : "sysrq";
    const uid = attempt(() => taskUid(task));
    const tty = attempt(() => taskTerminal(task));
    const isTasks = panicker !== undefined || isWrite;
    const who = { kind: "task", address: task.address, pid: pid ?? 0, comm: comm ?? "?" } as const;
    const user = uid instanceof Fault ? undefined : uid;
    const terminal = tty instanceof Fault ? undefined : tty;
    const terminalWords = tty instanceof Fault ? "" : tty === undefined ? ", no terminal" : `, terminal ${tty}`;
    // What an interrupt does is not done by the task that it interrupted.
    const isInterrupt = panicker !== undefined && frames.some(({ trap }) => trap !== undefined && !trap.user);
    const line = panic?.line ?? report?.report.at ?? 0;
    const evidence: [Evidence, ...Evidence[]] = [
      { kind: "log", line, text: (panic?.text ?? report?.headline ?? "").trim() },
      { kind: "task", address: task.address, text: `${comm ?? "?"} [${pid ?? "?"}]` },
    ];
    const [frame] = frames;
    if (frame) evidence.push({ kind: "frame", task: task.address, pc: frame.pc, text: functionOf(frame) ?? "?" });
    yield {
      id: "crash.deliberate",
      severity: "cause",
      certainty: panicker?.doubt === undefined ? "certain" : "likely",
      slots: isTasks ? { by, pid, comm, tty: terminal, user } : { by: "sysrq key" },
      text: !isTasks
        ? [
            "The sysrq key was pressed, on a keyboard or a serial line; the fact that ",
            who,
            " ran there does not show who pressed it. ",
            ...HEALTH,
          ]
        : [
            who,
            ...(user === undefined ? [] : [` (user id ${user}${terminalWords})`]),
            !panicker
              ? " asked for the crash by /proc/sysrq-trigger. "
              : isInterrupt
                ? ` ran when an interrupt or exception came, in which ${functionOf(panicker) ?? "?"} called panic().`
                : ` was in ${functionOf(panicker) ?? "?"}, which called panic().`,
            ...(panicker ? [] : HEALTH),
          ],
      evidence,
    };
  },
};

/** Whether the sysrq key was pressed: then an interrupt handled it, and the interrupted task is not involved. */
const isByKey = ({ stack }: CrashFacts): boolean =>
  stack !== undefined &&
  stack.frames.some((frame) => functionOf(frame) === "__handle_sysrq") &&
  stack.frames.some(({ trap }) => trap !== undefined);
