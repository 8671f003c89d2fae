/** Explanations of failed checks: BUG(), WARN(), lists, reference counters, copies to user space. */
import { hex0x } from "../../base/hex.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName } from "../place.ts";
import { poisonOf } from "../poison.ts";

const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

/** lib/list_debug.c: says which pointer was wrong, and its value. */
export function explainList(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.headline;
  const [, pointer, was] =
    /(prev->next|next->prev|[0-9a-f]{8,16}->(?:next|prev)) should be .{1,80}?,? but was (?:0x)?([0-9a-f]{8,16}|\(null\)|0+)/.exec(
      says.replace(/\s+\(null\)/, " (null)"),
    ) ?? [];
  const nothing = /(prev|next) is NULL/.exec(says)?.[1];
  if (nothing !== undefined)
    return `The ${nothing} pointer of a list entry is NULL: the entry or its neighbour was cleared, or never put into a list.`;
  const double = /double add/.test(says);
  if (double) return "An entry was added to a list in which it already was, or before and behind itself.";
  const isPoison = /(?:is|was) LIST_POISON(\d)/.exec(says);
  if (isPoison)
    return `The entry that was to be taken out of its list had been taken out before (its pointers are LIST_POISON, which \`list_del\` writes): it was deleted twice, or used after it was deleted.`;
  if (pointer !== undefined && was !== undefined) {
    const value = was.startsWith("(") ? 0n : BigInt(`0x${was}`);
    const poison = poisonOf(value);
    const neighbour = pointer.startsWith("prev->")
      ? "the entry before it"
      : pointer.startsWith("next->")
        ? "the entry behind it"
        : "a neighbour";
    if (value === 0n)
      return `\`${pointer}\` was NULL: ${neighbour} was cleared or never set up, or its memory was reused.`;
    if (poison?.name.startsWith("LIST_POISON") === true) {
      return `\`${pointer}\` was ${poison.name} (${hex0x(value)}), which \`list_del\` writes into an entry that it takes out: ${neighbour} had been deleted already.`;
    }
    if (poison)
      return `\`${pointer}\` was ${hex0x(value)} (${poison.name}: ${poison.meaning}): ${neighbour} was freed while it was still in the list, or allocated in such memory and never set up.`;
    // %p prints 32 bits of a hash since 4.15; which pointer it was is lost.
    const shown =
      was.length === 16 && value >> 32n === 0n ? `another address (printed as the hash ${was})` : hex0x(value);
    return `\`${pointer}\` was ${shown} and does not lead back to the entry: ${neighbour} was freed, overwritten, or put into another list without being taken out of this one.`;
  }
  const check = facts.site?.place?.name ?? "";
  const doing = /list_del/.test(check)
    ? " when one was to be taken out"
    : /list_add/.test(check)
      ? " when one was to be added"
      : "";
  return `The pointers between entries of a linked list contradict each other${doing}: an entry was freed, added or deleted twice, or overwritten.`;
}

/** Names the guilty function, which called the counter's own functions. */
const calledBy = ({ where }: ReportFacts): string =>
  where?.place.name === undefined ? "" : ` in a call by \`${plainName(where.place.name)}\``;

/** lib/refcount.c. */
export function explainRefcount(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.join(" ");
  if (/underflow/.test(says))
    return `A reference counter was to go below zero${calledBy(facts)}: more was put than taken, or the counter was overwritten. A holder of the object may use it after it was freed; the kernel does not let this put free it.`;
  if (/(?:addition|increment) on 0/.test(says))
    return `A reference was taken${calledBy(facts)} on an object whose counter had already reached zero: it is being freed or is freed (use after free).`;
  if (/saturated/.test(says))
    return `A reference counter overflowed or was overwritten${calledBy(facts).replace(" in ", ", as found in ")}, and is left saturated: the object will not be freed any more.`;
  if (/decrement hit 0/.test(says))
    return `A reference counter reached zero${calledBy(facts)} where another user must still have held a reference: the object is leaked or freed too early.`;
  return "A reference counter was used wrongly: an unbalanced get or put, or a use after the last reference was gone.";
}

/** Names the function that contains the check, where the report's own lines name it. */
function inNamedFunction({ site, where, report }: ReportFacts): string {
  const name = where?.at === report.at ? where.place.name : site?.place?.name;
  return name === undefined ? "" : ` (\`${plainName(name)}\`)`;
}

