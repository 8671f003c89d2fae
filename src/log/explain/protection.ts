/** Explanations of the faults of x86 whose report gives no address: general protection and stack segment. */
import { hex0x } from "../../base/hex.ts";
import type { LogContext } from "../context.ts";
import type { ReportFacts } from "../facts.ts";
import { instructionOf } from "../instruction.ts";
import { shortPlaceText } from "../place.ts";
import { PAGE, poisonOf } from "../poison.ts";
import { explainAddress, NEAR, textIn } from "./addresses.ts";
import { explainNull } from "./faults.ts";

/**
 * Names a register that holds a poison value, for faults whose report gives no address (general protection); undefined
 * if none does.
 */
function poisonedRegister({ site }: ReportFacts): string | undefined {
  for (const { name, value } of site?.registers ?? []) {
    if (value < 0x1_0000_0000n) continue;
    const poison = poisonOf(value);
    if (poison && poison.name !== "POISON_FREE_INITMEM") {
      return `Register ${name} holds ${hex0x(value)} (${poison.name}: ${poison.meaning}).`;
    }
  }
  return undefined;
}

/** Explains a general protection fault: by the address that the report or the instruction shows, else in general. */
export function explainProtection(facts: ReportFacts, context: LogContext): string {
  const { texts, access } = facts;
  const range = texts.find((text) =>
    /^KASAN: (?:maybe |probably )?(?:null-ptr-deref|wild-memory-access|user-memory-access)/.test(text),
  );
  if (range?.includes("null-ptr-deref") === true) {
    const [, from] = /\[0x([0-9a-f]+)-/.exec(range) ?? [];
    const at = from === undefined ? "" : ` (between ${hex0x(BigInt(`0x${from}`))} and 7 bytes further)`;
    return `KASAN's check of an address near NULL${at} used a non-canonical shadow address. ${nullPointer(from === undefined ? undefined : BigInt(`0x${from}`))}`;
  }
  // The kernel guesses this from the address alone (kasan_non_canonical_hook()).
  const [, guess, which, checked] =
    /^KASAN: (maybe |probably )?(wild|user)-memory-access in range (\[0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}\])/.exec(
      range ?? "",
    ) ?? [];
  if (checked !== undefined)
    return `${guess === undefined ? "" : "Most likely "}KASAN's check of an address in ${checked} used a non-canonical shadow address. ${which === "user" ? "KASAN counts it as an address of user space." : NOT_CANONICAL}`;
  if (access.address !== undefined && access.address < PAGE) return explainNull(facts, access.address, context);
  if (access.address !== undefined && /non-canonical address/.test(facts.headline)) {
    const known = explainAddress(facts, access.address);
    if (known !== undefined) return `The kernel used ${hex0x(access.address)}${known}`;
    return `The kernel used ${hex0x(access.address)}, which is not a canonical address. ${NOT_CANONICAL}`;
  }
  if (/segment-related/.test(facts.headline))
    return "The processor rejected a segment selector, or an entry of a descriptor table (the error code is not 0).";
  const reached = explainReached(facts, context);
  if (reached !== undefined) return reached;
  const register = poisonedRegister(facts);
  // mm/kasan/report.c: the shadow address of an address outside of the kernel is not canonical. Checks that the
  // compiler inserts read it nevertheless.
  const sanitized = /\bKASAN\b/.test(facts.headline)
    ? " With KASAN's inline checks a NULL pointer or a pointer to user space causes this fault, too."
    : "";
  const at =
    facts.site?.place?.name === undefined ? taskWithoutPlace(facts) : ` at \`${shortPlaceText(facts.site.place)}\``;
  const base = `The processor rejected the instruction${at}. Usual causes: an address that is not canonical, a privileged register, or a segment.${sanitized}`;
  return register === undefined ? base : `${base} ${register}`;
}

/** What a checked address near NULL says about the pointer. */
const nullPointer = (checked: bigint | undefined): string =>
  checked === 0n
    ? "Most likely the pointer was NULL."
    : "Usual cause: a member of a structure or an element of an array was accessed through a NULL pointer.";

const NOT_CANONICAL = "Usual causes: the pointer was overwritten, or was read from freed or uninitialised memory.";

