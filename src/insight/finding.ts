/** Declares a finding: one statement about a crash, with its certainty and evidence. */
import type { Fault } from "../base/fault.ts";
import { hex, hex0x } from "../base/hex.ts";
import type { Evidence } from "./evidence.ts";

/**
 * How a finding relates to the crash: "cause" says why it happened, "suspect" what may have contributed, "note"
 * anything else that helps.
 */
export type Severity = "cause" | "suspect" | "note";

/**
 * "certain" follows necessarily from the data of the dump. For "likely" and "possible" the sentence names the
 * alternative.
 */
export type Certainty = "certain" | "likely" | "possible";

/** Part of a sentence that a user interface may show as a link. */
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

/**
 * A value for programs to compare. A bigint is an address; a task is given by its thread id; undefined means not known.
 */
export type Slot = string | number | bigint | boolean | readonly (string | number | bigint)[] | undefined;

/** One step on the path of a value, and its evidence. */
export interface ChainStep {
  readonly text: Sentence;
  readonly evidence: Evidence;
}

export interface Finding {
  /** Stable id, for example "fault.null-member". Tests, docs and de-duplication use it. */
  readonly id: string;
  readonly severity: Severity;
  readonly certainty: Certainty;
  readonly slots: { readonly [name: string]: Slot };
  /** One sentence. */
  readonly text: Sentence;
  /** Never empty. evidence.ts declares the kinds: "log", "task", "cpu", "field", "memory", "frame" and others. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** The path of the value that the sentence is about, from its use back to its origin. */
  readonly chain?: readonly ChainStep[];
  /** What could not be determined, and why. */
  readonly unknown?: readonly { readonly what: string; readonly because: Fault | string }[];
}

/** Makes a reference to an address. */
export const addressOf = (address: bigint): Reference => ({ kind: "address", address });

/** Makes a reference to a piece of C code. */
export const code = (text: string): Reference => ({ kind: "code", text });

/** Number of digits of a kernel address of a 64-bit machine. */
const FULL = 16;

/**
 * Returns an address as crash prints it. A shorter one begins with 0x, because "d" or "401000" does not look like an
 * address to a reader.
 */
export function addressText(address: bigint): string {
  const digits = hex(address);
  return digits.length < FULL ? `0x${digits}` : digits;
}

/** Returns a reference as text. */
export function referenceText(reference: Reference): string {
  switch (reference.kind) {
    case "address":
      return addressText(reference.address);
    case "task":
      return `${reference.comm} [${reference.pid}]`;
    case "cpu":
      return `CPU ${reference.cpu}`;
    case "source":
      return `${reference.file}:${reference.line}`;
    case "log":
      return `"${reference.text.trim()}"`;
    case "symbol":
    case "module":
      return reference.name;
    case "lock":
      return reference.name ?? `${reference.type} ${hex0x(reference.address)}`;
    case "page":
      return `page frame ${reference.pfn}`;
    case "code":
      return reference.text;
    case "command":
      return reference.line;
  }
}

/** Returns a sentence as text. */
export const sentenceText = (sentence: Sentence): string =>
  sentence.map((part) => (typeof part === "string" ? part : referenceText(part))).join("");

/** Returns why something could not be determined, as text. */
export const becauseText = (because: Fault | string): string =>
  typeof because === "string" ? because : because.message;
