/** Explanations of failed checks: BUG(), WARN(), lists, reference counters, copies to user space. */
import { hex0x } from "../../base/hex.ts";
import { readRefusedCopy } from "../facts/refusedCopy.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName } from "../place.ts";
import { poisonOf } from "../poison.ts";
import { particular } from "./naming.ts";

/** Explains a corrupted list: which pointer was wrong, and its value (lib/list_debug.c). */
export function explainList(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.headline;
  const [, pointer, was] =
    /(prev->next|next->prev|[0-9a-f]{8,16}->(?:next|prev)) should be .{1,80}?,? but was (?:0x)?([0-9a-f]{8,16}|\(null\)|0+)/.exec(
      says.replace(/\s+\(null\)/, " (null)"),
    ) ?? [];
  const nothing = /(prev|next) is NULL/.exec(says)?.[1];
  if (nothing !== undefined && says.startsWith("list_add"))
    return `The ${nothing} pointer of a list at the place where an entry was to be added is NULL. Usual causes: the head of the list was never initialised, or it was cleared or its memory reused.`;
  if (nothing !== undefined)
    return `The ${nothing} pointer of a list entry is NULL. Usual causes: the entry was cleared, or was never added to a list.`;
  const double = /double add/.test(says);
  if (double) return "An entry was to be added next to itself: most likely the list already contains it.";
  const listPoison = /(?:is|was) LIST_POISON(\d)/.exec(says);
  if (listPoison)
    return `The entry to delete from a list has a pointer that is LIST_POISON${listPoison[1]}, which \`list_del\` writes: most likely it was already deleted.`;
  if (pointer !== undefined && was !== undefined) {
    const value = was.startsWith("(") ? 0n : BigInt(`0x${was}`);
    const poison = poisonOf(value);
    const neighbour = pointer.startsWith("prev->")
      ? "the entry before it"
      : pointer.startsWith("next->")
        ? "the entry after it"
        : "a neighbour";
    if (value === 0n)
      return `\`${pointer}\` was NULL. Usual causes: ${neighbour} was cleared or never initialised, or its memory was reused.`;
    if (poison?.name.startsWith("LIST_POISON") === true) {
      return `\`${pointer}\` was ${poison.name} (${hex0x(value)}), which \`list_del\` writes into an entry that it deletes: most likely ${neighbour} was already deleted.`;
    }
    if (poison)
      return `\`${pointer}\` was ${hex0x(value)} (${poison.name}: ${poison.meaning}). Usual causes: ${neighbour} was freed while it was still in the list, or was never initialised.`;
    const shown = isHashed(says) ? `another address (printed as the hash ${was})` : hex0x(value);
    return `\`${pointer}\` was ${shown}, not the address that the list requires there. Usual causes: ${neighbour} was freed, overwritten or added twice, or the list was changed without its lock.`;
  }
  const check = facts.site?.place?.name ?? "";
  const doing = /list_del/.test(check)
    ? " while an entry was deleted"
    : /list_add/.test(check)
      ? " while an entry was added"
      : "";
  // Without the message of the check, which is printed before, the headline names the place.
  const place = says === facts.headline ? /^kernel BUG at ([^ !]{1,200})!/.exec(says)?.[1] : undefined;
  const line = place === undefined ? "" : ` (checked at ${place})`;
  return `The pointers of a linked list did not match${doing}${calledBy(facts)}${line}. Usual causes: an entry was freed, overwritten, or added or deleted twice, or the list was changed without its lock.`;
}

/** Whether a line prints pointers as hashes, as %p does from v4.15 on: none of the pointers has more than 32 bits. */
const isHashed = (line: string): boolean => {
  const pointers = line.match(/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g) ?? [];
  return pointers.length > 0 && pointers.every((digits) => digits.startsWith("00000000"));
};

/** Names the guilty function: the caller of the functions that check lists or counters. */
const calledBy = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` in a call by \`${plainName(guilty.place.name)}\``;