/** KASAN_SHADOW_OFFSET of x86_64: the shadow byte of an address is at the address divided by 8, plus this offset. */
const SHADOW = 0xdffffc0000000000n;
/** End of user space (47 bits). The shadow addresses of user space are not canonical either. */
const MAX_USER = 1n << 47n;

/** CR4.LA57 of x86_64 (Intel SDM vol. 3): page tables have five levels, and addresses 57 bits instead of 48. */
const LA57 = 1n << 12n;

/** Returns the number of bits of a canonical address; undefined if the report does not show CR4. */
function addressBits({ site }: ReportFacts): 48 | 57 | undefined {
  const cr4 = site?.registers.find(({ name }) => name === "CR4")?.value;
  return cr4 === undefined ? undefined : (cr4 & LA57) === 0n ? 48 : 57;
}

const isCanonical = (address: bigint, bits: number): boolean =>
  address === BigInt.asUintN(64, BigInt.asIntN(bits, address));

/**
 * Explains the address that the instruction used, computed from its operand and the registers. Undefined if it is
 * unknown or canonical.
 */
function explainReached(facts: ReportFacts, context: LogContext): string | undefined {
  const { address = thunkTarget(facts), based, values } = instructionOf(facts, context) ?? {};
  if (address === undefined || isCanonical(address, addressBits(facts) ?? 48)) return undefined;
  const checked = (address - SHADOW) << 3n;
  if (/\bKASAN\b/.test(facts.headline) && checked >= 0n && checked < MAX_USER) {
    const span = `between ${hex0x(checked)} and 7 bytes further`;
    return checked < NEAR
      ? `KASAN's check of an address near NULL (${span}) used a non-canonical shadow address. ${nullPointer(checked)}`
      : `KASAN's check of an address of user space (${span}) used a non-canonical shadow address.`;
  }
  // A register with the offset of the shadow shows that the instruction is a check.
  if (checked >= 0n && checked < 1n << 64n && values?.some(({ value }) => value === SHADOW) === true)
    return `KASAN's check of an address between ${hex0x(checked)} and 7 bytes further used a non-canonical shadow address. ${NOT_CANONICAL}`;
  const letters = based && textIn(based.value);
  const known =
    explainAddress(facts, address) ??
    (letters === undefined
      ? undefined
      : `: the bytes of the pointer are the text “${letters}”. Most likely the pointer was overwritten with a string.`);
  return `The kernel used ${hex0x(address)}${known ?? `, which is not a canonical address. ${NOT_CANONICAL}`}`;
}

/**
 * Returns the target of a retpoline (arch/x86/lib/retpoline.S), which jumps to the value of a register; undefined for
 * other functions. The name of the retpoline contains that of the register.
 */
function thunkTarget({ site }: ReportFacts): bigint | undefined {
  const name = /^__x86_indirect_(?:call_|jump_)?thunk_(r\w{1,3})$/.exec(site?.place?.name ?? "")?.[1];
  return site?.registers.find((one) => one.name.toLowerCase().replace("r0", "r") === name)?.value;
}

/** Names the CPU and its current task, for a fault whose own instruction is not known. */
const taskWithoutPlace = ({ comm, pid, cpu }: ReportFacts): string =>
  comm === undefined || pid === undefined || cpu === undefined
    ? ""
    : ` (on CPU ${cpu}, whose current task was \`${comm}\`, PID ${pid})`;

/**
 * Explains a stack-segment fault: names the stack or frame pointer that is not canonical; the stack pointer is
 * preferred.
 */
export function explainStackSegment(facts: ReportFacts): string {
  const bits = addressBits(facts) ?? 57;
  const wrong = facts.site?.registers.filter(({ name, value }) => /^R[SB]P$/.test(name) && !isCanonical(value, bits));
  const one = wrong?.find(({ name }) => name === "RSP") ?? wrong?.[0];
  const base =
    "The kernel used a non-canonical address relative to its stack or frame pointer, or an invalid stack segment";
  return one === undefined
    ? `${base}.`
    : `${base}: ${one.name} is ${hex0x(one.value)}, which is not a canonical address.`;
}
