/** Declares what a check of the machine's health is. */
import type { KernelConfig } from "../linux/kdump/kernelOptions.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Step } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { Finding, Sentence, Slot } from "./finding.ts";

/** What a session knows of the dump file, for the checks that need more than the kernel's memory. */
export interface DumpState {
  /** The levels of makedumpfile's `-d` that the dump's header names; undefined if it names none. */
  readonly dumpLevel?: number | undefined;
  /** Whether the dump was not written completely. */
  readonly incomplete?: boolean;
  /** Reads the kernel's .config from a file; undefined, or returns undefined, if none was found. */
  readonly config?: (() => { readonly path: string; readonly config: KernelConfig } | undefined) | undefined;
}

export interface HealthCheck {
  /** Stable name. Its findings have the id `health.<id>`. */
  readonly id: string;
  /** What is checked, as a noun phrase. */
  readonly title: string;
  /** The crash command that prints what the check reads. */
  readonly shows: string;
  /**
   * Yields findings of the severities "suspect" and "note". Health is about the machine's state, not about the crash,
   * so that no finding is a "cause".
   * @returns a sentence about what was read, for a check without findings
   * @throws Fault if the check cannot be done; findings yielded before are kept
   */
  run(kernel: Kernel, dump: DumpState): Generator<Finding | Step, string, void>;
}

/** Makes a finding of a check. */
export const observed = (
  check: string,
  severity: "suspect" | "note",
  slots: { readonly [name: string]: Slot },
  text: Sentence,
  ...evidence: readonly [Evidence, ...Evidence[]]
): Finding => ({ id: `health.${check}`, severity, certainty: "certain", slots, text, evidence });
