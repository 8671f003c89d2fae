import type { ByteOrder } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { Arch } from "./arch.ts";
import { arm } from "./arm/arm.ts";
import { arm64 } from "./arm64/arm64.ts";
import { s390x } from "./s390x/s390x.ts";
import { x86_64 } from "./x86_64/x86_64.ts";

/** Every architecture. To add one: write the file, list it here; docs/architectures.md says what goes into it. */
export const architectures: readonly Arch[] = [x86_64, arm64, arm, s390x];

/** What a dump says of its machine; what it does not say is undefined. */
export interface MachineHints {
  readonly byteOrder: ByteOrder;
  /** `e_machine`. */
  readonly elfMachine: number | undefined;
  /** `uname -m`. */
  readonly machine: string | undefined;
  readonly vmcoreinfo: string | undefined;
}

/**
 * The kernel's own text goes first, then the ELF header, then the name in a kdump header, which QEMU fills in by itself.
 * @returns Fault unknown for a machine we do not know
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
