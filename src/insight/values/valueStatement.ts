/** States what kind of value a bad address is. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuOffset } from "../../kernel/percpu.ts";
import { freedAreaAt, vmapAreaAt } from "../../linux/mm/vmalloc.ts";
import { globalU32 } from "../../linux/vmcoreinfo.ts";
import { isInModuleRange, lastUnloadedModule } from "../../linux/module/unloaded.ts";
import type { Poison } from "../../log/poison.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memberAt, outermostAt } from "../../model/memberAt.ts";
import { typeName } from "../../model/typeName.ts";
import { addressOf, code, type Finding, type Sentence } from "../finding.ts";
import type { BadPointer } from "./badPointer.ts";
import type { BadValue } from "./badValue.ts";
import type { Expression } from "./expression.ts";
import type { Origin } from "./provenance.ts";
import { valueText } from "./words.ts";

/** The value that the finding is about. */
export interface Subject {
  readonly bad: BadPointer;
  readonly value: bigint;
  /** Constant that was added to the value before the instruction. */
  readonly offset: bigint;
  readonly name: Expression | undefined;
  /** Where the value came from; undefined if it was not followed. */
  readonly origin: Origin["kind"] | undefined;
}

/** A finding before its severity and evidence are known. */
export type Statement = Pick<Finding, "id" | "certainty" | "slots" | "text">;

/** Names the value and ends with the verb: "task->mm is ". */
function subjectWords({ bad, name, offset }: Subject): Sentence {
  if (name) return [code(name.text), " is "];
  if (offset !== 0n) return [`The pointer from which ${bad.register ?? "the address"} was computed is `];
  return bad.register === undefined ? ["The address is "] : [`${bad.register} is `];
}

/** Returns the statement about a value; undefined if nothing is known of it. */
export function valueStatement(subject: Subject, found: BadValue): Statement | undefined {
  const { bad, value, name } = subject;
  const who = subjectWords(subject);
  const pointee =
    name && bare(name.type).kind === "pointer" ? (bare(name.type) as { target: CType }).target : undefined;
  const type = pointee && typeName(pointee);
  const common = { value, type };
  if (bad.isIndex && subject.offset === 0n) return indexStatement(subject, who);
  switch (found.kind) {
    case "null":
      return bad.access === "execute"
        ? {
            id: "fault.null-call",
            certainty: "certain",
            slots: common,
            text: [...who, "NULL, and was called as a function."],
          }
        : nullMember(subject, common, who, pointee);
    case "near-null":
      return smallNumber(subject, common, who, found.offset);
    case "error":
      return errorPointer(subject, common, who, found);
    case "poison":
      return {
        id: "fault.poison",
        certainty: "certain",
        slots: { ...common, poison: found.poison.name },
        text: [...who, `${valueText(value)}: ${poisonWords(found.poison)}, the mark of ${found.poison.meaning}.`],
      };
    case "user":
      return userAddress(bad.site.kernel, common, who);
    case "non-canonical":
      return {
        id: "fault.non-canonical",
        certainty: "certain",
        slots: common,
        text: [
          ...who,
          `${valueText(value)}, which is not a canonical address`,
          found.text === undefined ? "." : `; as bytes it reads "${found.text}".`,
        ],
      };
    case "code":
      return bad.access === "write" ? textAddress(common, who, found.symbol) : undefined;
    case "unmapped":
      return unloadedCode(bad, common, who) ?? freedArea(bad, common, who);
    case "mapped":
      return undefined;
  }
}

/** Returns the statement about a number below the size of a page. A computed one may be the address of a member of NULL. */
function smallNumber({ origin, offset }: Subject, common: ValueSlots, who: Sentence, number: number): Statement {
  const isStored = origin === "load" && offset === 0n;
  return {
    id: isStored ? "fault.small-number" : "fault.null-member",
    certainty: "certain",
    slots: { ...common, offset: isStored ? undefined : number },
    text: [
      ...who,
      isStored
        ? `${number}, a small number and not a pointer.`
        : `${number}, not an address that the kernel maps: perhaps NULL plus the offset of a member.`,
    ],
  };
}

/** Returns "LIST_POISON1", or "LIST_POISON1 minus 24 bytes, as container_of() computes it". */
const poisonWords = ({ name, offset }: Poison): string =>
  offset === 0n
    ? name
    : offset > 0n
      ? `${name} plus ${offset} bytes`
      : `${name} minus ${-offset} bytes, as container_of() computes it`;

/** Maximum number of CPUs whose copies of a per-CPU variable are examined. */
const MAX_COPIES = 64;

