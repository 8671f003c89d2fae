/** Checks where the bad value came from. */
import { attempt, Fault } from "../../base/fault.ts";
import { withOffset } from "../../base/nameOffset.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, type ChainStep, code, type Finding, type Sentence } from "../finding.ts";
import { emptyListFinding } from "../emptyList.ts";
import { foreignStackFinding } from "../foreignStack.ts";
import { heldFindings } from "../heldValue.ts";
import { objectFindings } from "../objectState.ts";
import { badPointer, type BadPointer } from "../values/badPointer.ts";
import { callExpression } from "../values/callExpression.ts";
import { originExpression, placeExpression } from "../values/expression.ts";
import { callerOf } from "../values/calls.ts";
import { holderName, loadEvidence, valueChain } from "../values/chain.ts";
import { passerOf } from "../values/passer.ts";
import { type Origin, pointerOf, type Provenance, provenanceOf } from "../values/provenance.ts";
import { registerAt, type Site } from "../values/site.ts";
import { callerName, functionName, instructionText, sourceWords, valueText } from "../values/words.ts";
import { ADDRESS_KINDS } from "./access.ts";

/** Reports where the bad value came from: a member, the result of a call, a constant or an argument. */
export const provenance: Check = {
  id: "provenance",
  needs: ["trap"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const bad = yield* badPointer(kernel, crash);
    const found = yield* fromWhere(bad);
    if (found.origin.kind === "unknown") throw Fault.of("unknown", found.origin.because);
    yield* provenanceFinding(kernel, crash, found, yield* valueChain(kernel, crash.task?.address ?? 0n, bad, found));
    yield* holderFindings(kernel, crash, found);
  },
};

/** Returns the origin of the bad value. For a call through memory the operand itself held it. */
function* fromWhere(bad: BadPointer): Generator<Step, Provenance, void> {
  const { site, register, value, effect, place } = bad;
  if (register !== undefined) return yield* provenanceOf(site, register, value);
  if (!place) throw Fault.of("unknown", "the operand of the instruction is not known");
  const base = place.base === undefined ? undefined : registerAt(site, place.base, site.index);
  const address = base === undefined ? undefined : BigInt.asUintN(64, base + place.displacement);
  if (address === undefined || place.index !== undefined)
    throw Fault.of("unknown", "where the address was read from is not known");
  const size = site.kernel.arch.wordSize;
  const expression = placeExpression(site, place, size, site.index);
  const word = attempt(() => site.kernel.memory.word(address));
  if (word !== value) throw Fault.of("unknown", "the memory that it was read from holds another value now");
  const root = { site, register: place.base ?? "", index: site.index, value, offset: 0n };
  const object = pointerOf(place, base, expression);
  const origin = { kind: "load", site, effect, place, address, size, expression, object, base } as const;
  return { value, root, origin, passedBy: [], cut: undefined };
}

function* provenanceFinding(
  kernel: Kernel,
  crash: CrashFacts,
  found: Provenance,
  chain: readonly ChainStep[],
): Generator<Finding | Step, void, void> {
  const { value, origin, passedBy } = found;
  const { site } = origin;
  const words = originWords(kernel, origin, value);
  if (!words) return;
  const calling = yield* callerOf(site);
  const caller = calling ? functionName(calling) : callerName(site);
  const evidence: Evidence[] = [...words.evidence];
  if ("effect" in origin)
    evidence.push({
      kind: "instruction",
      address: origin.effect.address,
      text: yield* instructionText(kernel, origin.effect),
    });
  const task = crash.task?.address ?? 0n;
  for (const { frame, graph } of passedBy)
    evidence.push({ kind: "frame", task, pc: frame.pc, text: graph.symbol.name });
  const [first, ...more] = evidence;
  if (!first) throw Fault.of("unknown", `it was passed to ${functionName(site)}, and the code of its caller does not show what it passed`); // prettier-ignore
  yield {
    id: "fault.provenance",
    severity: "cause",
    certainty: site.graph.hasTables ? "likely" : "certain",
    slots: {
      value,
      origin: origin.kind,
      ...words.slots,
      function: functionName(site),
      caller,
    },
    text: [
      `The value ${valueText(value)} `,
      ...words.text,
      " in ",
      { kind: "symbol", name: functionName(site), address: site.graph.effects[site.index]?.address ?? 0n },
      ...("effect" in origin ? sourceWords(kernel, origin.effect.address) : []),
      ...(caller === undefined ? [] : [calling ? `, which ${caller} called` : `, which was reached from ${caller}`]),
      ...passedWords(passedBy),
      ".",
    ],
    evidence: [first, ...more],
    chain,
  };
}

