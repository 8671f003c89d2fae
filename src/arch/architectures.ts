/** All machines, and how the machine of a dump is recognized. */
import type { ByteOrder } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { Arch } from "./arch.ts";
import { arm } from "./arm/arm.ts";
import { arm64 } from "./arm64/arm64.ts";
import type { ElfMachine } from "./elfMachine.ts";
import { i386 } from "./i386/i386.ts";
import { loongarch64 } from "./loongarch64/loongarch64.ts";
import { mips64el } from "./mips64el/mips64el.ts";
import { ppc64le } from "./ppc64le/ppc64le.ts";
import { riscv64 } from "./riscv64/riscv64.ts";
import { s390x } from "./s390x/s390x.ts";
import { refusedByUname, unsupportedMachines } from "./unsupported.ts";
import { x86_64 } from "./x86_64/x86_64.ts";

/** All machines. To add one, write its folder and list it here; docs/architectures.md describes its contents. */
export const architectures: readonly Arch[] = [
  x86_64,
  arm64,
  arm,
  i386,
  loongarch64,
  mips64el,
  ppc64le,
  riscv64,
  s390x,
];

/** Returns the facts about a machine that ELF readers need; undefined for an unknown one. @param machine `e_machine` */
export const elfMachineOf = (machine: number): ElfMachine | undefined =>
  architectures.find(({ elf }) => elf.machine === machine)?.elf ??
  unsupportedMachines.find((one) => one.machine === machine);

/** The facts in a dump about its machine. Unknown facts are undefined. */
export interface MachineHints {
  /** Byte order of the file. That of the memory can differ. */
  readonly byteOrder: ByteOrder;
  /** `e_machine`. */
  readonly elfMachine: number | undefined;
  /** Size of a `long` in bytes. */
  readonly wordSize?: 4 | 8;
  /** `uname -m`. */
  readonly machine: string | undefined;
  readonly vmcoreinfo: string | undefined;
  /** Size of the payload of the first NT_PRSTATUS in bytes. */
  readonly prstatusBytes?: number | undefined;
}

/**
 * Chooses the machine: by VMCOREINFO, then the ELF header, then the name in a kdump header, which QEMU fills in itself,
 * then the size of a CPU's registers, then the place of the kernel's text. A machine that these name and that is known as
 * unsupported is refused first. @returns Fault unknown for a machine that is not supported
 */
export function architectureOf(hints: MachineHints): Arch | Fault {
  const { vmcoreinfo = "", elfMachine, machine, prstatusBytes } = hints;
  const isNamed = ({ unameMachines }: { readonly unameMachines: readonly string[] }): boolean =>
    machine !== undefined && unameMachines.includes(machine);
  // A big-endian ppc64 kernel writes the same keys of VMCOREINFO as ppc64le, so that only its name tells them apart.
  const namesake = refusedByUname.find(isNamed);
  if (namesake) return unsupported(namesake.name);
  const hasNumber = ({ elf }: Arch): boolean => elf.machine === elfMachine;
  const refused = unsupportedMachines.find(
    (one) =>
      (one.machine === elfMachine && (one.wordSize === hints.wordSize || !architectures.some(hasNumber))) ||
      isNamed(one),
  );
  const found =
    architectures.find(({ vmcoreinfoKeys }) => vmcoreinfoKeys?.some((key) => vmcoreinfo.includes(`\n${key}=`))) ??
    (refused
      ? undefined
      : (architectures.find(hasNumber) ??
        architectures.find(isNamed) ??
        architectures.find((one) => hasSize(one, prstatusBytes) && acceptsOrder(one, hints.byteOrder)) ??
        architectures.find((one) => hasText(one, vmcoreinfo))));
  if (found === undefined) {
    const name = refused?.name ?? unknownName(hints);
    return name === undefined ? Fault.of("unknown", UNNAMED) : unsupported(name);
  }
  if (!acceptsOrder(found, hints.byteOrder))
    return Fault.of("unknown", `dump of a ${hints.byteOrder}-endian ${found.name} is not supported`);
  return found;
}

function unsupported(name: string): Fault {
  const supported = architectures.map(({ name }) => name).join(", ");
  return Fault.of("unknown", `dump of an unsupported architecture (${name}); supported: ${supported}`);
}

const hasSize = (one: Arch, bytes: number | undefined): boolean =>
  one.prstatusBytes !== undefined && one.prstatusBytes === bytes;

function hasText({ textWindow }: Arch, vmcoreinfo: string): boolean {
  const stext = /^SYMBOL\(_stext\)=([\da-f]{1,16})$/m.exec(vmcoreinfo)?.[1];
  if (textWindow === undefined || stext === undefined) return false;
  const address = BigInt(`0x${stext}`);
  return address >= textWindow.start && address < textWindow.end;
}

const acceptsOrder = ({ byteOrder, eitherFileOrder }: Arch, order: ByteOrder): boolean =>
  byteOrder === order || eitherFileOrder === true;

const UNNAMED =
  "no kernel found: neither the dump's header nor VMCOREINFO, in a note or in memory, tells which machine it is of";

/** Returns what is known of a machine that none of ours is; undefined if that is nothing. */
function unknownName({ machine, elfMachine, prstatusBytes }: MachineHints): string | undefined {
  // QEMU writes "Unknown" if it has no name for the machine.
  if (machine !== undefined && machine !== "Unknown") return machine;
  if (elfMachine !== undefined) return `e_machine ${elfMachine}`;
  return prstatusBytes === undefined ? undefined : `unnamed machine, NT_PRSTATUS of ${prstatusBytes} bytes`;
}
