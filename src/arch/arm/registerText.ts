/** Registers of arm as crash and the kernel print them (arch/arm/kernel/process.c: __show_regs). */
import { padHex } from "../../base/hex.ts";
import type { Registers } from "../arch.ts";

const BRACKETED = ["pc", "lr"];
/** Labels. The first row separates its columns by four blanks. */
const ROWS: readonly (readonly string[])[] = [
  ["pc ", "lr ", "psr"],
  ["sp ", "ip ", "fp "],
  ["r10", "r9 ", "r8 "],
  ["r7 ", "r6 ", "r5 ", "r4 "],
  ["r3 ", "r2 ", "r1 ", "r0 "],
];
const MODES = "USER FIQ IRQ SVC UK4 UK5 MON ABT UK8 UK9 HYP UND UK12 UK13 UK14 SYS".split(" ");
const INSTRUCTION_SETS = ["ARM", "Thumb", "Jazelle", "ThumbEE"];

/** Returns the lines of the known registers; the flags are decoded if the status register is known. */
export function registerText(registers: Registers): string[] {
  const lines = ROWS.map((names, row) =>
    names
      .flatMap((label) => {
        const name = label.trim();
        const value = registers.get(name === "psr" ? "cpsr" : name);
        if (value === undefined) return [];
        const text = padHex(value, 8);
        return [`${label}: ${BRACKETED.includes(name) ? `[<${text}>]` : text}`];
      })
      .join(row === 0 ? "    " : "  "),
  );
  const status = registers.get("cpsr");
  return [...lines, ...(status === undefined ? [] : [statusText(Number(status))])].filter((line) => line !== "");
}

/** Decodes the status register (Arm Architecture Reference Manual, B1.3.3). */
function statusText(status: number): string {
  const flags = ["N", "Z", "C", "V"].map((flag, i) => ((status >>> (31 - i)) & 1 ? flag : flag.toLowerCase()));
  const [irqs, fiqs] = [0x80, 0x40].map((mask) => ((status & mask) === 0 ? "on" : "off"));
  const mode = `${MODES[status & 15]}_${status & 16 ? 32 : 26}`;
  const set = INSTRUCTION_SETS[((status >>> 23) & 2) | ((status >>> 5) & 1)];
  return `Flags: ${flags.join("")}  IRQs ${irqs}  FIQs ${fiqs}  Mode ${mode}  ISA ${set}`;
}
