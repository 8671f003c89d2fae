/** Exceptions of s390x: their names. */
import { nameIn, type TrapNames } from "../trapNames.ts";

/** Source: arch/s390/kernel/entry.S. */
const names: TrapNames = [
  [/^(ext|io)_int_handler/, "interrupt"],
  [/^pgm_check_handler/, "program check"],
  [/^mcck_int_handler/, "machine check"],
  [/^restart_int_handler/, "restart"],
  [/^(system_call|sysc_)/, "system call"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);
