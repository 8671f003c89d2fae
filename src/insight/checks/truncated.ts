/** Checks whether the bad value is a pointer of which only a part was copied. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import { addressOf, code, type Finding } from "../finding.ts";
import { badPointer } from "../values/badPointer.ts";
import { badValue } from "../values/badValue.ts";
import { type Cut, type Provenance, provenanceOf, rootExpression, sameLowBits } from "../values/provenance.ts";
import { instructionText, placeReference, sourceWords, valueText } from "../values/words.ts";
import { ADDRESS_KINDS } from "./access.ts";

/**
 * Reports an instruction that copied only the low bits of what was used as a pointer: truncated, or sign-extended. It is
 * certain if the dump still has the whole pointer.
 */
export const truncated: Check = {
  id: "truncated",
  needs: ["trap"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const bad = yield* badPointer(kernel, crash);
    if (bad.register === undefined) return;
    const found = yield* provenanceOf(bad.site, bad.register, bad.value);
    if (found.cut && isBad(kernel, found.value)) yield* cutFinding(kernel, found, found.cut);
  },
};

/** Minimum value that can be a part of an address; smaller ones are offsets, errors and counts. */
const MIN_VALUE = 0x10000n;

/** Returns whether a value is an invalid pointer without another explanation. */
function isBad(kernel: Kernel, value: bigint): boolean {
  const found = attempt(() => badValue(kernel, value));
  if (found instanceof Fault || value < MIN_VALUE) return false;
  return ["user", "non-canonical", "unmapped"].includes(found.kind);
}

function* cutFinding(kernel: Kernel, found: Provenance, cut: Cut): Generator<Finding | Step, void, void> {
  const { value, root, origin } = found;
  const { effect, bits, isSigned, before } = cut;
  // The bits that are left are those of the value itself: nothing was lost.
  if (before === value) return;
  const isWhole = before !== undefined && sameLowBits(before, value, bits) && isMapped(kernel, before);
  if (before !== undefined && !isWhole) return;
  // A copy of fewer bits is always of a number.
  if (!isWhole && bits !== 32) return;
  const name = rootExpression(root)?.text ?? root.register;
  const text = yield* instructionText(kernel, effect);
  const kept = `only ${bits} bits of it${isSigned ? ", with their sign" : ""}`;
  yield {
    id: "fault.truncated",
    severity: "cause",
    certainty: isWhole ? "certain" : "possible",
    slots: { value, bits, expected: isWhole ? before : undefined },
    text: [
      code(name),
      ` is ${valueText(value)}`,
      ...(isWhole ? [", the low bits of ", addressOf(before)] : []),
      ": the instruction at ",
      placeReference(kernel, effect.address),
      ...sourceWords(kernel, effect.address),
      `, \`${text}\`, copied ${kept}`,
      isWhole ? "." : "; if it was a pointer before, its upper half was lost there.",
    ],
    evidence: [
      { kind: "instruction", address: effect.address, text },
      ...(isWhole && origin.kind === "load"
        ? [{ kind: "memory", address: origin.address, value: before } as const]
        : []),
    ],
  };
}

const isMapped = (kernel: Kernel, address: bigint): boolean =>
  kernel.memory.isKernelAddress(address) && !(attempt(() => kernel.memory.translate(address)) instanceof Fault);
