/** The table of machines, and functions that recognize lines of registers and code. */
import { arm, arm64 } from "./machines/arm.ts";
import type { Machine, MachineName, Register, Site } from "./machines/machine.ts";
import { powerpc } from "./machines/powerpc.ts";
import { loongarch, mips, riscv } from "./machines/risc.ts";
import { s390 } from "./machines/s390.ts";
import { i386, x86 } from "./machines/x86.ts";
import { placeAt } from "./place.ts";

export type { Machine, MachineName, Register, Site } from "./machines/machine.ts";

/** The machines in the order in which a line is tried: the narrower pattern first. */
export const machines: readonly Machine[] = [x86, i386, arm64, arm, powerpc, s390, mips, loongarch, riscv];

const FIRST_LETTERS = /^\s*(?:RIP|IP|EIP|pc |lr |PC |LR |NIP|Krnl PSW|s?epc|ra|era|ERA)/;

/**
 * Returns the program counter or the link register that a message contains, with its position; undefined if it contains
 * none. Leading blanks are skipped, because the lines of a mail can be indented.
 */
export function siteOf(given: string): Site | undefined {
  if (!FIRST_LETTERS.test(given)) return undefined;
  const whole = siteIn(given);
  if (whole || !/^\s/.test(given)) return whole;
  const text = given.trimStart();
  const site = siteIn(text);
  const indent = given.length - text.length;
  const place = site?.place && { ...site.place, start: site.place.start + indent, end: site.place.end + indent };
  return site && { ...site, place };
}

function siteIn(text: string): Site | undefined {
  for (const machine of machines) {
    const pc = machine.pc.exec(text);
    const match = pc ?? machine.link?.exec(text);
    if (!match) continue;
    const place = placeAt(text, match[0].length);
    const digits = pc ? machine.address?.exec(text)?.[1] : undefined;
    const address = digits === undefined ? place?.address : BigInt(`0x${digits}`);
    if (!place && address === undefined && !/\(null\)/.test(text)) continue;
    return {
      machine: machine.name,
      role: pc ? "pc" : "link",
      place,
      address: address ?? (place ? undefined : 0n),
      isUser: machine.user?.test(text) ?? false,
    };
  }
  return undefined;
}

export const machineOf = (name: MachineName | undefined): Machine | undefined =>
  machines.find((machine) => machine.name === name);

/** Whether a message can be one that the code of a machine prints in a report: registers, page tables, code, stack. */
export const isMachineLine = (text: string): boolean => machines.some(({ body }) => body.test(text));

/**
 * Returns the registers of a message. @param before the number of values read so far of a table that continues from the
 * line before (s390)
 */
export function registersOf(text: string, machine: Machine, before = 0): Register[] {
  const found = registersIn(text, machine, before);
  const indent = text.length - text.trimStart().length;
  if (found.length > 0 || indent === 0) return found;
  return registersIn(text.slice(indent), machine, before).map((one) => ({
    ...one,
    start: one.start + indent,
    end: one.end + indent,
  }));
}

function registersIn(text: string, machine: Machine, before: number): Register[] {
  const row = machine.rows?.pattern.exec(text);
  if (row && machine.rows) return rowRegisters(text, row, machine.rows.name, before);
  if (!machine.registerLine.test(text)) return [];
  return [...text.matchAll(machine.register)].map((match) => {
    const [whole, name = "", digits = "0"] = match;
    return { name, value: BigInt(`0x${digits}`), start: match.index, end: match.index + whole.length };
  });
}

function rowRegisters(text: string, row: RegExpExecArray, name: (index: number) => string, before: number): Register[] {
  const isNumbered = row[2] !== undefined;
  const first = isNumbered ? Number(row[1]) : before;
  const values = row[2] ?? row[1] ?? "";
  const from = text.indexOf(values, row.index + (isNumbered ? (row[1]?.length ?? 0) : 0));
  return [...values.matchAll(/[0-9a-f]{8,16}/g)].map((match, i) => ({
    name: name(first + i),
    value: BigInt(`0x${match[0]}`),
    start: from + match.index,
    end: from + match.index + match[0].length,
  }));
}

/** Whether a message is a line of registers as a machine prints them. */
export const isRegisterLine = (text: string, { rows, registerLine }: Machine): boolean =>
  [text, text.trimStart()].some((one) => rows?.pattern.test(one) === true || registerLine.test(one));
