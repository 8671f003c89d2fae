/** The facts of a dump file that the dump page shows. */
import { statSync } from "node:fs";
import { attempt, Fault } from "../base/fault.ts";
import { oopsTitle, panicMessage } from "../linux/printk/panic.ts";
import { logLines } from "../linux/printk/printk.ts";
import { crashTime } from "../linux/time/timekeeping.ts";
import { utsname } from "../linux/utsname.ts";
import { leftOut } from "../linux/kdump/dumpLevel.ts";
import { taskTable } from "../linux/sched/task.ts";
import type { DumpFacts } from "../protocol/dumpFacts.ts";
import type { Kernel } from "../model/kernel.ts";
import { OpenError, openSession, type Session } from "../session/open/open.ts";
import { isTextFile } from "../session/open/vmlinux.ts";
import { placesOf } from "../session/find/debuginfoPlaces.ts";
import { vmlinuxNotice } from "../session/find/missingDebuginfo.ts";
import { erased } from "../session/open/erased.ts";
import { shortfall } from "../session/open/shortfall.ts";

/** Number of messages at the end of the log that the dump page shows. */
const LOG_LINES = 40;

/** Returns the facts of a dump as text. Rows with an empty value are dropped. */
export function dumpFacts(vmcore: readonly string[]): DumpFacts {
  try {
    const session = openSession({ vmcore, search: placesOf(vmcore, [], process.env) });
    try {
      return {
        ok: true,
        missing: shortfall(session.dump.facts),
        facts: [...rows(session)],
        limitations: session.context.session.limitations,
        log: logLines(session.kernel)
          .slice(-LOG_LINES)
          .map(({ text }) => text),
      };
    } finally {
      session.close();
    }
  } catch (error) {
    if (error instanceof OpenError || error instanceof Fault) {
      return { ok: false, message: error.message, isText: vmcore.every(isTextFile) };
    }
    throw error;
  }
}

function* rows(session: Session): Generator<{ name: string; value: string }> {
  const { kernel, dump } = session;
  const row = function* (name: string, read: () => string | undefined): Generator<{ name: string; value: string }> {
    const value = attempt(read);
    if (value instanceof Fault) yield { name, value: `<${value.message}>` };
    else if (value !== undefined && value !== "") yield { name, value };
  };
  yield* row("Panic", () => panicMessage(kernel) ?? "none: the machine was running");
  yield* row("Oops", () => oopsTitle(kernel));
  yield* row("Kernel", () => utsname(kernel).release);
  yield* row("Version", () => utsname(kernel).version);
  yield* row("Machine", () => kernel.arch.name);
  yield* row("vmlinux", () => session.vmlinux?.path ?? vmlinuxNotice(session)?.sentence);
  yield* row("Host", () => utsname(kernel).nodename);
  yield* row("Crashed", () =>
    new Date(crashTime(kernel) * 1000)
      .toISOString()
      .replace("T", " ")
      .replace(/\.\d+Z/, " UTC"),
  );
  yield* row("Tasks", () => taskCount(kernel));
  yield* row("Format", () => dump.format);
  yield* row("Compression", () => dump.facts.compression);
  yield* row("Pages left out", () => levelText(dump.facts.dumpLevel));
  yield* row("Erased", () => erased(dump.facts));
  yield* row(
    "Size",
    () => `${(dump.facts.files.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6).toFixed(1)} MB`,
  );
}

/**
 * Returns the number of tasks. @throws Fault when the task list cannot be read at all, so that it differs from a
 * machine without tasks
 */
function taskCount(kernel: Kernel): string {
  const { tasks, fault, note } = taskTable(kernel);
  if (fault && tasks.length === 0) throw fault;
  const doubt = fault ? `list of tasks: ${fault.message}` : note;
  return doubt === undefined ? String(tasks.length) : `${tasks.length} (${doubt})`;
}

function levelText(level: number | undefined): string | undefined {
  if (level === undefined || level === 0) return undefined;
  return leftOut(level)
    .map(({ name }) => name)
    .join(", ");
}
