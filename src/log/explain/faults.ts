/** Explanations of faults of an instruction. */
import { hex0x } from "../../base/hex.ts";
import type { LogContext } from "../context.ts";
import type { ReportFacts } from "../facts.ts";
import { nullAccessOf, questionsOf } from "../instruction.ts";
import { machineOf } from "../machines.ts";
import { plainName, shortPlaceText } from "../place.ts";
import { PAGE, poisonOf } from "../poison.ts";
import { callerSentence } from "./caller.ts";
import { errorRegister, explainAddress, isUserAddress, NEAR } from "./addresses.ts";

const DONE = { read: "read from", write: "wrote to", execute: "jumped to", access: "used", none: "used" } as const;

const WRONG_POINTER =
  "Usual causes: the pointer was overwritten or never set, or its memory was freed, unmapped or protected.";

/** Explains a memory fault: by the address, the kind of access, and the reason that the machine gives. */
export function explainAccess(facts: ReportFacts, context: LogContext): string {
  const { address, verb, isForbidden } = facts.access;
  if (address === undefined)
    return "The kernel accessed an address that it may not access; the report does not give the address.";
  const executed = verb === "execute" || (facts.site?.place?.name === undefined && facts.site?.address === address);
  if (facts.access.isPage) return explainPage(facts, address);
  if (executed && address < PAGE) {
    return address === 0n
      ? `The kernel jumped to address 0: most likely it called a function through a NULL pointer.${callerSentence(facts, true)}`
      : `The kernel jumped to ${hex0x(address)}, near NULL: a function pointer or a return address was wrong.${callerSentence(facts, false)}`;
  }
  if (executed && isUserAddress(facts, address)) return explainUserJump(facts, address);
  if (executed) {
    const why =
      isForbidden === true
        ? ", in memory that must not be executed"
        : isForbidden === false
          ? ", where no page is mapped"
          : "";
    return `The kernel jumped to ${hex0x(address)}${why}. Usual causes: a function pointer or a return address was overwritten, or the code was freed.${callerSentence(facts, false)}`;
  }
  if (address < PAGE) return explainNull(facts, address, context);
  const did = `The kernel ${DONE[verb ?? "none"]} ${hex0x(address)}`;
  if (address < NEAR)
    return `${did}, near NULL. Usual causes: a member of a large structure or an element of an array was accessed through a NULL pointer, or a small number was used as a pointer.`;
  const known = explainAddress(facts, address);
  if (known !== undefined) return `${did}${known}`;
  if (facts.kind === "user-access")
    return `${did}, which is user memory. The kernel allows such an access only to the functions that are made for it (\`copy_from_user\` and others), while they have enabled it.`;
  if (isUserAddress(facts, address))
    return `${did}, an address of user space. Usual causes: a wrong pointer, or a program's pointer that was used without \`copy_from_user\`.`;
  if (isForbidden === true && verb === "write") return `${did}, a mapped page that is write-protected.`;
  if (isForbidden === true) return `${did}, a mapped page that does not allow this access.`;
  if (isForbidden === false) {
    return `${did}, where no page is mapped. ${WRONG_POINTER}`;
  }
  return `${did}, which the processor rejected. ${WRONG_POINTER}`;
}

/**
 * Says that arm or arm64 print limits of the used part of the stack that cannot be: `Stack: (0x88e16000 to 0x88e16000)`.
 * Undefined for other limits.
 */
function wrongStack({ texts }: ReportFacts): string | undefined {
  const [, from, to] =
    texts.map((text) => /^Stack: \(0x([0-9a-f]{8,16}) to 0x([0-9a-f]{8,16})\)/.exec(text)).find(Boolean) ?? [];
  return from === undefined || BigInt(`0x${from}`) < BigInt(`0x${to}`)
    ? undefined
    : `the report prints limits of the stack that cannot be (0x${from} to 0x${to}). If the stack overflowed, the data next to it was overwritten, and this address may be a consequence.`;
}

/** Explains an access of which the report gives only the page, and the instruction does not show the address. */
function explainPage(facts: ReportFacts, page: bigint): string {
  const { verb, isForbidden } = facts.access;
  const did = `The kernel ${DONE[verb ?? "none"]} an address in the page at ${hex0x(page)}`;
  if (page === 0n)
    return `${did}, near NULL. Usual causes: a pointer was NULL, or a member of a structure or an element of an array was accessed through a NULL pointer.`;
  if (page === LAST_PAGE)
    return `${did}, the last one: most likely an error pointer, or a negative offset from a NULL pointer, was used.`;
  const poison = poisonOf(page);
  if (poison) return `${did}, that of ${poison.name}, which marks ${poison.meaning}. ${WRONG_POINTER}`;
  if (isForbidden === true && verb === "write") return `${did}, which is write-protected.`;
  if (isForbidden === true) return `${did}, which does not allow this access.`;
  return isForbidden === false
    ? `${did}, which is not mapped. ${WRONG_POINTER}`
    : `${did}, which the processor rejected. ${WRONG_POINTER}`;
}

/** The page of the error pointers (64 bits). */
const LAST_PAGE = 0xffff_ffff_ffff_f000n;

