import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/** Where code was written: in the function itself, and in the innermost function that was inlined there. */
export interface SourcePlaces {
  readonly own: SourcePlace;
  /** Undefined where nothing was inlined. */
  readonly inlined: SourcePlace | undefined;
}

/** The places of the source that an instruction comes from; undefined without DWARF. */
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

/** The innermost of them. */
export function sourceOf(kernel: Kernel, pc: bigint): SourcePlace | undefined {
  const places = sourcesOf(kernel, pc);
  return places?.inlined ?? places?.own;
}
