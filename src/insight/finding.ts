import type { Fault } from "../base/fault.ts";
import type { Evidence } from "./evidence.ts";

/** What a finding is to the crash: why it happened, what may have had a part in it, or what else is to be known. */
export type Severity = "cause" | "suspect" | "note";

/** "certain": follows necessarily from what was read. "likely", "possible": the sentence names the alternative. */
export type Certainty = "certain" | "likely" | "possible";

/** Something in a sentence that a face may link. */
export type Reference =
  | { readonly kind: "address"; readonly address: bigint }
  | { readonly kind: "symbol"; readonly name: string; readonly address: bigint }
  | { readonly kind: "task"; readonly address: bigint; readonly pid: number; readonly comm: string }
  | { readonly kind: "cpu"; readonly cpu: number }
  | { readonly kind: "source"; readonly file: string; readonly line: number }
  | { readonly kind: "log"; readonly line: number; readonly text: string }
  | { readonly kind: "module"; readonly name: string }
  | { readonly kind: "lock"; readonly address: bigint; readonly type: string; readonly name: string | undefined }
  | { readonly kind: "page"; readonly pfn: bigint }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "command"; readonly line: string };

/** A sentence in pieces. */
export type Sentence = readonly (string | Reference)[];

/** What programs compare: a bigint is an address; tasks are thread ids. Absent ones are not known. */
export type Slot = string | number | bigint | boolean | readonly (string | number | bigint)[] | undefined;

export interface Finding {
  /** Stable: "fault.null-member". Tests, docs and de-duplication refer to it. */
  readonly id: string;
  readonly severity: Severity;
  readonly certainty: Certainty;
  readonly slots: { readonly [name: string]: Slot };
  /** One sentence. */
  readonly text: Sentence;
  /** Never empty. evidence.ts declares the kinds: "log", "task", "cpu", "field", "memory", "frame" and others. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** What of it could not be found out. */
  readonly unknown?: readonly { readonly what: string; readonly because: Fault | string }[];
}

/** What a task is called in a sentence. */
export const addressOf = (address: bigint): Reference => ({ kind: "address", address });

/** C as the source would write it. */
export const code = (text: string): Reference => ({ kind: "code", text });