/** Returns the statement about a user address. A per-CPU pointer to which no CPU's offset was added looks like one. */
function userAddress(kernel: Kernel, common: ValueSlots, who: Sentence): Statement {
  const copies = attempt(() =>
    possibleCpus(kernel)
      .slice(0, MAX_COPIES)
      .map((cpu) => BigInt.asUintN(64, common.value + perCpuOffset(kernel, cpu))),
  );
  const unit = attempt(() => globalU32(kernel, "pcpu_unit_size"));
  // The first chunk is as large as a unit; the others are areas of vmalloc() (mm/percpu.c).
  const isInFirst = typeof unit === "number" && common.value < BigInt(unit);
  const isMapped = (address: bigint): boolean =>
    (isInFirst || vmapAreaAt(kernel, address) !== undefined) && !(kernel.memory.translate(address) instanceof Fault);
  const [first] = copies instanceof Fault || !copies.every(isMapped) ? [] : copies;
  return {
    id: "fault.user-address",
    certainty: "certain",
    slots: { ...common, percpu: first },
    text: [
      ...who,
      `${valueText(common.value)}, which is in the range of user addresses`,
      ...(first === undefined
        ? ["."]
        : ["; it may also be a per-CPU pointer, whose copy for the first CPU is at ", addressOf(first), "."]),
    ],
  };
}

/** Returns the statement about a value that was added to a pointer; undefined if the pointer is not mapped either. */
function indexStatement({ bad: { site, address, place }, value }: Subject, who: Sentence): Statement | undefined {
  if (!place) return undefined;
  const { scale } = place;
  const start = BigInt.asUintN(64, address - value * BigInt(scale));
  if (site.kernel.memory.translate(start) instanceof Fault) return undefined;
  return {
    id: "fault.index",
    certainty: "certain",
    slots: { value, base: start, scale },
    text: [
      ...who,
      `${hex0x(value)}, which is ${scale === 1 ? "added to" : `multiplied by ${scale} and added to`} `,
      addressOf(start),
      ": nothing is mapped at the sum.",
    ],
  };
}

/**
 * Returns the statement about an address that vmalloc() gave out and vfree() took back; undefined for other addresses.
 */
function freedArea({ site: { kernel } }: BadPointer, common: ValueSlots, who: Sentence): Statement | undefined {
  const area = freedAreaAt(kernel, common.value);
  if (!area) return undefined;
  const { start, end } = area;
  return {
    id: "fault.freed-area",
    certainty: "certain",
    slots: { ...common, start, size: Number(end - start) },
    text: [
      ...who,
      `${valueText(common.value)}, in an area of vmalloc() that was freed (`,
      addressOf(start),
      " to ",
      addressOf(end),
      ", perhaps with its neighbours).",
    ],
  };
}

/**
 * Returns the statement about a call of code that is no longer there; undefined for other accesses, and if no module
 * was unloaded. Init code of a loaded module is freed too.
 */
function unloadedCode(
  { site: { kernel }, access }: BadPointer,
  common: ValueSlots,
  who: Sentence,
): Statement | undefined {
  if (access !== "execute" || !isInModuleRange(kernel, common.value)) return undefined;
  const module = attempt(() => lastUnloadedModule(kernel));
  if (module === undefined || module instanceof Fault) return undefined;
  return {
    id: "fault.unloaded-code",
    certainty: "likely",
    slots: { ...common, module },
    text: [
      ...who,
      `${valueText(common.value)}, where modules have had code and none has it now: code of a module that was unloaded (the last one is ${module}), or init code that was freed.`,
    ],
  };
}

/** Returns the statement about a write to the code of a function. */
const textAddress = (common: ValueSlots, who: Sentence, name: string): Statement => ({
  id: "fault.text-address",
  certainty: "certain",
  slots: { ...common, function: name },
  text: [
    ...who,
    { kind: "symbol", name, address: common.value },
    ", an address in the kernel's code, which was written to.",
  ],
});

/** The slots of every statement about the value. */
interface ValueSlots {
  readonly value: bigint;
  /** C type that the value points to. */
  readonly type: string | undefined;
}

function errorPointer(
  { origin }: Subject,
  common: ValueSlots,
  who: Sentence,
  { number, name }: Extract<BadValue, { kind: "error" }>,
): Statement {
  // container_of() of NULL is a small negative number too. Most member offsets are multiples of 4.
  const isMember = number % 4 === 0 && origin !== "call result";
  return {
    id: "fault.err-ptr",
    certainty: isMember ? "likely" : "certain",
    slots: { ...common, errno: name },
    text: [
      ...who,
      `-${number}, the error ${name} as ERR_PTR() stores it in a pointer`,
      isMember ? `, or NULL minus the ${number} bytes of a member's offset (container_of()).` : ".",
    ],
  };
}

function nullMember(
  { bad: { place, size, register }, offset: added }: Subject,
  common: ValueSlots,
  who: Sentence,
  pointee: CType | undefined,
): Statement {
  const isBase = place !== undefined && register === place.base && place.index === undefined;
  const offset = isBase ? Number(place.displacement + added) : undefined;
  const found =
    pointee === undefined || offset === undefined
      ? undefined
      : added === 0n
        ? memberAt(pointee, offset, size ?? 1)
        : outermostAt(pointee, offset);
  const member = found && found.rest === 0 && found.path !== "" ? found.path : undefined;
  const words: Sentence =
    offset === undefined || offset === 0
      ? member === undefined
        ? ["."]
        : [`; its member ${member} is accessed.`]
      : member === undefined
        ? [`; the accessed address is at offset ${offset} from it.`]
        : [`; its member ${member}, at offset ${offset}, is accessed.`];
  return {
    id: "fault.null-member",
    certainty: "certain",
    slots: { ...common, member, offset },
    text: [...who, "NULL", ...words],
  };
}
