/** Explanations of failed checks: BUG(), WARN(), lists, reference counters, copies to user space. */
import { hex0x } from "../../base/hex.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName } from "../place.ts";
import { poisonOf } from "../poison.ts";

const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

/** Explains a corrupted list: which pointer was wrong, and its value (lib/list_debug.c). */
export function explainList(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.headline;
  const [, pointer, was] =
    /(prev->next|next->prev|[0-9a-f]{8,16}->(?:next|prev)) should be .{1,80}?,? but was (?:0x)?([0-9a-f]{8,16}|\(null\)|0+)/.exec(
      says.replace(/\s+\(null\)/, " (null)"),
    ) ?? [];
  const nothing = /(prev|next) is NULL/.exec(says)?.[1];
  if (nothing !== undefined)
    return `The ${nothing} pointer of a list entry is NULL: the entry or its neighbour was cleared, or was never added to a list.`;
  const double = /double add/.test(says);
  if (double) return "An entry was added to a list that already contains it, or it was added next to itself.";
  const isPoison = /(?:is|was) LIST_POISON(\d)/.exec(says);
  if (isPoison)
    return `The entry to delete from a list was already deleted (its pointers are LIST_POISON, which \`list_del\` writes): it was deleted twice, or used after it was deleted.`;
  if (pointer !== undefined && was !== undefined) {
    const value = was.startsWith("(") ? 0n : BigInt(`0x${was}`);
    const poison = poisonOf(value);
    const neighbour = pointer.startsWith("prev->")
      ? "the entry before it"
      : pointer.startsWith("next->")
        ? "the entry after it"
        : "a neighbour";
    if (value === 0n)
      return `\`${pointer}\` was NULL: ${neighbour} was cleared or never initialised, or its memory was reused.`;
    if (poison?.name.startsWith("LIST_POISON") === true) {
      return `\`${pointer}\` was ${poison.name} (${hex0x(value)}), which \`list_del\` writes into an entry that it deletes: ${neighbour} was already deleted.`;
    }
    if (poison)
      return `\`${pointer}\` was ${hex0x(value)} (${poison.name}: ${poison.meaning}): ${neighbour} was freed while it was still in the list, or was allocated in such memory and never initialised.`;
    // %p prints 32 bits of a hash since 4.15; which pointer it was is lost.
    const shown =
      was.length === 16 && value >> 32n === 0n ? `another address (printed as the hash ${was})` : hex0x(value);
    return `\`${pointer}\` was ${shown} and does not point back to the entry: ${neighbour} was freed, was overwritten, or was added to another list before it was deleted from this one.`;
  }
  const check = facts.site?.place?.name ?? "";
  const doing = /list_del/.test(check)
    ? " while an entry was deleted"
    : /list_add/.test(check)
      ? " while an entry was added"
      : "";
  return `The pointers of a linked list did not match${doing}${calledBy(facts)}: an entry was freed, added or deleted twice, or overwritten.`;
}

/** Names the guilty function: the caller of the functions that check lists or counters. */
const calledBy = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` in a call by \`${plainName(guilty.place.name)}\``;

/** Explains a reference counter with an invalid value (lib/refcount.c). */
export function explainRefcount(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.join(" ");
  if (/underflow/.test(says))
    return `A reference counter would have gone below zero${calledBy(facts)}: more references were dropped than taken, or the counter was overwritten. The object may have been freed while it was still in use; this put does not free it.`;
  if (/(?:addition|increment) on 0/.test(says))
    return `A reference was taken${calledBy(facts)} on an object whose counter was zero: it is being freed, is freed (use after free), or its counter was never set.`;
  if (/saturated/.test(says))
    return `A reference counter overflowed or was overwritten${calledBy(facts).replace(" in ", ", as found in ")}, and stays saturated: the object will never be freed.`;
  if (/decrement hit 0/.test(says))
    return `A reference counter reached zero${calledBy(facts)} although another user must still hold a reference: the object is leaked or freed too early.`;
  return "A reference counter was used wrongly: an unbalanced get or put, or a use after the last reference was dropped.";
}

