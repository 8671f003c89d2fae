/** Explanations of exceptions whose headline differs between machines: "Internal error", "Unhandled fault". */
import { hex0x } from "../../base/hex.ts";
import type { LogContext } from "../context.ts";
import type { ReportFacts } from "../facts.ts";
import { placeText } from "../place.ts";
import { caller, explainAccess, explainOverflow, NEAR, PAGE } from "./faults.ts";

/** Explains a branch-target fault (arm64 BTI): only a function that begins with a BTI instruction is a valid target. */
function explainBranch({ site }: ReportFacts): string {
  const place = site?.place;
  const to = place === undefined ? "a place" : `\`${placeText(place).replace(/\/0x.*/, "")}\``;
  return place?.offset === 0
    ? `An indirect jump or call went to ${to}, which does not begin with a BTI instruction: it was built without branch protection, or is only meant to be called directly.`
    : `An indirect jump or call went to ${to}, which is not a valid jump target: a function pointer was overwritten, or the code was built without branch protection.`;
}

export function explainArmFault(facts: ReportFacts): string {
  const { groups } = facts.report.headline;
  const at = facts.access.address === undefined ? "" : ` at ${hex0x(facts.access.address)}`;
  if (/external abort/.test(groups.fault ?? "")) {
    return `An external abort: the bus or the device refused the access${at}. Usual causes: the device has no clock or power, its driver maps a wrong address, or no device is at the address.`;
  }
  if (/alignment/.test(groups.fault ?? ""))
    return `The access${at} is not aligned as this instruction or this memory demands.`;
  if (/domain fault/.test(groups.fault ?? "")) {
    const { address } = facts.access;
    if (address !== undefined && address < PAGE)
      return `The access${at} is near NULL, in the range of user programs, whose domain was switched off: most likely a member of a structure at a pointer that was NULL.`;
    const near = address !== undefined && address < NEAR ? ", or a large structure at a pointer that was NULL" : "";
    return `The access${at} is to memory whose domain was switched off: most often user memory that was accessed without copy_from_user(), copy_to_user() or another function that opens the domain${near}.`;
  }
  return `The machine refused the access${at} (${groups.fault ?? "unknown fault"}), for which the kernel has no handler.`;
}

/** Names the function in which the processor was. */
const siteOf = ({ site }: ReportFacts): string =>
  site?.place?.name === undefined ? "" : ` by \`${placeText(site.place).replace(/\/0x.*/, "")}\``;

/** arm64 checks the stack pointer (16 bytes) and the program counter (4 bytes). */
function explainUnaligned(facts: ReportFacts): string {
  const { site } = facts;
  const pc = site?.place?.name === undefined ? (site?.address ?? site?.place?.address) : undefined;
  if (pc !== undefined && pc % 4n !== 0n)
    return `The program counter, ${hex0x(pc)}, is not aligned: the kernel jumped there by a function pointer or a return address that was wrong.${caller(facts)}`;
  return "The stack pointer or the program counter was not aligned: most likely it was overwritten.";
}

/** Explains a headline that differs between machines, by its words; a general sentence if no word is known. */
export function explainInternal(facts: ReportFacts, context: LogContext): string {
  const { fault, bus } = facts.report.headline.groups;
  const says = (fault ?? (bus === undefined ? facts.headline : `${bus} bus error`)).trim();
  const named = facts.access.words.find((word) => /abort|alignment/.test(word));
  if (says === "" && named !== undefined && /abort/.test(named))
    return `An external abort (${named}): the bus or the device refused an access. Usual causes: the device has no clock or power, its driver maps a wrong address, or no device is at the address.`;
  if (/Kernel bug detected|Oops - BUG|sig: 5\b/.test(says))
    return "A check in the code failed (`BUG()`), and the kernel killed the task.";
  if (/bus error/i.test(says))
    return `The bus or a device refused an access${siteOf(facts)}: nothing is at the address, a device has no clock or power, the mapping is wrong, or the memory is bad.`;
  if (/[Mm]achine check/.test(says)) return "The hardware reported an error: usually hardware or firmware.";
  if (/[Rr]eserved instruction|illegal (?:instruction|operation)/.test(says))
    return "The processor met an instruction that it does not know or does not allow: the code was overwritten, or a jump went wrong.";
  if (/unaligned|misaligned/.test(says))
    return "An access was not aligned as the instruction demands, and the kernel could not perform it instead.";
  if (/^UBSAN/.test(says))
    return `A check that the compiler put in failed (${says.replace(/^UBSAN: ?/, "")}), and the kernel is built to stop then (CONFIG_UBSAN_TRAP).`;
  if (/- CFI$/.test(says))
    return "An indirect call went to a function of another type than the call is for: the function pointer was overwritten, or its declaration does not fit.";
  if (/^BRK|brk handler/.test(says))
    return "The kernel met a breakpoint instruction: a check of the code (`BUG()`, or a trap that the compiler put in).";
  if (/undefined instruction|Undefined instruction/.test(says))
    return "The processor met an undefined instruction. On arm, `BUG()` is compiled to an undefined instruction.";
  if (/FPAC|ptrauth|PAC/.test(says))
    return "A signed pointer did not pass its check: a return address or a function pointer was overwritten.";
  if (/BTI|branch target/i.test(says)) return explainBranch(facts);
  if (/^alignment check/.test(says))
    return "An access was not aligned while the processor checked alignment (the AC flag). The kernel does not turn this check on for its own code.";
  if (/SP.PC alignment|alignment/.test(says)) return explainUnaligned(facts);
  if (/kernel stack overflow/.test(says)) return explainOverflow(facts);
  if (/^Kernel access of bad area|^bad area/.test(says.replace(/^Oops: /, "")))
    return facts.access.address === undefined
      ? "The kernel used memory that it may not use; these lines do not tell the address."
      : explainAccess(facts, context);
  if (/synchronous external abort/.test(says))
    return `The bus or a device refused an access${siteOf(facts)} (synchronous external abort): nothing is at the address, a device has no clock or power, the mapping is wrong, or the memory is bad.`;
  if (/Attempting to execute userspace/.test(says))
    return "The kernel jumped into user memory: a function pointer was overwritten.";
  if (/^Oops/.test(says) && facts.access.address !== undefined) return explainAccess(facts, context);
  if (/^Oops/.test(says) && facts.access.verb !== undefined)
    return `An access of the kernel to memory failed (${facts.access.verb}${facts.access.isForbidden === false ? ", no page is there" : ""}); these lines do not tell the address.`;
  return `The processor raised an exception that the kernel cannot handle${says === facts.headline || says === "" ? "" : ` (${says})`}.`;
}
