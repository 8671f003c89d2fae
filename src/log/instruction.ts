/** The instruction at the place of a report, with the values of its operands. */
import { hex0x } from "../base/hex.ts";
import type { BasedAddress, CodeLine, LogContext, Questions } from "./context.ts";
import type { ReportFacts } from "./facts.ts";
import type { Access } from "./facts/access.ts";
import { machineOf } from "./machines.ts";
import { PAGE } from "./poison.ts";

export interface Instruction {
  readonly mnemonic: string;
  readonly operands: string;
  /** Registers that the operands name, as the report spells them, with their values. */
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
  /** The register and the constant of the operand in memory; undefined for other addressing. */
  readonly based: (BasedAddress & { readonly value: bigint }) | undefined;
  /** The address of the operand in memory, computed from the values of the registers. */
  readonly address: bigint | undefined;
}

/** Returns the instructions of a report's code; empty if none is printed or they cannot be decoded. */
export function codeOf({ site, machine, texts }: ReportFacts, { disassemble }: LogContext): readonly CodeLine[] {
  const code = site?.code?.text;
  if (code === undefined || machine === undefined) return [];
  return machineOf(machine)?.printedCode?.(code, texts) ?? disassemble?.(machine, code, site?.place) ?? [];
}

/**
 * Returns the instruction at the site of a report; undefined if its code is not printed, is not decoded, or is that of
 * an alignment exception of arm.
 */
export function instructionOf(facts: ReportFacts, context: LogContext): Instruction | undefined {
  const line = codeOf(facts, context).find(({ distance }) => distance === 0);
  const registers = facts.site?.registers ?? [];
  if (!line || line.mnemonic.startsWith("(bad)")) return undefined;
  // The words of arch/arm/mm/alignment.c, do_alignment(): the program counter is already after the instruction that it
  // does not handle.
  if (facts.access.words.includes("alignment exception")) return undefined;
  // After a breakpoint the program counter is behind it. An instruction that could not be fetched did not fault itself.
  if (facts.kind === "int3" || facts.access.verb === "execute") return undefined;
  const { mnemonic, operands } = line;
  return {
    mnemonic,
    operands,
    values: registers.filter(({ name }) => namesRegister(operands, name)),
    ...operandOf(facts, operands),
  };
}

/** `mov 0x8(%rdi),%rax; RDI = 0x0, RAX = 0x1`. */
export const instructionText = ({ mnemonic, operands, values }: Instruction): string =>
  [`${mnemonic} ${operands}`.trim(), values.map(({ name, value }) => `${name} = ${hex0x(value)}`).join(", ")]
    .filter((part) => part !== "")
    .join("; ");

/** Returns the places of a report that a client with debuginfo should describe. */
export function questionsOf(facts: ReportFacts, context: LogContext): Questions {
  const { guilty, site } = facts;
  const based = site?.place?.name === undefined ? undefined : nullAccessOf(facts, context);
  return {
    guilty:
      guilty?.place.offset === undefined || guilty.file !== undefined
        ? undefined
        : { place: guilty.place, returns: guilty.returns },
    member: based && site?.place && { place: site.place, based },
  };
}

/**
 * Returns how the faulting instruction accessed an address near NULL: by a register that is NULL, and a constant.
 * Undefined for other accesses.
 */
export function nullAccessOf(facts: ReportFacts, context: LogContext): BasedAddress | undefined {
  const { address } = facts.access;
  if (address === undefined || address === 0n || address >= PAGE) return undefined;
  const based = instructionOf(facts, context)?.based;
  if (based?.value !== 0n || BigInt(based.displacement) !== address) return undefined;
  // Without the value: clients send the access as JSON, which has no bigint.
  return { register: based.register, displacement: based.displacement };
}

/**
 * Returns the access of a report with its exact address. Where the report gives only the page (s390), the address that
 * the instruction computes, or that of the instruction itself, is exact if it is in that page.
 */
export function exactAccess(facts: ReportFacts): Access {
  const { access, site } = facts;
  if (!access.isPage) return access;
  const jumped = site?.place?.name === undefined ? site?.address : undefined;
  const address = [jumped, instructionOf(facts, {})?.address].find(
    (one) => one !== undefined && one - (one % PAGE) === access.address,
  );
  return address === undefined ? access : { ...access, address, isPage: false };
}

/** Returns the operand in memory: how it is addressed, and the address computed from the values of the registers. */
function operandOf({ machine, site }: ReportFacts, operands: string): Pick<Instruction, "based" | "address"> {
  const known = machineOf(machine);
  const absolute = known?.absoluteOperand?.exec(operands)?.[1];
  if (absolute !== undefined) return { based: undefined, address: BigInt(absolute) };
  const [, constant = "0", base = "", index, factor] = known?.memoryOperand?.exec(operands) ?? [];
  const valueOf = (name: string): bigint | undefined =>
    site?.registers.find((one) => fullName(one.name) === fullName(name))?.value;
  const value = valueOf(base);
  const isNegative = constant.startsWith("-");
  const displacement = Number(isNegative ? constant.slice(1) : constant) * (isNegative ? -1 : 1);
  if (value === undefined || Number.isNaN(displacement)) return { based: undefined, address: undefined };
  const added = index === undefined ? 0n : valueOf(index);
  const sum = added === undefined ? undefined : value + added * BigInt(factor ?? 1) + BigInt(displacement);
  return {
    based: index === undefined ? { register: fullName(base), displacement, value } : undefined,
    address: sum === undefined ? undefined : BigInt.asUintN(known?.bits ?? 64, sum),
  };
}

/** `R08`, `RDI`, `X0` in the spelling of debug information. */
const fullName = (name: string): string => name.toLowerCase().replace(/^r0(?=\d)/, "r");

/** Whether operands use a register that the kernel prints as `RAX`, `R08`, `x0`, `r3`; or a part of it. */
function namesRegister(operands: string, name: string): boolean {
  const plain = fullName(name);
  const legacy = /^r([abcd]x|[sd]i|[sb]p)$/.exec(plain)?.[1];
  const parts =
    legacy === undefined
      ? [plain, `${plain}d`, plain.replace(/^x/, "w")]
      : [plain, `e${legacy}`, legacy, legacy.replace(/x$/, "l")];
  return new RegExp(`(?<!\\w)(?:${parts.join("|")})(?!\\w)`).test(operands);
}
