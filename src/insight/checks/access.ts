/** Checks which memory access failed and what the bad value is. */
import type { Kernel } from "../../model/kernel.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { memberAt, outermostAt } from "../../model/memberAt.ts";
import { typeName } from "../../model/typeName.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, code, type Finding, type Sentence } from "../finding.ts";
import { type BadPointer, badPointer } from "../values/badPointer.ts";
import { type BadValue, badValue } from "../values/badValue.ts";
import { type Expression, originExpression, placeExpression } from "../values/expression.ts";
import { type Origin, provenanceOf } from "../values/provenance.ts";
import { readWord } from "../values/site.ts";
import { instructionText, placeReference, registerEvidence, sourceWords, valueText } from "../values/words.ts";

/** Kinds of report that are about an address. */
export const ADDRESS_KINDS = ["null-pointer", "page-fault", "user-access", "general-protection"] as const;

/**
 * Reports what the faulting instruction accessed, as a C expression if debuginfo is available, and what kind of value
 * the bad address is.
 */
export const access: Check = {
  id: "access",
  needs: ["trap"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const bad = yield* badPointer(kernel, crash);
    yield* accessFinding(kernel, crash, bad);
    yield* valueFindings(kernel, crash, bad);
  },
};

/** Returns the source expression of the operand; for a call, of the function pointer. */
const operandExpression = ({ site, place, size, effect }: BadPointer): Expression | undefined =>
  place && placeExpression(site, place, size ?? effect.access?.size ?? 8, site.index);

function* accessFinding(kernel: Kernel, crash: CrashFacts, bad: BadPointer): Generator<Finding | Step, void, void> {
  const { site, effect, size, address, register, value, place } = bad;
  const text = yield* instructionText(kernel, effect);
  const expression = bad.access === "execute" ? undefined : operandExpression(bad);
  const task = crash.task?.address ?? 0n;
  const verbs = { read: "reads", write: "writes", execute: "calls" } as const;
  const amount = size === undefined ? "" : ` ${size} byte${size === 1 ? "" : "s"} at`;
  const evidence: [Evidence, ...Evidence[]] = [{ kind: "instruction", address: effect.address, text }];
  if (register !== undefined) evidence.push(registerEvidence(site, task, register, value));
  if (crash.report) evidence.push({ kind: "log", line: crash.report.report.at, text: crash.report.headline });
  yield {
    id: "fault.access",
    severity: "cause",
    certainty: "certain",
    slots: {
      access: bad.access,
      address,
      expression: expression?.text,
      register,
      base: register === undefined ? undefined : value,
      offset: place && bad.access !== "execute" ? Number(place.displacement) : undefined,
    },
    text: [
      "The instruction at ",
      placeReference(kernel, effect.address),
      ...sourceWords(kernel, effect.address),
      `, \`${text}\`, ${verbs[bad.access]}${amount} `,
      addressOf(address),
      ...(expression ? [": ", code(expression.text)] : []),
      ...(register === undefined ? [] : [`, with ${register} = ${valueText(value)}`]),
      ".",
    ],
    evidence,
  };
}

function* valueFindings(kernel: Kernel, crash: CrashFacts, bad: BadPointer): Generator<Finding | Step, void, void> {
  const { site, register, effect } = bad;
  const found = register === undefined ? undefined : yield* provenanceOf(site, register, bad.value);
  const root = found?.root;
  const origin = found?.origin.kind;
  const named = root ? originExpression(root.site, root.register, root.index) : operandExpression(bad);
  const task = crash.task?.address ?? 0n;
  const stored = register === undefined ? storedEvidence(kernel, bad) : undefined;
  const evidence: [Evidence, ...Evidence[]] = [
    register === undefined
      ? (stored ?? { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) })
      : registerEvidence(site, task, register, bad.value),
  ];
  // If the address was computed from a NULL, error or poison value, report that value instead of the address.
  const plain = attempt(() => badValue(kernel, bad.value));
  const rooted = root && root.offset !== 0n ? attempt(() => badValue(kernel, root.value)) : undefined;
  const isRooted = rooted !== undefined && !(rooted instanceof Fault) && ROOTS.has(rooted.kind);
  const reported = isRooted ? rooted : plain;
  if (reported instanceof Fault) return;
  const subject: Subject =
    isRooted && root
      ? { bad, value: root.value, offset: root.offset, name: named, origin }
      : { bad, value: bad.value, offset: 0n, name: root?.offset === 0n || !root ? named : undefined, origin };
  const finding = valueFinding(subject, reported);
  if (finding) yield { ...finding, severity: "cause", evidence };
}

const ROOTS: ReadonlySet<BadValue["kind"]> = new Set(["null", "error", "poison"]);

/** The value that the finding is about. */
interface Subject {
  readonly bad: BadPointer;
  readonly value: bigint;
  /** Constant that was added to the value before the instruction. */
  readonly offset: bigint;
  readonly name: Expression | undefined;
  /** How the value was made. */
  readonly origin: Origin["kind"] | undefined;
}

/** Returns, for a call through memory, the word that was read as the target. */
function storedEvidence(kernel: Kernel, { address, value }: BadPointer): Evidence | undefined {
  const word = readWord(kernel, address, kernel.arch.wordSize);
  return word === value ? { kind: "memory", address, value } : undefined;
}

/** A finding before its severity and evidence are known. */
type Statement = Pick<Finding, "id" | "certainty" | "slots" | "text">;

/** Names the value and ends with the verb: "task->mm is ". */
function subjectWords({ bad, name, offset }: Subject): Sentence {
  if (name) return [code(name.text), " is "];
  if (offset !== 0n) return [`The pointer that ${bad.register ?? "it"} was worked out from is `];
  return bad.register === undefined ? ["The address is "] : [`${bad.register} is `];
}

function valueFinding(subject: Subject, found: BadValue): Statement | undefined {
  const { bad, value, name } = subject;
  const who = subjectWords(subject);
  const pointee =
    name && bare(name.type).kind === "pointer" ? (bare(name.type) as { target: CType }).target : undefined;
  const type = pointee && typeName(pointee);
  const common = { value, type };
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
      return {
        id: "fault.null-member",
        certainty: "certain",
        slots: { ...common, offset: found.offset },
        text: [...who, `${found.offset}, no address that the kernel maps: perhaps NULL plus the offset of a member.`],
      };
    case "error":
      return errorPointer(subject, common, who, found);
    case "poison":
      return {
        id: "fault.poison",
        certainty: "certain",
        slots: { ...common, poison: found.poison.name },
        text: [...who, `${valueText(value)}: ${found.poison.name}, the mark of ${found.poison.meaning}.`],
      };
    case "user":
      return {
        id: "fault.user-address",
        certainty: "certain",
        slots: common,
        text: [...who, `${valueText(value)}, which lies in the range of user addresses.`],
      };
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
    case "mapped":
      return undefined;
  }
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
      isMember ? `, or NULL less the ${number} bytes of a member's offset (container_of()).` : ".",
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
