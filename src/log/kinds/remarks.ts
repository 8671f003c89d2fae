/** Headlines of remarks about the unwinder and the processor. */
import type { KindRow } from "./kind.ts";

/** Remarks: something that the kernel did not expect, and after which it went on. */
export const remarks: readonly KindRow[] = [
  {
    pattern:
      /^WARNING: kernel stack regs (?:at {1,16}\S{1,20} in (?<comm>.{1,40}):(?<pid>\d+) )?.{0,40}has bad '(?<register>[^']{1,20})' value(?: (?<value>[0-9a-f]{8,16}))?/,
    kind: "stack-unwind",
    severity: "warning",
    printedBy: "unwind_next_frame",
    title: "WARNING: kernel stack regs has bad '{register}' value",
    guilty: "none",
  },
  {
    pattern:
      /^WARNING: kernel stack frame pointer (?:at {1,16}\S{1,20} in (?<comm>.{1,40}):(?<pid>\d+) )?.{0,80}has bad value(?: (?<value>[0-9a-f]{8,16}))?/,
    kind: "stack-unwind",
    severity: "warning",
    printedBy: "unwind_next_frame",
    title: "WARNING: kernel stack frame pointer has bad value",
    guilty: "none",
  },
  {
    pattern:
      /^unchecked MSR access error: (?<access>RDMSR from|WRMSR to) (?<register>0x[0-9a-f]+)(?: \(tried to write (?<value>0x[0-9a-f]{1,16})\))?(?: at rIP: 0x[0-9a-f]{1,16} \((?<function>[^+\s]{1,255}))?/,
    kind: "remark",
    severity: "notice",
    printedBy: "ex_handler_msr",
    title: "unchecked MSR access error in {where}",
    guilty: "headline",
  },
];
