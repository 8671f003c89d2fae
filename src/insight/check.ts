/** Declares what a check of a crash is. */
import type { Kernel } from "../model/kernel.ts";
import type { CrashFacts } from "./crashFacts.ts";
import type { ReportKind } from "../log/kinds.ts";
import type { Finding } from "./finding.ts";

/** A point where a check may pause, for example to wait in `until` for the disassembler to load. */
export interface Step {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly until?: Promise<unknown>;
}

/** A precondition of a check. */
export type Need = "types" | "stack" | "trap";

export interface Check {
  /** Name of the check in the list of checks that did not finish. */
  readonly id: string;
  readonly needs: readonly Need[];
  /** Kinds of crash that the check applies to. */
  readonly about: readonly ReportKind[] | "any";
  /** Kinds of crash for which the check runs before the others, because the line that sums up the verdict needs it. */
  readonly firstFor?: readonly ReportKind[];
  /**
   * Yields findings.
   * @throws Fault if the check cannot continue; findings yielded before are kept
   */
  run(kernel: Kernel, crash: CrashFacts): Generator<Finding | Step, void, void>;
}

/** Returns a step without progress figures. */
export const pause = (what: string): Step => ({ kind: "progress", what, done: 0, total: 0 });
