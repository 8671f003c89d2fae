/** How s390 prints registers, code and faults. */
import type { CodeLine } from "../context.ts";
import type { PrintedPlace } from "../place.ts";
import type { Machine, Site } from "./machine.ts";

/** arch/s390/kernel/dumpstack.c: show_registers; mm/fault.c: dump_fault_info; dis.c: show_code. */
export const s390: Machine = {
  name: "s390",
  bits: 64,
  sharesAddresses: true,
  // arch/s390/mm/fault.c: __FAIL_ADDR_MASK.
  failsByPage: true,
  hasLastBranch: true,
  pc: /^Krnl PSW : [0-9a-f]{16} [0-9a-f]{16} \((?:\[<[0-9a-f]{8,16}>\] )?/,
  link: undefined,
  user: /^User PSW/,
  address: /^Krnl PSW : [0-9a-f]{16} ([0-9a-f]{16})/,
  registerLine: /^Krnl PSW : /,
  register: /(?<=^Krnl )(PSW) : (?:[0-9a-f]{16}) ([0-9a-f]{16})/g,
  rows: {
    pattern: /^(?:Krnl GPRS:|\s{8,16})\s?((?:[0-9a-f]{16} ?){4})\s*$/,
    name: (index) => `R${index}`,
  },
  code: /^(?:Krnl Code: ?)?\s*((?:#?>)[0-9a-f]{16}: ?[0-9a-f]{4,12}\s.*)/,
  memoryOperand: /(?<![\w(])(\d{1,6})\(%(r\d{1,2})\)/,
  printedCode,
  body: /^\s{0,32}(?:Failing address: |Fault in |AS:[0-9a-f]|Krnl PSW|Krnl GPRS|Krnl Code|R:\d T:\d|[0-9a-f]{16} [0-9a-f]{16} [0-9a-f]{16}|[#*>]{0,2}[0-9a-f]{16}: ?[0-9a-f]{4,}|Last Breaking-Event-Address|INFO: lockdep is turned off|CPU: |User PSW|User GPRS|User Code|Process .{1,64}\(pid: |PSW : |addressing|Kernel stack overflow)/,
};

/** The address of the last branch: the entry below it is not a caller. */
export const S390_LAST_BREAK = /^\s{0,32}Last Breaking-Event-Address:/;

/** Returns the place of the last branch. */
export const lastBranch = (place: PrintedPlace): Site => ({
  machine: "s390",
  role: "link",
  place,
  address: place.address,
  isUser: false,
});

/**
 * Program interruptions after which the PSW has the address of the instruction, else of the next: a translation that
 * failed, and protection, for which do_protection_exception() sets it back.
 */
const NULLIFYING = /\b(?:Oops|[a-z -]{3,40}): 00(?:04|1[01]|3[89ab]) ilc/;

function printedCode(code: string, texts: readonly string[]): CodeLine[] {
  const [, mnemonic, operands = ""] =
    /^#?>[0-9a-f]{16}: ?[0-9a-f]{4,12}\s+([a-z]\w{0,15})\s*(\S.{0,80})?/.exec(code) ?? [];
  const isNamed = mnemonic !== undefined && texts.some((text) => NULLIFYING.test(text));
  return isNamed ? [{ distance: 0, mnemonic, operands: operands.trim() }] : [];
}
