import type { Oops } from "../linux/oops.ts";

/** What the reports in a log say of the crash that ended it. */
export interface Crash {
  /** The report that tells what happened; undefined without any. */
  readonly report: Oops | undefined;
  /** The panic that came of it, in the kernel's words; undefined where the report is the last word itself. */
  readonly panic: Oops | undefined;
  /** Reports before it that the kernel survived, the last first. */
  readonly earlier: readonly Oops[];
}

/**
 * The panic is the last word, but the report that led to it says more, unless the panic is about something else: an oops
 * that the kernel survived is not why a hung task made it panic.
 * @param reports oldest first
 */
export function crashIn(reports: readonly Oops[]): Crash {
  const [last, before, ...others] = reports.filter(({ kind }) => kind !== "warning").reverse();
  const led = isPanic(last) && before && (last.kind === "panic" || last.kind === before.kind);
  const rest = led ? others : before ? [before, ...others] : [];
  return {
    report: led ? before : last,
    panic: led ? last : undefined,
    earlier: rest.filter((one) => !isPanic(one)),
  };
}

const isPanic = (report: Oops | undefined): report is Oops => report?.title.startsWith("Kernel panic") ?? false;
