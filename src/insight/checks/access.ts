/** Checks which memory access failed and what the bad value is. */
import type { Kernel } from "../../model/kernel.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, code, type Finding } from "../finding.ts";
import { type BadPointer, badPointer } from "../values/badPointer.ts";
import { type BadValue, badValue } from "../values/badValue.ts";
import { type Expression, placeExpression } from "../values/expression.ts";
import { provenanceOf, rootExpression } from "../values/provenance.ts";
import { readWord } from "../values/site.ts";
import { type Subject, valueStatement } from "../values/valueStatement.ts";
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
    const lost = lostJump(kernel, crash);
    if (lost) return yield lost;
    const bad = yield* badPointer(kernel, crash);
    yield* accessFinding(kernel, crash, bad);
    yield* valueFindings(kernel, crash, bad);
  },
};

/**
 * Returns the source expression of the operand, for a call that of the function pointer; undefined if it is not known.
 */
const operandExpression = ({ site, place, size, effect }: BadPointer): Expression | undefined =>
  place && placeExpression(site, place, size ?? effect.access?.size ?? 8, site.index);

function* accessFinding(kernel: Kernel, crash: CrashFacts, bad: BadPointer): Generator<Finding | Step, void, void> {
  const { site, effect, size, address, register, value, place } = bad;
  const text = yield* instructionText(kernel, effect);
  const expression = bad.access === "execute" ? undefined : operandExpression(bad);
  const task = crash.task?.address ?? 0n;
  const verbs = { read: "reads", write: "writes", execute: effect.flow === "call" ? "calls" : "jumps to" } as const;
  if (!bad.isProven) return yield unshownCall(kernel, crash, bad, text);
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

/**
 * Returns the statement about a jump to no code after a call that does not show its target. A function that the call
 * went to may have left its frame by a jump.
 */
function unshownCall(
  kernel: Kernel,
  crash: CrashFacts,
  { site, effect, address, register, value }: BadPointer,
  text: string,
): Finding {
  const task = crash.task?.address ?? 0n;
  const held = register === undefined ? undefined : registerEvidence(site, task, register, value);
  return {
    id: "fault.access",
    severity: "cause",
    certainty: "certain",
    slots: { access: "execute", address, register, base: register === undefined ? undefined : value },
    text: [
      "The processor went to ",
      addressOf(address),
      " for code; the last call on the stack is at ",
      placeReference(kernel, effect.address),
      ...sourceWords(kernel, effect.address),
      `, \`${text}\``,
      register === undefined ? "." : `, and ${register} has that value.`,
    ],
    evidence: [{ kind: "instruction", address: effect.address, text }, ...(held ? [held] : [])],
  };
}

/**
 * Returns the statement about a jump to no code on a stack that shows no call; undefined for others. Where a return
 * address was overwritten, the words behind it may have been, too: the stack pointer points to them after the return.
 */
function lostJump(kernel: Kernel, { frames, trap, task, cpu, report }: CrashFacts): Finding | undefined {
  const [bad, caller] = frames;
  const { arch, code: codeOf } = kernel;
  if (!bad || caller || !trap || codeOf.isText(bad.pc)) return undefined;
  // Code that no image has, such as firmware's, can access data at another address.
  const accessed = report?.access.address;
  if (accessed !== undefined && accessed !== bad.pc) return undefined;
  const sp = trap.registers.get(arch.sp);
  const isRepeated = sp !== undefined && readWord(kernel, sp, arch.wordSize) === bad.pc;
  const value = attempt(() => badValue(kernel, bad.pc));
  const text = value instanceof Fault || value.kind !== "non-canonical" ? undefined : value.text;
  return {
    id: "fault.access",
    severity: "cause",
    certainty: "certain",
    slots: { access: "execute", address: bad.pc },
    text: [
      ...(cpu === undefined ? ["The processor"] : [{ kind: "cpu", cpu } as const]),
      " went to ",
      addressOf(bad.pc),
      ` for code${text === undefined ? "" : `, which is the text "${text}"`}; the stack shows no call that led there.`,
      isRepeated
        ? " The word at the stack pointer is the same: most likely a function returned to an address on its stack that was overwritten."
        : "",
    ],
    evidence: [
      { kind: "register", task: task?.address ?? 0n, pc: bad.pc, name: arch.pc, value: bad.pc },
      ...(isRepeated ? [{ kind: "memory", address: sp, value: bad.pc } as const] : []),
    ],
  };
}

function* valueFindings(kernel: Kernel, crash: CrashFacts, bad: BadPointer): Generator<Finding | Step, void, void> {
  const { site, register, effect } = bad;
  const found = register === undefined ? undefined : yield* provenanceOf(site, register, bad.value);
  const root = found?.root;
  const origin = found?.origin.kind;
  const named = !bad.isProven ? undefined : root ? rootExpression(root) : operandExpression(bad);
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
  const finding = valueStatement(subject, reported);
  if (finding) yield { ...finding, severity: "cause", evidence };
}

const ROOTS: ReadonlySet<BadValue["kind"]> = new Set(["null", "error", "poison"]);

/**
 * Returns, for a call through memory, the word that was read as the target; undefined if the memory has changed since.
 */
function storedEvidence(kernel: Kernel, { address, value }: BadPointer): Evidence | undefined {
  const word = readWord(kernel, address, kernel.arch.wordSize);
  return word === value ? { kind: "memory", address, value } : undefined;
}
