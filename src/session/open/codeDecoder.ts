/** Disassembles the code that reports print after `Code:`. */
import type { Arch } from "../../arch/arch.ts";
import { architectures } from "../../arch/architectures.ts";
import {
  type Disassembler,
  disassembler,
  hasAttSyntax,
  type Instruction,
  type Loading,
} from "../../arch/disassembler/disassembler.ts";
import { codeBytes, synchronised } from "../../arch/disassembler/opcodes.ts";
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { printedPlace } from "../../base/nameOffset.ts";
import { UsageError } from "../../base/usageError.ts";
import type { CodeLine, LogContext } from "../../log/context.ts";
import { machines as printing } from "../../log/machines.ts";
import type { PrintedPlace } from "../../log/place.ts";

type Disassemble = NonNullable<LogContext["disassemble"]>;

/**
 * An address for the instruction of the report, chosen so that no address around it wraps. Only distances are shown.
 */
const PLACE = 1n << 40n;
/** An address for the instruction of the report, for a decoder of 32 bits, which cuts addresses. */
const PLACE_32 = 1n << 30n;
/** Maximum distance of a jump or call in bytes. */
const MAX_JUMP = 1n << 31n;

/**
 * Loads the disassemblers that reports of these machines need. A disassembler that does not exist or does not load
 * decodes nothing.
 * @param machines names as in reports; undefined is skipped
 */
export async function codeDecoder(machines: Iterable<string | undefined>): Promise<Disassemble> {
  const decoders = new Map<string, Disassemble>();
  for (const machine of new Set(machines)) {
    const name = printing.find((one) => one.name === machine)?.decodedAs ?? machine;
    const arch = architectures.find((one) => one.name === name);
    const decoder = arch && (await loaded(arch));
    if (machine !== undefined && arch && decoder) decoders.set(machine, decoderOf(arch, decoder));
  }
  return (machine, code, place) => decoders.get(machine)?.(machine, code, place) ?? [];
}

async function loaded(arch: Arch): Promise<Disassembler | undefined> {
  const job: Generator<Loading, Disassembler, void> = disassembler(arch);
  try {
    for (;;) {
      const step = job.next();
      if (step.done) return step.value;
      await step.value.until;
    }
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Returns a function that decodes the code in reports of one machine. */
export const decoderOf =
  (arch: Arch, decoder: Disassembler): Disassemble =>
  (_machine, code, place) => {
    // Halfwords are Thumb instructions, which the decoder of arm would misread.
    if (!/[<(]/.test(code) || (arch.wordSize === 4 && /\b[0-9a-f]{4}\b/.test(code))) return [];
    const origin = arch.wordSize === 4 && hasAttSyntax(arch) ? PLACE_32 : PLACE;
    try {
      const { bytes, mark } = codeBytes(code, arch.byteOrder === "big");
      const start = origin - BigInt(mark);
      const decode = (skipped: number): Instruction[] =>
        decoder.instructions(bytes.subarray(skipped), start + BigInt(skipped));
      const lines = synchronised(decode, start, mark).map(({ address, mnemonic, operands }): CodeLine => ({
        distance: Number(address - origin),
        mnemonic,
        // Near the smaller origin a constant can look like a target.
        operands: origin === PLACE || /^(?:j|call|loop)/.test(mnemonic) ? placed(operands, origin, place) : operands,
      }));
      return lines.some(({ distance }) => distance === 0) ? lines : [];
    } catch (error) {
      if (error instanceof Fault || error instanceof UsageError) return [];
      throw error;
    }
  };

/** Replaces the targets of jumps in operands by places in the function, because only their distance is known. */
const placed = (operands: string, origin: bigint, site: PrintedPlace | undefined): string =>
  operands.replace(/#?0x([0-9a-f]{8,16})\b/g, (text, digits: string) => {
    const distance = BigInt(`0x${digits}`) - origin;
    if (distance < -MAX_JUMP || distance > MAX_JUMP) return text;
    const offset = distance + BigInt(site?.offset ?? 0);
    const isWithin = site?.size !== undefined && offset >= 0n && offset < BigInt(site.size);
    if (site && isWithin) return printedPlace(site.name ?? "", offset);
    return distance < 0n ? `.-${hex0x(-distance)}` : `.+${hex0x(distance)}`;
  });