/** Explains a reference counter with an invalid value (lib/refcount.c). */
export function explainRefcount(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.join(" ");
  if (/underflow/.test(says))
    return `References were to be dropped${calledBy(facts)} that the counter does not hold. Usual causes: more references were dropped than taken, or the counter was overwritten. The object may have been freed while it was still in use.`;
  if (/(?:addition|increment) on 0/.test(says))
    return `A reference was to be taken${calledBy(facts)} on an object whose counter was zero. Usual causes: it is being freed, is freed (use after free), or its counter was never set.`;
  if (/saturated/.test(says))
    return `A reference counter was found saturated or overflowed${calledBy(facts)}. It stays saturated, so that it never reaches zero. Usual causes: too many references, or a counter that was overwritten.`;
  if (/decrement hit 0/.test(says))
    return `A reference counter reached zero${calledBy(facts)} in a function that may not drop the last reference. The object is not freed by it and may be leaked.`;
  return "A reference counter was used wrongly. Usual causes: an unbalanced get or put, or a use after the last reference was dropped.";
}

/** Names the function that contains the check, if the headline or the registers name it. */
function inNamedFunction({ site, guilty, report }: ReportFacts): string {
  const name = guilty?.at === report.at ? guilty.place.name : site?.place?.name;
  return name === undefined ? "" : ` (\`${plainName(name)}\`)`;
}

/** Explains a BUG() or a BUG_ON(). */
export function explainBug(facts: ReportFacts): string {
  const place = facts.report.headline.groups.place?.replace(/!$/, "");
  const at = `${place === undefined ? "" : ` at ${place}`}${inNamedFunction(facts)}`;
  // The headline does not tell which: fortify_panic(), for example, has a BUG() without a condition.
  return `The condition of a \`BUG_ON\` was true, or a \`BUG\` was reached${at}.`;
}

/** Explains a warning. Its message comes first, because its author wrote it for this case. */
export function explainWarning(facts: ReportFacts): string {
  const place = facts.report.headline.groups.place;
  // Without its end mark the log does not show that the kernel went on.
  const wentOn = facts.panic === undefined && facts.texts.some((text) => text.startsWith("---[ end trace"));
  const message =
    facts.messages.length > 0
      ? `Its message: ${facts.messages.map((text) => `“${text.slice(0, 200)}”`).join(" ")}. `
      : "";
  const at = `${place === undefined ? "" : ` at ${place}`}${inNamedFunction(facts)}`;
  return `${message}The kernel reported a warning${at}${wentOn ? " and continued" : ""}.`;
}

