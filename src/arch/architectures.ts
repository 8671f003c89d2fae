/** All machines. */
import type { ByteOrder } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { Arch } from "./arch.ts";
import { arm } from "./arm/arm.ts";
import { arm64 } from "./arm64/arm64.ts";
import { s390x } from "./s390x/s390x.ts";
import { x86_64 } from "./x86_64/x86_64.ts";

/**
 * All machines. To add one, write its folder, list it here, and list its `elf` in elfMachines.ts; docs/architectures.md
 * describes its contents.
 */
export const architectures: readonly Arch[] = [x86_64, arm64, arm, s390x];

/** What a dump says about its machine. Unknown facts are undefined. */
export interface MachineHints {
  readonly byteOrder: ByteOrder;
  /** `e_machine`. */
  readonly elfMachine: number | undefined;
  /** `uname -m`. */
  readonly machine: string | undefined;
  readonly vmcoreinfo: string | undefined;
}

/**
 * Chooses the machine: by the kernel's own text, then the ELF header, then the name in a kdump header, which QEMU fills
 * in itself. @returns Fault unknown for a machine that is not supported
 */
export function architectureOf(hints: MachineHints): Arch | Fault {
  const lines = hints.vmcoreinfo ?? "";
  const found =
    architectures.find(({ vmcoreinfoKey }) => vmcoreinfoKey !== undefined && lines.includes(`\n${vmcoreinfoKey}=`)) ??
    architectures.find(({ elf }) => elf.machine === hints.elfMachine) ??
    architectures.find(({ machines }) => hints.machine !== undefined && machines.includes(hints.machine));
  const said =
    hints.machine ?? (hints.elfMachine === undefined ? "unnamed machine" : `ELF machine ${hints.elfMachine}`);
  const known = architectures.map(({ name }) => name).join(", ");
  if (found === undefined)
    return Fault.of("unknown", `dump of an unsupported architecture (${said}); supported: ${known}`);
  if (found.byteOrder !== hints.byteOrder)
    return Fault.of("unknown", `dump of a ${hints.byteOrder}-endian ${found.name} is not supported`);
  return found;
}
