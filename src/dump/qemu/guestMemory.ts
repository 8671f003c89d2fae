/** Where the machines of QEMU put the blocks of a guest's memory. */
import type { ByteOrder } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";

/** A block of a guest's RAM. */
export interface RamBlock {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Facts about a machine of QEMU that follow from its name. */
export interface GuestMachine {
  readonly byteOrder: ByteOrder;
  /** Whether the stream's sections "cpu" have the registers of an x86 CPU. */
  readonly isPc: boolean;
  /** Returns the physical address of a byte of the guest's RAM, counted over all of its blocks. */
  readonly physical: (offset: number, size: number) => number;
}

const GIBIBYTE = 2 ** 30;
/** Guests with as much memory as `from` have only `low` bytes of it below 4 GiB (QEMU's hw/i386/pc_q35.c, pc_piix.c). */
const Q35 = { from: 0xb0000000, low: 2 * GIBIBYTE };
const I440FX = { from: 0xe0000000, low: 3 * GIBIBYTE };

const pc = ({ from, low }: typeof Q35): GuestMachine => ({
  byteOrder: "little",
  isPc: true,
  physical: (offset, size) => (size >= from && offset >= low ? offset - low + 4 * GIBIBYTE : offset),
});

const flat = (base: number, byteOrder: ByteOrder): GuestMachine => ({
  byteOrder,
  isPc: false,
  physical: (offset) => base + offset,
});

/** Machines by name and by the names of their blocks. Sources: hw/arm/virt.c, hw/riscv/virt.c, hw/s390x, hw/ppc. */
const machines: readonly (readonly [name: RegExp, block: RegExp, machine: GuestMachine])[] = [
  [/^(?:pc-)?q35/, /^/, pc(Q35)],
  [/^pc-i440fx-|^pc-\d|^xenfv|^rhel\d.*pc/, /^/, pc(I440FX)],
  [/^virt-|^virt$/, /^riscv/, flat(2 * GIBIBYTE, "little")],
  [/^virt-|^virt$/, /^/, flat(GIBIBYTE, "little")],
  [/^s390-ccw-virtio/, /^/, flat(0, "big")],
  [/^pseries/, /^/, flat(0, "little")],
];

/** Names of blocks of RAM; all others are firmware, video memory and tables. */
const RAM_NAME =
  /(?:^|[./])(?:pc|mach-virt|ppc_spapr|s390|riscv_virt_board)\.ram$|^ram-node\d+$|^\/objects\/[\w-]*(?:ram|mem)[\w-]*$|^(?:ram|mem)\d*$/;

/** Returns the blocks of the guest's RAM in their order: those of known names, else the largest block alone. */
export function ramOf(blocks: readonly RamBlock[]): readonly RamBlock[] {
  const named = blocks.filter(({ name }) => RAM_NAME.test(name));
  if (named.length > 0) return named;
  const [largest] = [...blocks].sort((a, b) => b.size - a.size);
  return largest ? [largest] : [];
}

/** Advice for a guest that was saved in a way that is not read. */
export const INSTEAD = "dump the guest with `virsh dump --memory-only` or dump-guest-memory";

/**
 * Returns the facts about a machine. @param name the machine's name in the stream @throws Fault unknown for a machine
 * of which it is not known where its memory is
 */
export function machineOf(name: string, blocks: readonly RamBlock[], file: string): GuestMachine {
  const [first] = ramOf(blocks);
  const found = machines.find(([pattern, block]) => pattern.test(name) && block.test(first?.name ?? ""));
  if (found) return found[2];
  throw Fault.of("unknown", `${file}: the memory layout of the QEMU machine "${name}" is not known: ${INSTEAD}`);
}
