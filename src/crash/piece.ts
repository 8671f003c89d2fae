import type { Fault } from "../base/fault.ts";

/** A value that can be serialised. Addresses are `0x...` strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Something in a line that a face may link, colour or explain. */
export type Span =
  | string
  | { readonly as: "address"; readonly text: string; readonly address: bigint }
  | { readonly as: "symbol"; readonly text: string; readonly address: bigint }
  | { readonly as: "source"; readonly text: string; readonly file: string; readonly line: number }
  | { readonly as: "task"; readonly text: string; readonly address: bigint }
  | { readonly as: "fault"; readonly text: string; readonly fault: Fault }
  | { readonly as: "title" | "dim" | "bad"; readonly text: string };

/** One line of text without its newline. */
export type Line = readonly Span[];

/**
 * What a command says, piece by piece; each piece is also a place where it may pause or be cancelled.
 * `record` is the unit of data: `data` is what `--json` and panels get, `lines` what a person reads.
 */
export type Piece =
  | { readonly kind: "record"; readonly data: Json; readonly lines: readonly Line[] }
  /** Headings, blank lines, remarks: nothing in it that a record does not say. */
  | { readonly kind: "text"; readonly lines: readonly Line[] }
  /** Why the command could not say more; records before it stand. */
  | { readonly kind: "fault"; readonly fault: Fault; readonly lines: readonly Line[] }
  | { readonly kind: "progress"; readonly done: number; readonly total: number; readonly what: string };

export const text = (...lines: (string | Line)[]): Piece => ({ kind: "text", lines: lines.map((line) => (typeof line === "string" ? [line] : line)) });

export const record = (data: Json, ...lines: (string | Line)[]): Piece => ({
  kind: "record",
  data,
  lines: lines.map((line) => (typeof line === "string" ? [line] : line)),
});

export const progress = (what: string, done: number, total: number): Piece => ({ kind: "progress", what, done, total });

/** A fault in a line of its own, after what it belongs to. */
export const faultPiece = (fault: Fault, prefix = ""): Piece => {
  const text = `${prefix}<${fault.message}>`;
  return { kind: "fault", fault, lines: [[{ as: "fault", text, fault }]] };
};
