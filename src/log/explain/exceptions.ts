/** Explanations of exceptions whose headline differs between machines: "Internal error", "Unhandled fault". */
import { hex0x } from "../../base/hex.ts";
import type { LogContext } from "../context.ts";
import type { ReportFacts } from "../facts.ts";
import { shortPlaceText } from "../place.ts";
import { PAGE } from "../poison.ts";
import { explainAddress } from "./addresses.ts";
import { callerSentence } from "./caller.ts";
import { explainAccess, explainOverflow } from "./faults.ts";

/** Explains a branch-target fault (arm64 BTI): only a function that begins with a BTI instruction is a valid target. */
function explainBranch({ site }: ReportFacts): string {
  const place = site?.place;
  const to = place === undefined ? "an unknown address" : `\`${shortPlaceText(place)}\``;
  return place?.offset === 0
    ? `An indirect jump or call went to ${to}, which does not begin with a BTI instruction that allows it. Usual causes: the code was built without branch protection, or is only meant to be called directly.`
    : `An indirect jump or call went to ${to}, which is not a valid target of one. Usual causes: a function pointer was overwritten, or the code was built without branch protection.`;
}

export function explainArmFault(facts: ReportFacts): string {
  const { groups } = facts.report.headline;
  const at = facts.access.address === undefined ? "" : ` at ${hex0x(facts.access.address)}`;
  if (/external abort/.test(groups.fault ?? "")) {
    return `An external abort: the bus or the device rejected the access${at}. Usual causes: the device has no clock or power, its driver maps a wrong address, or no device is at the address.`;
  }
  if (/alignment/.test(groups.fault ?? ""))
    return `The access${at} is not aligned as this instruction or this memory requires.`;
  return `The processor raised a fault for the access${at} (${groups.fault ?? "unknown fault"}) that the kernel cannot handle.`;
}

/** Names the function in which the processor was. */
const siteOf = ({ site }: ReportFacts): string =>
  site?.place?.name === undefined ? "" : ` by \`${shortPlaceText(site.place)}\``;

/** Explains a fault of the alignment that arm64 checks: of the stack pointer (16 bytes) and the program counter (4 bytes). */
function explainUnaligned(facts: ReportFacts): string {
  const { site } = facts;
  const pc = site?.place?.name === undefined ? (site?.address ?? site?.place?.address) : undefined;
  if (pc !== undefined && pc % 4n !== 0n)
    return `The program counter, ${hex0x(pc)}, is not aligned: the kernel jumped there through a wrong function pointer or return address.${callerSentence(facts, false)}`;
  return "The stack pointer or the program counter was not aligned. Usual cause: it was overwritten.";
}

/** Explains an access that the processor cannot do at its address, which the report gives on MIPS and LoongArch. */
function explainUnalignedAccess(facts: ReportFacts): string {
  const { address } = facts.access;
  const what = "was not aligned as the instruction requires, and the kernel did not emulate it.";
  if (address === undefined) return `An access ${what}`;
  const known = explainAddress(facts, address);
  const used = known === undefined ? "" : ` The kernel used ${hex0x(address)}${known}`;
  return `An access at ${hex0x(address)} ${what}${used}`;
}

/** Explains an instruction near NULL, where no code is; undefined for other places. */
function explainJumpNearNull(facts: ReportFacts): string | undefined {
  const { site } = facts;
  if (site?.address === undefined || site.address >= PAGE || site.place?.name !== undefined) return undefined;
  return `The processor was at ${hex0x(site.address)}, near NULL, where no code is: a function pointer or a return address was wrong.${callerSentence(facts, false)}`;
}

/** Explains a headline that differs between machines, by its words; a general sentence if no word is known. */
export function explainInternal(facts: ReportFacts, context: LogContext): string {
  const { fault, bus } = facts.report.headline.groups;
  const says = (fault ?? (bus === undefined ? facts.headline : `${bus} bus error`)).trim();
  const named = facts.access.words.find((word) => /abort|alignment/.test(word));
  if (says === "" && named !== undefined && /abort/.test(named))
    return `An external abort (${named}): the bus or the device rejected an access. Usual causes: the device has no clock or power, its driver maps a wrong address, or no device is at the address.`;
  if (/Kernel bug detected|Oops - BUG|sig: 5\b/.test(says))
    return `The processor met the trap of a check, most likely a \`BUG()\`${siteOf(facts).replace(" by ", ", in ")}.`;
  if (/bus error/i.test(says))
    return `The bus or a device rejected an access${siteOf(facts)}. Usual causes: no device is at the address, the device has no clock or power, the mapping is wrong, or the memory is defective.`;
  if (/[Mm]achine check/.test(says))
    return "The hardware reported an error. The cause is usually the hardware or the firmware.";
  if (/[Rr]eserved instruction|illegal (?:instruction|operation)/.test(says))
    return (
      explainJumpNearNull(facts) ??
      "The processor tried to execute an undefined or a forbidden instruction. Usual causes: the code was overwritten, or a jump went to a wrong address."
    );
  if (/unaligned|misaligned|ale access/.test(says)) return explainUnalignedAccess(facts);
  if (/^UBSAN/.test(says))
    return `A check that the compiler inserted failed (${says.replace(/^UBSAN: ?/, "")}). The kernel is configured to raise an exception for it (CONFIG_UBSAN_TRAP).`;
  if (/- CFI$/.test(says))
    return "An indirect call went to an address that does not have the type that the call expects. Usual causes: the function pointer was overwritten, or the function's type differs from that of the pointer.";
  if (/^BRK|brk handler/.test(says))
    return "The kernel executed a breakpoint instruction. Usual causes: `BUG()`, or a trap that the compiler inserted.";
  if (/undefined instruction|Undefined instruction/.test(says))
    return "The processor tried to execute an undefined instruction. On arm, `BUG()` is compiled to an undefined instruction.";
  if (/FPAC|ptrauth|PAC/.test(says))
    return "The authentication of a signed pointer failed. Usual cause: a return address or a function pointer was overwritten.";
  if (/BTI|branch target/i.test(says)) return explainBranch(facts);
  if (/^alignment check/.test(says))
    return "The processor raised an alignment check (#AC) in the kernel, which the kernel does not expect.";
  if (/SP.PC alignment|alignment/.test(says)) return explainUnaligned(facts);
  if (/kernel stack overflow/.test(says)) return explainOverflow(facts);
  if (/^Kernel access of bad area|^bad area/.test(says.replace(/^Oops: /, "")))
    return facts.access.address === undefined
      ? "The kernel accessed memory that it may not access; the report does not give the address."
      : explainAccess(facts, context);
  if (/synchronous external abort/.test(says))
    return `The bus or a device rejected an access${siteOf(facts)} (synchronous external abort). Usual causes: no device is at the address, the device has no clock or power, the mapping is wrong, or the memory is defective.`;
  if (/Attempting to execute userspace/.test(says))
    return "The kernel jumped into user memory: a function pointer or a return address was wrong.";
  if (/^Oops/.test(says) && facts.access.address !== undefined) return explainAccess(facts, context);
  if (/^Oops/.test(says) && facts.access.verb !== undefined)
    return `A memory access of the kernel failed (${facts.access.verb}${facts.access.isForbidden === false ? ", no page is mapped" : ""}); the report does not give the address.`;
  return `The processor raised an exception that the kernel cannot handle${says === facts.headline || says === "" ? "" : ` (${says})`}.`;
}
