import { architectures } from "../arch/architectures.ts";
import { type Disassembler, disassembler, type Instruction } from "../arch/disassembler/disassembler.ts";
import { codeBytes, synchronised } from "../arch/disassembler/opcodes.ts";
import { Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import { printedPlace } from "../base/nameOffset.ts";
import { UsageError } from "../base/usageError.ts";
import type { ReportFacts } from "../log/facts.ts";
import type { Place } from "../log/place.ts";

/** An instruction around a fault; `distance` is its place in bytes from the one that faulted. */
export interface CodeLine {
  readonly distance: number;
  readonly text: string;
  readonly operands: string;
}

/** More lines than explain a fault. */
const BEFORE = 8;
const AFTER = 4;

/** Any place for the instruction that faulted, where no address around it wraps: only distances are shown. */
const PLACE = 1n << 40n;
/** No jump or call of these machines goes farther. */
const MAX_JUMP = 1n << 31n;

/**
 * The instructions that a report's `Code:` prints, around the one at its site; empty when they cannot be told.
 */
export async function codeAround({ site, machine }: ReportFacts): Promise<CodeLine[]> {
  const code = site?.code?.text;
  const arch = architectures.find(({ name }) => name === machine);
  if (code === undefined || !arch || !/[<(]/.test(code)) return [];
  try {
    const { bytes, mark } = codeBytes(code, arch.byteOrder === "big");
    const decoder = await finished(disassembler(arch));
    const start = PLACE - BigInt(mark);
    const decode = (skipped: number): Instruction[] =>
      decoder.instructions(bytes.subarray(skipped), start + BigInt(skipped));
    const all = synchronised(decode, start, mark).map(({ address, mnemonic, operands }) => ({
      distance: Number(address - PLACE),
      text: `${mnemonic.padEnd(8)} ${placed(operands, site?.place)}`.trimEnd(),
      operands,
    }));
    const at = all.findIndex(({ distance }) => distance === 0);
    return at < 0 ? [] : all.slice(Math.max(0, at - BEFORE), at + AFTER + 1);
  } catch (error) {
    if (error instanceof Fault || error instanceof UsageError) return [];
    throw error;
  }
}

/** Operands with the places that jumps go to, of which only the distance is known, put as places in the function. */
const placed = (operands: string, site: Place | undefined): string =>
  operands.replace(/#?0x([0-9a-f]{8,16})\b/g, (text, digits: string) => {
    const distance = BigInt(`0x${digits}`) - PLACE;
    if (distance < -MAX_JUMP || distance > MAX_JUMP) return text;
    const offset = distance + BigInt(site?.offset ?? 0);
    const isWithin = site?.size !== undefined && offset >= 0n && offset < BigInt(site.size);
    if (site && isWithin) return printedPlace(site.name ?? "", offset);
    return distance < 0n ? `.-${hex0x(-distance)}` : `.+${hex0x(distance)}`;
  });

async function finished(job: ReturnType<typeof disassembler>): Promise<Disassembler> {
  for (;;) {
    const step = job.next();
    if (step.done) return step.value;
    await step.value.until;
  }
}