const passedWords = (passedBy: readonly Site[]): Sentence =>
  passedBy.length === 0 ? [] : [`, and passed on by ${passedBy.map(functionName).reverse().join(", then ")}`];

interface OriginWords {
  readonly slots: Finding["slots"];
  readonly text: Sentence;
  readonly evidence: readonly Evidence[];
}

function originWords(kernel: Kernel, origin: Origin, value: bigint): OriginWords | undefined {
  switch (origin.kind) {
    case "load": {
      const { expression, address, object, place } = origin;
      const isAbsolute = place.base === undefined;
      const isWord = origin.size === kernel.arch.wordSize;
      const symbol = isAbsolute ? kernel.symbols.at(address) : undefined;
      return {
        slots: {
          expression: expression?.text,
          object: object ?? (symbol ? symbol.address : undefined),
          member: expression?.member?.path,
        },
        text: [
          "was loaded from ",
          ...(expression ? [code(expression.text), ", "] : []),
          isWord ? "the word at " : `the ${origin.size} byte${origin.size === 1 ? "" : "s"} at `,
          symbol
            ? { kind: "symbol", name: withOffset(symbol.name, address - symbol.address), address }
            : addressOf(address),
          isWord || origin.size === 1 ? ", which still contains it," : ", which still contain it,",
        ],
        evidence: [loadEvidence(kernel, origin, value)],
      };
    }
    case "call result": {
      const expression = callExpression(origin.site, origin.effect);
      return {
        slots: { expression },
        text: ["is what ", expression === undefined ? "a call" : code(expression), " returned"],
        evidence: [],
      };
    }
    case "constant":
      return { slots: {}, text: ["was put there as a constant"], evidence: [] };
    case "argument":
      return {
        slots: { argument: origin.number + 1 },
        text: [`is argument ${origin.number + 1}, as it was passed,`],
        evidence: [],
      };
    case "computed":
    case "unknown":
      return undefined;
  }
}

/** Yields findings on the object that held the bad value, and on who passed the pointer to it. */
function* holderFindings(
  kernel: Kernel,
  crash: CrashFacts,
  { origin, value }: Provenance,
): Generator<Finding | Step, void, void> {
  if (origin.kind !== "load" || origin.object === undefined || origin.base === undefined) return;
  const { site, object, base, place, expression } = origin;
  const named = place.base === undefined ? undefined : originExpression(site, place.base, site.index);
  const name = holderName(expression?.text) ?? named?.text;
  const member = expression?.member;
  const { address } = origin;
  yield* heldFindings(kernel, { value, address, object, name, type: member?.struct, member: member?.path, expression });
  yield* objectFindings(kernel, object, { name, type: member?.struct });
  if (member) yield* emptyListFinding(kernel, { pointer: object, base, member, name });
  yield* foreignStackFinding(kernel, crash, object, name);
  yield* passedFinding(kernel, crash, site, base, base === object ? holderName(expression?.text) : undefined);
}

/** Reports a caller that passed the same pointer, if its code shows the arguments. */
export function* passedFinding(
  kernel: Kernel,
  crash: CrashFacts,
  site: Site,
  object: bigint,
  name: string | undefined,
): Generator<Finding | Step, void, void> {
  const passer = yield* passerOf(site, object);
  if (!passer) return;
  const { caller, argument: number, expression, call } = passer;
  yield {
    id: "fault.passed",
    severity: "note",
    certainty: "certain",
    slots: {
      value: object,
      argument: number + 1,
      function: functionName(site),
      caller: functionName(caller),
      expression: expression?.text,
    },
    text: [
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(object),
      ` is also argument ${number + 1} that `,
      { kind: "symbol", name: functionName(caller), address: caller.frame.pc },
      ` passed to ${functionName(site)}`,
      ...(call ? sourceWords(kernel, call.address) : []),
      ...(expression ? [": ", code(expression.text)] : []),
      ".",
    ],
    evidence: [{ kind: "frame", task: crash.task?.address ?? 0n, pc: caller.frame.pc, text: functionName(caller) }],
  };
}
