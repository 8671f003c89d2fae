/**
 * What a client of the log reader knows besides the text of a log: the kernel's source lines, its types, a
 * disassembler.
 */
import type { MachineName } from "./machines.ts";
import type { PrintedPlace } from "./place.ts";

/** An instruction of a report's code. */
export interface CodeLine {
  /** Bytes from the instruction at the report's place. */
  readonly distance: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/** The address of an access as an instruction computes it: a register and a constant. */
export interface BasedAddress {
  /** In lower case, of the full width: "rdi", "x0", "r3". */
  readonly register: string;
  /** Displacement in bytes. */
  readonly displacement: number;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/**
 * What a client adds to the text of a log. Each member is optional: without it, the facts that need it are left out.
 */
export interface LogContext {
  /**
   * Returns the instructions decoded from the bytes after `Code:`; empty when they cannot be decoded. @param place the
   * place of the report's instruction, so that jumps within its function are written as places in that function
   */
  readonly disassemble?: (machine: MachineName, code: string, place: PrintedPlace | undefined) => readonly CodeLine[];
  /**
   * Returns the member of a structure that an instruction at a place accesses: "member `next` of `struct list_head`";
   * undefined if the types do not show it.
   */
  readonly memberAt?: (place: PrintedPlace, based: BasedAddress) => string | undefined;
  /** Returns the source line of a place; for a return address, the line of the call. */
  readonly sourceOf?: (place: PrintedPlace, returns: boolean) => SourceLine | undefined;
}

/**
 * The questions of a report about its kernel. A client that answers asynchronously finds the answers first, and builds
 * its context from them.
 */
export interface Questions {
  /** The guilty function's place. */
  readonly guilty: { readonly place: PrintedPlace; readonly returns: boolean } | undefined;
  /** The access near NULL of the instruction at the site. */
  readonly member: { readonly place: PrintedPlace; readonly based: BasedAddress } | undefined;
}

/** The answers to the questions of one report. */
export interface Answers {
  readonly source: SourceLine | undefined;
  readonly member: string | undefined;
}

/** The context of one report, from the answers to its questions. */
export const answeredContext = ({ source, member }: Answers, disassemble: LogContext["disassemble"]): LogContext => ({
  ...(disassemble && { disassemble }),
  memberAt: () => member,
  sourceOf: () => source,
});