/** Explains an access near NULL: by a register that is NULL, an error pointer, or the address alone. */
export function explainNull(facts: ReportFacts, address: bigint, context: LogContext): string {
  const { verb } = facts.access;
  const did = verb === undefined ? `the access was at ${hex0x(address)}` : `it ${DONE[verb]} ${hex0x(address)}`;
  if (address === 0n) return `The kernel used a NULL pointer: ${did}.`;
  const register = nullAccessOf(facts, context)?.register;
  const stack = wrongStack(facts);
  if (stack !== undefined) return `The kernel used an address near NULL (${did}), and ${stack}`;
  const { member } = questionsOf(facts, context);
  const name = member && context.memberAt?.(member.place, member.based);
  const error = member === undefined ? errorRegister(facts, address) : undefined;
  if (error !== undefined)
    return `The kernel used an address near NULL: ${did}. Usual causes: a NULL pointer, or an error pointer, such as that in ${error.register} (\`ERR_PTR(-${error.name})\`).`;
  return register === undefined
    ? `The kernel used an address near NULL: ${did}. Usual cause: a member of a structure or an element of an array was accessed through a NULL pointer.`
    : `The kernel used a NULL pointer, in register ${register}: ${did}, ${name ?? "that many bytes after the pointer"}.`;
}

function explainUserJump({ access, traces, ...facts }: ReportFacts, address: bigint): string {
  const from = callerSentence({ access, traces, ...facts }, false);
  const why =
    access.isForbidden === true
      ? " The page is mapped, but the kernel may not execute it (SMEP, or the no-execute bit that page-table isolation sets; PXN on arm)."
      : access.isForbidden === false
        ? " No page is mapped there."
        : "";
  return `The kernel jumped into user memory at ${hex0x(address)}: a function pointer or a return address was wrong.${why}${from}`;
}

/** Explains a division error: the divisor distinguishes a division by zero from a quotient that does not fit. */
export function explainDivision({ machine, site }: ReportFacts): string {
  const code = site?.code?.text;
  const divisor =
    site && code !== undefined ? machineOf(machine)?.divisor?.({ code, registers: site.registers }) : undefined;
  const at = site?.place?.name === undefined ? "" : ` in \`${plainName(site.place.name)}\``;
  if (!divisor) return `The kernel divided by zero${at}, or the quotient did not fit.`;
  const { name, value } = divisor;
  return value === 0n
    ? `The kernel divided by zero${at}: the divisor is in ${name}, which is 0.`
    : `The quotient of a division${at} did not fit: the divisor, in ${name}, is ${hex0x(value)}.`;
}

/** Explains an invalid instruction; on x86 BUG() is compiled to `0f 0b` (ud2). */
export function explainOpcode({ texts, site, comm }: ReportFacts): string {
  const at = site?.place?.name === undefined ? "" : ` in \`${shortPlaceText(site.place)}\``;
  const task = at === "" || comm === undefined ? "" : ` (task \`${comm}\`)`;
  const code = site?.code?.text;
  const codes = code === undefined ? texts.filter((text) => /^Code: .*<[0-9a-f]{2}>/.test(text)) : [code];
  return codes.length > 0 && codes.every((text) => /<0f> 0b/.test(text))
    ? `The processor executed \`ud2\`, an instruction that always faults${at}${task}. Usual causes: the kernel's own \`BUG()\`, or code that the compiler considers unreachable.`
    : `The processor tried to execute an invalid instruction${at}${task}. Usual causes: the code was overwritten, a jump went to a wrong address, or it is the kernel's own \`BUG()\`.`;
}

/** Minimum number of entries in a trace of a function that the explanation names. */
const OFTEN = 4;

/** Explains an access to a guard page, which a stack has on both sides (arch/x86/mm/fault.c, handle_stack_overflow()). */
export function explainGuardPage({ traces, access }: ReportFacts): string {
  const at = access.address === undefined ? "" : ` at ${hex0x(access.address)}`;
  return `A guard page beside a kernel stack was accessed${at}: most likely the stack overflowed.${fullOf(traces)}`;
}

/**
 * Explains a stack overflow. arm64 and riscv print the address and the bounds of the stacks (panic_bad_stack,
 * handle_bad_stack).
 */
export function explainOverflow({ traces, access, texts }: ReportFacts): string {
  const bounds = texts
    .map((text) => /^Task stack: {1,16}(\[0x[0-9a-f]{1,16}\.\.0x[0-9a-f]{1,16}\])/.exec(text)?.[1])
    .find(Boolean);
  const at =
    access.address === undefined
      ? ""
      : ` (an access at ${hex0x(access.address)}${bounds === undefined ? "" : `, the stack is ${bounds}`})`;
  const what = texts.some((text) => text.startsWith("Insufficient stack space"))
    ? `An exception found no room on the kernel stack${at}: most likely the stack overflowed`
    : `The kernel reported an overflow of a kernel stack${at}`;
  return `${what}. Usual causes: a recursion, or large local variables.${fullOf(traces)}`;
}

/** Names the function with the most entries in the trace, if it has OFTEN or more. */
function fullOf(traces: ReportFacts["traces"]): string {
  const counts = new Map<string, number>();
  for (const { name, isDoubtful } of traces.find(({ role }) => role === "stack")?.entries ?? [])
    if (name !== undefined && !isDoubtful) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [name, count] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
  return count >= OFTEN ? ` \`${name}\` is in the trace ${count} times.` : "";
}
