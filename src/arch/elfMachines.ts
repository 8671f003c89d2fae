/** ELF machine numbers. */
import { elf as arm } from "./arm/elf.ts";
import { elf as arm64 } from "./arm64/elf.ts";
import type { ElfMachine } from "./elfMachine.ts";
import { elf as s390x } from "./s390x/elf.ts";
import { elf as x86_64 } from "./x86_64/elf.ts";

/** Machines without an Arch, of which only the word size is known: EM_386 and EM_PPC. */
const others: readonly ElfMachine[] = [
  { machine: 3, wordSize: 4 },
  { machine: 20, wordSize: 4 },
];

const machines: readonly ElfMachine[] = [x86_64, arm64, arm, s390x, ...others];

/** @param machine `e_machine` */
export const elfMachineOf = (machine: number): ElfMachine | undefined =>
  machines.find((one) => one.machine === machine);
