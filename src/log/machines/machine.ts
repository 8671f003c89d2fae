/** How a machine prints registers, code and faults: the form of each file of this folder. */
import type { CodeLine } from "../context.ts";
import type { PrintedPlace } from "../place.ts";
import type { CodedAccess } from "./faultCodes.ts";

export type MachineName =
  "x86_64" | "i386" | "arm64" | "arm" | "powerpc" | "s390" | "riscv" | "mips" | "loongarch" | "xen";

/** A register and its value, as a report prints them. Columns are of the message. */
export interface Register {
  readonly name: string;
  readonly value: bigint;
  readonly start: number;
  readonly end: number;
}

/** A line that names where the processor was, or where the function was to return to. */
export interface Site {
  readonly machine: MachineName;
  /** "link" is the register of the return address, which is valid unless the function has called another one since. */
  readonly role: "pc" | "link";
  readonly place: PrintedPlace | undefined;
  readonly address: bigint | undefined;
  /** The code segment or mode is that of user programs: the place is not in the kernel. */
  readonly isUser: boolean;
}

/** A register of an instruction, and the part of its value that the instruction uses. */
export interface Operand {
  readonly name: string;
  readonly value: bigint;
}

/** How one machine prints registers, code and faults. The pattern of a site ends where the place begins. */
export interface Machine {
  readonly name: MachineName;
  /** Name of the architecture that decodes its code, if that is of one width or byte order. Default: `name`. */
  readonly decodedAs?: string;
  /**
   * The width of an address; undefined where the machine has kernels of both widths, which the printed addresses
   * distinguish.
   */
  readonly bits: 32 | 64 | undefined;
  /**
   * The same number can be a kernel address and a program's address, so that an address alone does not show which it
   * is.
   */
  readonly sharesAddresses?: true;
  /** The most bits of an address of user space, where it is fewer than 57. */
  readonly userBits?: number;
  /** Whether the registers are printed before the line that names the place. */
  readonly registersFirst?: true;
  /** Whether a call writes the return address to the top of the stack. */
  readonly pushesReturn?: true;
  /** Whether the place of an interrupted frame is an entry of the call trace. */
  readonly placeInTrace?: true;
  /** Whether the code is printed below the call trace, with the frames that exceptions interrupted. */
  readonly codeAfterTrace?: true;
  /** Whether a report gives only the page of the address that an access failed at. */
  readonly failsByPage?: true;
  /**
   * Whether the report has the address of the last branch instead of that of the return. It is below the trace, and is
   * that of the branch itself.
   */
  readonly hasLastBranch?: true;
  /** A line that shows that another machine printed the report, because both print places in the same way. */
  readonly unless?: { readonly line: RegExp; readonly machine: MachineName };
  /** Decodes the access from a line with the machine's fault status. */
  readonly faultStatus?: (text: string) => CodedAccess | undefined;
  /** Returns the register that the instruction at the site divides by, with the part of its value that is used. */
  readonly divisor?: (site: { code: string; registers: readonly Register[] }) => Operand | undefined;
  readonly pc: RegExp;
  readonly link: RegExp | undefined;
  /** Lines of user mode among those that `pc` matches. */
  readonly user: RegExp | undefined;
  /** Address of the instruction, group 1; undefined when the pattern of `pc` has it. */
  readonly address: RegExp | undefined;
  /** Lines that hold registers. */
  readonly registerLine: RegExp;
  /** Registers of such a line: group 1 name, group 2 value. */
  readonly register: RegExp;
  /** Lines of several values after one name (`GPR04: `, `$ 4 : `): the name of each from the number of the first. */
  readonly rows?: { readonly pattern: RegExp; readonly name: (index: number) => string };
  /** The code around the instruction, group 1. */
  readonly code: RegExp | undefined;
  /** An operand in memory: group 1 a constant, 2 a register, and where there are such 3 an index and 4 its factor. */
  readonly memoryOperand?: RegExp;
  /** The operands of an instruction that accesses a constant address, group 1, without a register. */
  readonly absoluteOperand?: RegExp;
  /** Returns the instructions of a report in which the kernel prints the code in words (s390); empty if it does not. */
  readonly printedCode?: (code: string, texts: readonly string[]) => readonly CodeLine[];
  /** Lines of the machine's dump of registers and page tables. */
  readonly body: RegExp;
}