/** Explains a misuse of a timer, a work item or another object that debugobjects found (lib/debugobjects.c). */
export function explainDebugObject(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.find((text) => text.startsWith("ODEBUG: ")) ?? "";
  const [, what, state, type] = /ODEBUG: (\S+) (\S+) .*?object(?: type|: \S+ object type): (\S+)/.exec(says) ?? [];
  const hint = /hint: ([A-Za-z_][\w.]*)/.exec(says)?.[1];
  const of = type === undefined ? "" : ` (${type}${hint === undefined ? "" : ` of \`${plainName(hint)}\``})`;
  if (what === "free")
    return `An object${of} was freed${calledBy(facts)} while it was still active, so that the kernel would use it later. Usual causes: it was not cancelled before, or was started again.`;
  if (state === "active" && (what === "activate" || what === "init"))
    return `An object${of} was ${what === "init" ? "initialised again" : "armed or queued"} while it was already active. Usual causes: it has two users, or was not cancelled before.`;
  if (what === "activate" || what === "init")
    return `An object${of} was initialised or armed in a state that does not allow it. Usual cause: it ${state === "destroyed" ? "was used again after it had been destroyed" : "was never initialised"}.`;
  return `An object that the kernel tracks${of} was used in a state that does not allow it. Usual causes: it was never initialised, was already active, or was freed.`;
}

/** Explains a copy that the hardened checks of copies to and from user space refused (mm/usercopy.c). */
export function explainUsercopy(facts: ReportFacts): string {
  const copy = [facts.headline, ...facts.messages, ...facts.texts].map(readRefusedCopy).find(Boolean);
  if (!copy)
    return "A copy between the kernel and user space was refused, because its kernel memory may not be copied to or from user space. Usual causes: a wrong length or pointer, an object that is smaller than the code expects, or a cache that does not permit this part to be copied.";
  const { isWrite, memory, cache, address, offset, size, isAllowed } = copy;
  const place = `${memory}${cache === undefined ? "" : ` \`${cache}\``}${address === undefined ? "" : ` at ${hex0x(address)}`}`;
  const what =
    size === undefined ? place : `${size} bytes${offset === undefined ? "" : ` at offset ${offset}`} of ${place}`;
  // The check tells only from or to; the other side may be kernel memory, too (copy_from_kernel_nofault()).
  const did = `A copy ${isWrite ? "into kernel memory, usually from user space" : "out of kernel memory, usually to user space"}`;
  return isAllowed
    ? `${did}, is outside of the part of its object that may be copied: ${what}. The kernel only warned of it. Usual causes: the cache declares that part too small, or the length or the pointer is wrong.`
    : `${did}, was refused: ${what}. Usual causes: a wrong length or pointer, an object that is smaller than the code expects, or a cache that does not permit this part to be copied.`;
}

/** Explains an overflow that FORTIFY_SOURCE found; fortify_panic() prints the function and, since 6.9, the sizes. */
export function explainFortify(facts: ReportFacts): string {
  const says =
    [facts.headline, ...facts.messages, ...facts.texts].find((text) => /detected|buffer overflow/.test(text)) ?? "";
  const name = /^(\w+): detected/.exec(says)?.[1] ?? /overflow in (\w+)/.exec(says)?.[1];
  // include/linux/fortify-string.h: the member is too small, not the object; some code writes several members on purpose.
  const [, bytes, field, place, size] =
    /field-spanning write \(size (\d+)\) of single field "(.{1,200})" at (\S{1,250}) \(size (\d+)\)/.exec(says) ?? [];
  if (bytes !== undefined)
    return `\`${name ?? "memcpy"}\` was called to write ${bytes} bytes into \`${field}\`, which has ${size}, at ${place}: the write passes the end of the member, unless it is meant to include the members after it.`;
  const sizes = /(\d+ byte (?:read|write) of buffer size \d+)/.exec(says)?.[1];
  // strlen() takes no length: it finds no end of the string before the end of the variable.
  if (name === "strlen")
    return `The string that \`strlen\` was to measure${calledBy(facts)} does not end within its object, whose size the compiler knows.`;
  return `${name === undefined ? "A string or memory function" : `\`${name}\``} was called to read or write past the end of an object whose size the compiler knows${sizes === undefined ? "" : ` (${sizes})`}${calledBy(facts)}.`;
}

/** Explains a failed check of OpenZFS or Lustre: its text and its place. */
export function explainModule(facts: ReportFacts): string {
  const groups = facts.report.headline.groups;
  const found = facts.texts
    .map((text) => /(VERIFY.{1,300}|ASSERTION\(.{1,300}?\) failed.{0,100})/.exec(text)?.[1])
    .find(Boolean);
  const place = groups.place ?? facts.texts.map((text) => /^PANIC at (\S{1,200}:\d+)/.exec(text)?.[1]).find(Boolean);
  const of = facts.headline.startsWith("LustreError") ? "Lustre" : "OpenZFS";
  const check = found === undefined ? "" : `: “${found.trim()}”`;
  const failed = `A check of ${of}${place === undefined ? "" : ` at ${place}`} failed${check}.`;
  if (facts.panic !== undefined) return failed;
  return `${failed} The thread stops there for ever and keeps the locks that it holds; other tasks run until they need one of these locks.`;
}
