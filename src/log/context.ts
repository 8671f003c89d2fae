import type { MachineName } from "./machines.ts";
import type { Place } from "./place.ts";

/** An instruction around the one of a report. */
export interface CodeLine {
  /** Bytes from the instruction of the report. */
  readonly distance: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/**
 * What a face knows beside the log. Each may be absent: the fact that needs it is absent then, and never different.
 */
export interface LogContext {
  /** Instructions of the bytes of a report's `Code:`. */
  readonly disassemble?: (machine: MachineName, code: string) => readonly CodeLine[];
  /** Members of a structure at an offset: "member `next` of `struct list_head`". */
  readonly memberAt?: (place: Place, offset: number) => string | undefined;
  /** Where the code of a place was written. */
  readonly sourceOf?: (place: Place, returns: boolean) => { readonly file: string; readonly line: number } | undefined;
}
