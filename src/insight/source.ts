/** Looks up the source lines of an instruction. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { lookupAddress } from "../unwind/cursor.ts";
import type { GuiltyFrame } from "./guiltyFrame.ts";

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/** Source positions of an instruction: in the function itself, and in the innermost inlined function. */
export interface SourcePlaces {
  readonly own: SourcePlace;
  /** Undefined if no function was inlined there. */
  readonly inlined: SourcePlace | undefined;
}

/** Returns the source positions of an instruction; undefined without DWARF. */
export function sourcesOf(kernel: Kernel, pc: bigint): SourcePlaces | undefined {
  const places = attempt(() =>
    kernel.code
      .scopes(pc)
      .flatMap(({ source, function: name }): SourcePlace[] =>
        source ? [{ file: source.file, line: source.line, function: name }] : [],
      ),
  );
  if (places instanceof Fault) return undefined;
  const own = places.at(-1);
  return own && { own, inlined: places.length > 1 ? places[0] : undefined };
}

/** Returns the innermost source position of an instruction; undefined without DWARF. */
export function sourceOf(kernel: Kernel, pc: bigint): SourcePlace | undefined {
  const places = sourcesOf(kernel, pc);
  return places?.inlined ?? places?.own;
}

/** Returns the source positions of the guilty function; undefined without DWARF, or if only the log names it. */
export const guiltyPlaces = (kernel: Kernel, { frame }: GuiltyFrame): SourcePlaces | undefined =>
  frame && sourcesOf(kernel, lookupAddress(frame));
/** Consecutive lines of a source file around the line of a place. */
export interface SourceExcerpt {
  readonly file: string;
  readonly line: number;
  /** Number of the first of `lines`. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** Number of lines of an excerpt before and after the line of its place. */
const AROUND = 4;

/** Returns the lines around a line of a file, counted from 1; undefined if the file has no such line. */
export function excerptOf(file: string, line: number, text: readonly string[]): SourceExcerpt | undefined {
  if (line < 1 || line > text.length) return undefined;
  const first = Math.max(1, line - AROUND);
  return { file, line, first, lines: text.slice(first - 1, line + AROUND) };
}