export function explainBug(facts: ReportFacts): string {
  const place = facts.report.headline.groups.place?.replace(/!$/, "");
  const at = `${place === undefined ? "" : ` at ${place}`}${inNamedFunction(facts)}`;
  return `The code${at} met a state that must not occur (\`BUG_ON\`)${facts.panic === undefined ? ", and ended what ran there" : ""}. The condition in that line says which.`;
}

/** Explains a warning. Its message comes first, because its author wrote it for this case. */
export function explainWarning(facts: ReportFacts): string {
  const place = facts.report.headline.groups.place;
  // Without its end mark the log does not show that the kernel went on.
  const wentOn = facts.panic === undefined && facts.texts.some((text) => text.startsWith("---[ end trace"));
  const said =
    facts.messages.length > 0 ? `It says: ${facts.messages.map((text) => `“${text.slice(0, 200)}”`).join(" ")}. ` : "";
  const at = `${place === undefined ? "" : ` at ${place}`}${inNamedFunction(facts)}`;
  return `${said}The code${at} met a state that should not be (\`WARN_ON\`), ${wentOn ? "reported it and went on" : "and reported it"}.`;
}

export function explainObject(facts: ReportFacts): string {
  const says = particular(facts, "says") ?? facts.messages.find((text) => text.startsWith("ODEBUG: ")) ?? "";
  const [, what, state, type] = /ODEBUG: (\S+) (\S+) .*?object(?: type|: \S+ object type): (\S+)/.exec(says) ?? [];
  const of = type === undefined ? "" : ` (${type})`;
  if (what === "free")
    return `Memory was freed that still holds an active object${of}, which the kernel will use later: it was not cancelled before.`;
  if (state === "active" && (what === "activate" || what === "init"))
    return `An object${of} was ${what === "init" ? "set up anew" : "armed or queued"} while it is active already: it is in use twice, or was not cancelled before.`;
  if (what === "activate" || what === "init")
    return `An object${of} was set up or armed that is not in a state for that: never initialised, or active already.`;
  return `An object that the kernel tracks${of} was used in a state in which that is not allowed (never initialised, active already, or freed).`;
}

export function explainUsercopy(facts: ReportFacts): string {
  const says =
    particular(facts, "says") ??
    facts.messages.find((text) => /attempt detected/.test(text)) ??
    facts.headline.replace(/^.*?usercopy: /, "");
  if (!/attempt detected/.test(says))
    return "A copy between the kernel and user space was to access memory that the kernel does not open to such copies: the length or the pointer is wrong, or the object is smaller than thought.";
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
  return `${isExposure ? "A copy to user space was to read" : "A copy from user space was to write"} memory that the kernel does not open to such copies${what}: the length or the pointer is wrong, or the object is smaller than thought.`;
}

/** lib/string_helpers.c: fortify_panic names the function and, since 6.9, the sizes. */
export function explainFortify(facts: ReportFacts): string {
  const says =
    [facts.headline, ...facts.messages, ...facts.texts].find((text) => /detected|buffer overflow/.test(text)) ?? "";
  const name = /^(\w+): detected/.exec(says)?.[1] ?? /overflow in (\w+)/.exec(says)?.[1];
  // include/linux/fortify-string.h: the member, not the object, is too small; some code means to write several members.
  const [, bytes, field, place, size] =
    /field-spanning write \(size (\d+)\) of single field "(.{1,200})" at (\S{1,250}) \(size (\d+)\)/.exec(says) ?? [];
  if (bytes !== undefined)
    return `\`${name ?? "memcpy"}\` was to write ${bytes} bytes into \`${field}\`, which has ${size}, at ${place}: past its end, unless the members behind it are meant too.`;
  const sizes = /(\d+ byte (?:read|write) of buffer size \d+)/.exec(says)?.[1];
  return `${name === undefined ? "A string or memory function" : `\`${name}\``} was to go past the end of a variable whose size the compiler knows${sizes === undefined ? "" : ` (${sizes})`}.`;
}

/** A failed check of OpenZFS or Lustre: what it was, and where. */
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
  return `${failed} The thread stops there for good, with the locks that it holds; the rest of the system goes on until it needs them.`;
}
