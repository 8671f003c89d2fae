/** Machines that are known by name but not supported. */

/** A machine whose dumps cannot be opened. */
export interface UnsupportedMachine {
  /** The name that drgn or the kernel's source uses. */
  readonly name: string;
  /** `e_machine`. */
  readonly machine: number;
  /** Size of a `long` in bytes. It distinguishes machines with the same number. */
  readonly wordSize: 4 | 8;
  /** `uname -m` values. */
  readonly machines: readonly string[];
}

/** Source: include/uapi/linux/elf-em.h and UTS_MACHINE in arch/<machine>/Makefile. */
export const unsupportedMachines: readonly UnsupportedMachine[] = [
  { name: "alpha", machine: 0x9026, wordSize: 8, machines: ["alpha"] },
  { name: "ia64", machine: 50, wordSize: 8, machines: ["ia64"] },
  { name: "mips", machine: 8, wordSize: 4, machines: ["mips", "mips64"] },
  { name: "parisc", machine: 15, wordSize: 4, machines: ["parisc", "parisc64"] },
  { name: "ppc", machine: 20, wordSize: 4, machines: ["ppc"] },
  { name: "s390 (31-bit)", machine: 22, wordSize: 4, machines: ["s390"] },
  { name: "sparc", machine: 2, wordSize: 4, machines: ["sparc"] },
  { name: "sparc64", machine: 43, wordSize: 8, machines: ["sparc64"] },
  { name: "loongarch64", machine: 258, wordSize: 8, machines: ["loongarch64"] },
  { name: "riscv32", machine: 243, wordSize: 4, machines: ["riscv32"] },
];

/** Machines with the number and the word size of a supported one: only `uname -m` tells them apart. */
export const refusedByName: readonly Pick<UnsupportedMachine, "name" | "machines">[] = [
  { name: "ppc64 (big-endian)", machines: ["ppc64"] },
];