/** Names the function that contains the check, if the headline or the registers name it. */
function inNamedFunction({ site, guilty, report }: ReportFacts): string {
  const name = guilty?.at === report.at ? guilty.place.name : site?.place?.name;
  return name === undefined ? "" : ` (\`${plainName(name)}\`)`;
}

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
  return `${message}A check (\`${facts.messages.length > 0 ? "WARN" : "WARN_ON"}\`) failed${at}; the kernel reported it${wentOn ? " and continued" : ""}.`;
}

export function explainObject(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.find((text) => text.startsWith("ODEBUG: ")) ?? "";
  const [, what, state, type] = /ODEBUG: (\S+) (\S+) .*?object(?: type|: \S+ object type): (\S+)/.exec(says) ?? [];
  const hint = /hint: (?:0x0\b|\(null\))?([A-Za-z_][\w.]*)/.exec(says)?.[1];
  const of = type === undefined ? "" : ` (${type}${hint === undefined ? "" : ` of \`${plainName(hint)}\``})`;
  if (what === "free")
    return `Freed memory still contained an active object${of}, which the kernel would use later: it was not cancelled before the memory was freed${calledBy(facts)}.`;
  if (state === "active" && (what === "activate" || what === "init"))
    return `An object${of} was ${what === "init" ? "initialised again" : "armed or queued"} while it was already active: it has two users, or was not cancelled before.`;
  if (what === "activate" || what === "init")
    return `An object${of} was initialised or armed in a state that does not allow it: it was never initialised, or was already active.`;
  return `An object that the kernel tracks${of} was used in a state that does not allow it: it was never initialised, was already active, or was freed.`;
}

export function explainUsercopy(facts: ReportFacts): string {
  const says =
    particular(facts, "says") ??
    facts.messages.find((text) => /attempt detected/.test(text)) ??
    facts.headline.replace(/^.*?usercopy: /, "");
  if (!/attempt detected/.test(says))
    return "A copy between the kernel and user space was refused, because its kernel memory may not be copied to or from user space: the length or the pointer is wrong, the object is smaller than the code expects, or its cache does not permit this part to be copied.";
  const isExposure = /exposure/i.test(says);
  const [, object] = /(?:from|to) (.{1,80}?) \(offset/.exec(says) ?? [];
  const [, offset, size] = /\(offset (\d+), size (\d+)\)/.exec(says) ?? [];
  // Up to 4.15: `from ffff88001c2a4630 (kmalloc-64) (11 bytes)`.
  const [, old, bytes] = /(?:from|to) (.{1,100}?) \((\d+) bytes\)/.exec(says) ?? [];
  const what =
    size === undefined
      ? bytes === undefined
        ? ""
        : ` (${bytes} bytes ${isExposure ? "from" : "to"} ${old})`
      : ` (${size} bytes at offset ${offset}${object === undefined ? "" : ` of ${object}`})`;
  // usercopy_warn() (4.16 to 5.16) allows the copy.
  if (/whitelist\?/.test(says))
    return `A copy ${isExposure ? "to" : "from"} user space${what} is outside of the part of its object that may be copied (\`kmem_cache_create_usercopy\`): that part is declared too small, or the length or the pointer is wrong. The kernel only warned of it.`;
  return `A copy ${isExposure ? "out of kernel memory, usually to" : "into kernel memory, usually from"} user space, was refused, because it may not touch that memory${what}: the length or the pointer is wrong, the object is smaller than the code expects, or its cache does not permit this part to be copied.`;
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
    return `The string that \`strlen\` was to measure${calledBy(facts)} does not end within its variable, whose size the compiler knows.`;
  return `${name === undefined ? "A string or memory function" : `\`${name}\``} was called to read or write past the end of a variable whose size the compiler knows${sizes === undefined ? "" : ` (${sizes})`}${calledBy(facts)}.`;
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
