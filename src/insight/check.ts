import type { Kernel } from "../model/kernel.ts";
import type { CrashFacts } from "./crashFacts.ts";
import type { Kind } from "../log/kinds.ts";
import type { Finding } from "./finding.ts";

/** A place where a check may pause: it may have to wait for `until`, as for the disassembler. */
export interface Step {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly until?: Promise<unknown>;
}

/** What a check cannot do without. */
export type Need = "types" | "stack" | "trap";

export interface Check {
  /** Names it where it could not run. */
  readonly id: string;
  readonly needs: readonly Need[];
  /** Kinds of crash that it is about. */
  readonly about: readonly Kind[] | "any";
  /** @throws Fault when it can say no more; what it yielded stands */
  run(kernel: Kernel, crash: CrashFacts): Generator<Finding | Step, void, void>;
}

/** A pause without news. */
export const pause = (what: string): Step => ({ kind: "progress", what, done: 0, total: 0 });
