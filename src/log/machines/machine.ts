import type { CodeLine } from "../context.ts";
import type { Place } from "../place.ts";

export type MachineName =
  "x86_64" | "i386" | "arm64" | "arm" | "powerpc" | "s390" | "riscv" | "mips" | "loongarch" | "xen";

/** A register and its value, as a report prints them. Columns are of the message. */
export interface Register {
  readonly name: string;
  readonly value: bigint;
  readonly start: number;
  readonly end: number;
}

/** A line that names where the processor stood, or where the function was to return to. */
export interface Site {
  readonly machine: MachineName;
  /** "link" is the register of the return address, which holds unless the function called another one since. */
  readonly role: "pc" | "link";
  readonly place: Place | undefined;
  readonly address: bigint | undefined;
  /** The code segment or mode is that of user programs: no place of the kernel. */
  readonly isUser: boolean;
}

/** How one machine prints registers, code and faults. A pattern of a site ends where the place begins. */
export interface Machine {
  readonly name: MachineName;
  readonly pc: RegExp;
  readonly link: RegExp | undefined;
  /** Lines of user mode among those of `pc`. */
  readonly user: RegExp | undefined;
  /** Address of the instruction, group 1; undefined when the pattern of `pc` has it. */
  readonly address: RegExp | undefined;
  /** Lines that hold registers. */
  readonly registerLine: RegExp;
  /** Registers of such a line: group 1 name, group 2 value. */
  readonly register: RegExp;
  /** Lines of several values behind one name (`GPR04: `, `$ 4 : `): the name of each from the number of the first. */
  readonly rows?: { readonly pattern: RegExp; readonly name: (index: number) => string };
  /** The code around the instruction, group 1. */
  readonly code: RegExp | undefined;
  /** An operand in memory, addressed by one register and a constant: group 1 the constant, group 2 the register. */
  readonly memoryOperand?: RegExp;
  /** The instructions of code that the kernel itself prints in words, of a report with such lines. */
  readonly printedCode?: (code: string, texts: readonly string[]) => readonly CodeLine[];
  /** Other lines of its dump of registers and page tables. */
  readonly body: RegExp;
}
