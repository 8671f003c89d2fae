/** Lists the steps of a bad value, from the instruction that used it back to its origin. */
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, type ChainStep, code, type Sentence } from "../finding.ts";
import { objectState } from "../objectState.ts";
import type { BadPointer } from "./badPointer.ts";
import { callExpression } from "./callExpression.ts";
import { originExpression } from "./expression.ts";
import { passerOf } from "./passer.ts";
import type { Origin, Provenance } from "./provenance.ts";
import { readWord } from "./site.ts";
import { functionName, instructionText, placeReference, registerEvidence, sourceWords, valueText } from "./words.ts";

type Load = Extract<Origin, { kind: "load" }>;

/** Returns the steps of a value whose origin is known. @param task address of the task that crashed */
export function* valueChain(
  kernel: Kernel,
  task: bigint,
  bad: BadPointer,
  found: Provenance,
): Generator<Step, ChainStep[], void> {
  const { root, origin, passedBy, cut } = found;
  const chain = [yield* useStep(kernel, task, bad)];
  if (cut)
    chain.push({
      text: [`Only ${cut.bits} bits of it were copied at `, placeReference(kernel, cut.effect.address)],
      evidence: yield* instruction(kernel, cut.effect),
    });
  if (root.offset !== 0n)
    chain.push({
      text: [`It is ${valueText(root.value)} ${offsetText(root.offset)}`],
      evidence: registerEvidence(bad.site, task, bad.register ?? root.register, bad.value),
    });
  for (const caller of passedBy) {
    const call = caller.graph.effects[caller.index];
    chain.push({
      text: ["Passed by the caller ", ...callerWords(kernel, functionName(caller), caller.frame.pc, call?.address)],
      evidence: { kind: "frame", task, pc: caller.frame.pc, text: functionName(caller) },
    });
  }
  chain.push(...(yield* originSteps(kernel, origin, found.value)));
  if (origin.kind === "load" && origin.object !== undefined)
    chain.push(...(yield* holderSteps(kernel, task, origin, origin.object)));
  return chain;
}

/** The instruction that used the value. */
function* useStep(
  kernel: Kernel,
  task: bigint,
  { site, effect, register, value }: BadPointer,
): Generator<Step, ChainStep, void> {
  const used: Sentence = [
    "used by ",
    code(yield* instructionText(kernel, effect)),
    " in ",
    placeReference(kernel, effect.address),
    ...sourceWords(kernel, effect.address),
  ];
  return register === undefined
    ? { text: [`${valueText(value)}, `, ...used], evidence: yield* instruction(kernel, effect) }
    : {
        text: [code(register), ` = ${valueText(value)}, `, ...used],
        evidence: registerEvidence(site, task, register, value),
      };
}

function* originSteps(kernel: Kernel, origin: Origin, value: bigint): Generator<Step, ChainStep[], void> {
  switch (origin.kind) {
    case "load": {
      const name = origin.expression ? code(origin.expression.text) : "The word";
      return [
        {
          text: [
            name,
            ` = ${valueText(value)}, loaded from `,
            addressOf(origin.address),
            ...whereWords(kernel, origin),
          ],
          evidence: loadEvidence(kernel, origin, value),
        },
      ];
    }
    case "call result": {
      const call = callExpression(origin.site, origin.effect);
      return [
        {
          text: ["Returned by ", call === undefined ? "a call" : code(call), ...whereWords(kernel, origin)],
          evidence: yield* instruction(kernel, origin.effect),
        },
      ];
    }
    case "constant":
      return [
        { text: ["A constant", ...whereWords(kernel, origin)], evidence: yield* instruction(kernel, origin.effect) },
      ];
    case "argument":
    case "computed":
    case "unknown":
      return [];
  }
}

/** The object that held the value, and the caller that passed the pointer to it. */
function* holderSteps(
  kernel: Kernel,
  task: bigint,
  { site, place, expression, base }: Load,
  object: bigint,
): Generator<Step, ChainStep[], void> {
  const named = place.base === undefined ? undefined : originExpression(site, place.base, site.index);
  const pointer = holderName(expression?.text) ?? named?.text;
  const subject: Sentence = [...(pointer === undefined ? [] : [code(pointer), " = "]), addressOf(object)];
  const chain: ChainStep[] = [];
  const slab = objectState(kernel, object);
  if (slab) {
    const inside = object === slab.address ? "" : ` ${offsetText(object - slab.address)}`;
    const { cache, address, state } = slab;
    const kind = state === "unknown" ? "an object" : state === "free" ? "a free object" : "an allocated object";
    chain.push({
      text: [...subject, `, ${kind} of ${cache}${inside}`],
      evidence: { kind: "object", cache, address, state },
    });
  }
  const passer = base === undefined ? undefined : yield* passerOf(site, base);
  if (!passer) return chain;
  const { caller, expression: passed, argument, call } = passer;
  const isSame = base === object;
  chain.push({
    text: [
      ...(slab && isSame ? ["Passed"] : isSame ? [...subject, ", passed"] : [addressOf(base ?? object), ", passed"]),
      " by the caller ",
      ...callerWords(kernel, functionName(caller), caller.frame.pc, call?.address),
      ` as argument ${argument + 1}`,
      ...(passed ? [": ", code(passed.text)] : []),
    ],
    evidence: { kind: "frame", task, pc: caller.frame.pc, text: functionName(caller) },
  });
  return chain;
}

/** Returns `cfg` for `cfg->target`; undefined for text without such an access. */
export const holderName = (text: string | undefined): string | undefined => /^(.+)->\w[\w.[\]]*$/.exec(text ?? "")?.[1];

/** Returns the evidence that memory still holds a loaded value. */
export const loadEvidence = (kernel: Kernel, { expression, address, object }: Load, value: bigint): Evidence =>
  expression?.member && object !== undefined
    ? { kind: "field", type: expression.member.struct, address: object, path: expression.member.path, value: hex0x(value) }
    : { kind: "memory", address, value: readWord(kernel, address, kernel.arch.wordSize) ?? value }; // prettier-ignore

/** Returns " in f at file:line" for the instruction of an origin. */
const whereWords = (kernel: Kernel, { site, effect }: Exclude<Origin, { kind: "argument" | "unknown" }>): Sentence => [
  " in ",
  { kind: "symbol", name: functionName(site), address: effect.address },
  ...sourceWords(kernel, effect.address),
];

const callerWords = (kernel: Kernel, name: string, pc: bigint, call: bigint | undefined): Sentence => [
  { kind: "symbol", name, address: pc },
  ...(call === undefined ? [] : sourceWords(kernel, call)),
];

/** Returns `+ 0x10` or `- 0x10`. */
const offsetText = (offset: bigint): string => (offset < 0n ? `- ${hex0x(-offset)}` : `+ ${hex0x(offset)}`);

function* instruction(kernel: Kernel, effect: Load["effect"]): Generator<Step, Evidence, void> {
  return { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) };
}
