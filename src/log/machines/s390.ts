import type { Machine } from "./machine.ts";

/** arch/s390/kernel/dumpstack.c: show_registers; mm/fault.c: dump_fault_info; dis.c: show_code. */
export const s390: Machine = {
  name: "s390",
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
  body: /^\s{0,32}(?:Failing address: |Fault in |AS:[0-9a-f]|Krnl PSW|Krnl GPRS|Krnl Code|R:\d T:\d|[0-9a-f]{16} [0-9a-f]{16} [0-9a-f]{16}|[#*>]{0,2}[0-9a-f]{16}: ?[0-9a-f]{4,}|Last Breaking-Event-Address|INFO: lockdep is turned off|CPU: |User PSW|User GPRS|User Code|Process .{1,64}\(pid: |PSW : |addressing|Kernel stack overflow)/,
};

/** Where the last branch came from: the entry below it is no caller. */
export const S390_LAST_BREAK = /^\s{0,32}Last Breaking-Event-Address:/;
