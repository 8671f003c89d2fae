/** Checks whether the accessed page is mapped and forbids the access. */
import { Fault } from "../../base/fault.ts";
import { withOffset } from "../../base/nameOffset.ts";
import type { Check } from "../check.ts";
import { addressOf, type Reference } from "../finding.ts";
import { badPointer } from "../values/badPointer.ts";
import { ADDRESS_KINDS } from "./access.ts";

/**
 * Reports a write to read-only memory, and a call of memory that is not executable. A write to the kernel's code is
 * reported by the statement about the bad value.
 */
export const protection: Check = {
  id: "protection",
  needs: ["trap"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const { report } = crash;
    if (report?.access.isForbidden !== true) return;
    const { access, address } = yield* badPointer(kernel, crash);
    const isMapped = kernel.memory.isKernelAddress(address) && !(kernel.memory.translate(address) instanceof Fault);
    if (access === "read" || !isMapped || kernel.code.isText(address)) return;
    const symbol = kernel.symbols.at(address);
    const subject: Reference = symbol
      ? { kind: "symbol", name: withOffset(symbol.name, address - symbol.address), address }
      : addressOf(address);
    const isWrite = access === "write";
    yield {
      id: isWrite ? "fault.read-only" : "fault.not-executable",
      severity: "cause",
      certainty: "certain",
      slots: isWrite ? { address, symbol: symbol?.name } : { value: address, symbol: symbol?.name },
      text: [
        subject,
        isWrite
          ? " is mapped, but does not allow writes: it was read-only when it was written."
          : " is mapped, but is not executable: data was called as a function.",
      ],
      evidence: [
        { kind: "mapping", address, text: `the kernel's page tables map 0x${address.toString(16)}` },
        { kind: "log", line: report.report.at, text: report.headline },
      ],
    };
  },
};
