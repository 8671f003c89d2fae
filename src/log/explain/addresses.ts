/** What the value of an address says: user space, NULL, an error code, a poison, a text. */
import { hex0x } from "../../base/hex.ts";
import type { ReportFacts } from "../facts.ts";
import { machineOf } from "../machines.ts";
import { errorOf, PAGE, poisonOf } from "../poison.ts";

/**
 * An address below this one is called near NULL. Distributions set vm.mmap_min_addr to this value, so that ordinary
 * programs have no memory there.
 */
export const NEAR = 0x10000n;

/** Returns the width of an address in bits; where no line shows the machine, a guess by the address. */
const bitsOf = ({ machine, access: { address = 0n } }: ReportFacts): 32 | 64 =>
  machineOf(machine)?.bits ?? (address < 1n << 32n ? 32 : 64);

/** Whether an address is in user memory, the lower half; false on 32 bits, where the log does not show the kernel's base. */
export const isUserAddress = (facts: ReportFacts, address: bigint): boolean => {
  const machine = machineOf(facts.machine);
  return (
    bitsOf(facts) === 64 &&
    machine?.sharesAddresses !== true &&
    address >= PAGE &&
    address < 1n << BigInt(machine?.userBits ?? 57)
  );
};

/** Finds a register with an error pointer from which a member may have been accessed at an address near NULL. */
export function errorRegister(facts: ReportFacts, address: bigint): { register: string; name: string } | undefined {
  const bits = bitsOf(facts);
  for (const { name: register, value } of facts.site?.registers ?? []) {
    const error = errorOf(value, bits);
    if (error && BigInt.asUintN(bits, address - value) < PAGE) return { register, name: error.name };
  }
  return undefined;
}

/**
 * Explains an address by its value: an error pointer, a small negative offset, text, poison of freed memory. Undefined
 * for other values.
 */
export function explainAddress(facts: ReportFacts, address: bigint): string | undefined {
  const bits = bitsOf(facts);
  const error = errorOf(address, bits);
  if (error)
    return `, the value of \`ERR_PTR(-${error.name})\`: most likely an error pointer, or a small offset from one, was used as a pointer to memory.`;
  if (BigInt.asUintN(bits, -address) < PAGE) {
    return `, ${hex0x(BigInt.asUintN(bits, -address))} bytes below zero: most likely a member at a negative offset from a NULL pointer (\`container_of\`), or at an offset from an error pointer.`;
  }
  const letters = textIn(address);
  if (letters !== undefined) {
    return `: its bytes are the text “${letters}”. Most likely the pointer was overwritten with a string, or is not a pointer.`;
  }
  const poison = poisonOf(address);
  if (poison) {
    const offset =
      poison.offset === 0n
        ? ""
        : `, ${hex0x(poison.offset < 0n ? -poison.offset : poison.offset)} bytes ${poison.offset < 0n ? "before it" : "after it"}`;
    const usual = USUAL.find(([name]) => poison.name.startsWith(name))?.[1];
    return `: that is ${poison.name}${offset}, which marks ${poison.meaning}.${usual === undefined ? "" : ` ${usual}`}`;
  }
  return undefined;
}

/** By the beginning of a mark's name: how such a value usually becomes a pointer. */
const USUAL: readonly (readonly [name: string, sentence: string])[] = [
  ["LIST_POISON", "Most likely an entry was used after it was deleted from its list."],
  ["POISON_FREE_INITMEM", "Usual cause: code or data of the init sections was used after they were freed."],
  [
    "POISON_FREE",
    "Usual causes: an object was used after it was freed, or was allocated in such memory and never initialised.",
  ],
  ["POISON_INUSE", "Usual cause: a member of an object was used that was never initialised."],
  ["PAGE_POISON", "Usual cause: a page was used after it was freed."],
];

/** Returns the text in a pointer's low seven bytes; undefined unless each is of `[A-Za-z0-9_ ./-]`, three of them distinct. */
export function textIn(address: bigint): string | undefined {
  const bytes = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(8 * i)) & 0xffn));
  const text = bytes.slice(0, 7).map((byte) => String.fromCharCode(byte));
  const isText = bytes.slice(0, 7).every((byte) => /[A-Za-z0-9_ ./-]/.test(String.fromCharCode(byte)));
  return isText && new Set(text).size > 2 ? text.join("") : undefined;
}
