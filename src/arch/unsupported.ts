/** Machines that are known by name but not supported. */

/** A machine whose dumps cannot be opened. */
export interface UnsupportedMachine {
  /** The name that drgn or the kernel's source uses. */
  readonly name: string;
  /** `e_machine`. */
  readonly machine: number;
  /**
   * Size of a `long` in bytes, of the smallest variant in `unameMachines`. It distinguishes a machine from a supported
   * one with the same `e_machine`.
   */
  readonly wordSize: 4 | 8;
  /** `uname -m` values. */
  readonly unameMachines: readonly string[];
}

/** Source: include/uapi/linux/elf-em.h and UTS_MACHINE in arch/<machine>/Makefile. */
export const unsupportedMachines: readonly UnsupportedMachine[] = [
  { name: "alpha", machine: 0x9026, wordSize: 8, unameMachines: ["alpha"] },
  { name: "ia64", machine: 50, wordSize: 8, unameMachines: ["ia64"] },
  { name: "mips", machine: 8, wordSize: 4, unameMachines: ["mips"] },
  { name: "parisc", machine: 15, wordSize: 4, unameMachines: ["parisc", "parisc64"] },
  { name: "ppc", machine: 20, wordSize: 4, unameMachines: ["ppc"] },
  { name: "s390 (31-bit)", machine: 22, wordSize: 4, unameMachines: ["s390"] },
  { name: "sparc", machine: 2, wordSize: 4, unameMachines: ["sparc"] },
  { name: "sparc64", machine: 43, wordSize: 8, unameMachines: ["sparc64"] },
  { name: "loongarch32", machine: 258, wordSize: 4, unameMachines: ["loongarch32"] },
  { name: "riscv32", machine: 243, wordSize: 4, unameMachines: ["riscv32"] },
];

/** Machines with the number and the word size of a supported one: only `uname -m` tells them apart. */
export const refusedByUname: readonly Pick<UnsupportedMachine, "name" | "unameMachines">[] = [
  { name: "ppc64 (big-endian)", unameMachines: ["ppc64"] },
];
