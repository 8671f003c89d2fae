/** Checks whether the bad value is a valid pointer with one bit flipped. */
import { attempt, Fault } from "../../base/fault.ts";
import { memberOffset } from "../../kernel/list.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { typeName } from "../../model/typeName.ts";
import { type Check, pause, type Step } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, type Finding } from "../finding.ts";
import { objectState } from "../objectState.ts";
import { type BadPointer, badPointer } from "../values/badPointer.ts";
import { badValue } from "../values/badValue.ts";
import type { Expression } from "../values/expression.ts";
import { type Origin, provenanceOf, rootExpression } from "../values/provenance.ts";
import { readWord } from "../values/site.ts";
import { valueText } from "../values/words.ts";
import { ADDRESS_KINDS } from "./access.ts";

/**
 * Reports a value that differs in one bit from a valid pointer. Exactly one of its bits must lead, when flipped, to the
 * start of a live object of the cache that the code expects, to the neighbour that points back in a list or tree, or to
 * the start of a function.
 */
export const bitFlip: Check = {
  id: "bit-flip",
  needs: ["trap", "types"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const bad = yield* badPointer(kernel, crash);
    const kind = badValue(kernel, bad.value).kind;
    if (kind !== "non-canonical" && kind !== "unmapped" && kind !== "user") return;
    const found = bad.register === undefined ? undefined : yield* provenanceOf(bad.site, bad.register, bad.value);
    const value = found?.root.offset === 0n || !found ? bad.value : found.root.value;
    const name = found && rootExpression(found.root);
    yield* candidates(kernel, bad, value, name, found?.origin);
  },
};

/** Bits 0 to 2 are not tried, because pointers to members and tagged pointers use them. */
const FIRST_BIT = 3;

function* candidates(
  kernel: Kernel,
  bad: BadPointer,
  value: bigint,
  name: Expression | undefined,
  origin: Origin | undefined,
): Generator<Finding | Step, void, void> {
  const fits: { bit: number; target: bigint; why: string; evidence: Evidence }[] = [];
  for (let bit = FIRST_BIT; bit < kernel.arch.wordSize * 8; bit++) {
    yield pause("bits");
    const target = value ^ (1n << BigInt(bit));
    if (!kernel.memory.isKernelAddress(target)) continue;
    const fit = attempt(() => fitting(kernel, bad, target, name, origin));
    if (fit && !(fit instanceof Fault)) fits.push({ bit, target, ...fit });
  }
  const [one, ...others] = fits;
  if (!one || others.length > 0) return;
  yield {
    id: "fault.bit-flip",
    severity: "suspect",
    certainty: "possible",
    slots: { value, bit: one.bit, expected: one.target },
    text: [
      `${valueText(value)} differs in bit ${one.bit} alone from `,
      addressOf(one.target),
      `, ${one.why}: a bit that flipped in memory, or software that wrote it.`,
    ],
    evidence: [one.evidence],
  };
}

function fitting(
  kernel: Kernel,
  bad: BadPointer,
  target: bigint,
  name: Expression | undefined,
  origin: Origin | undefined,
): { why: string; evidence: Evidence } | undefined {
  if (bad.access === "execute") {
    const symbol = kernel.code.isText(target) ? kernel.symbols.at(target) : undefined;
    if (symbol?.address !== target) return undefined;
    return {
      why: `where the function ${symbol.name} begins`,
      evidence: { kind: "symbol", name: symbol.name, address: target },
    };
  }
  const back = pointsBack(kernel, target, origin);
  if (back) return back;
  const pointer = name && bare(name.type);
  const type = pointer?.kind === "pointer" ? bare(pointer.target) : undefined;
  const state = type?.kind === "struct" ? objectState(kernel, target) : undefined;
  if (!type || state?.address !== target || state.state !== "allocated") return undefined;
  const size = "size" in type ? type.size : 0;
  const isGeneral = /^(?:dma-)?kmalloc-/.test(state.cache);
  const isExpected = isGeneral
    ? size <= state.size && size > state.size / 2
    : typeName(type) === `struct ${state.cache}`;
  if (!isExpected) return undefined;
  return {
    why: `where a live object of ${state.cache} begins`,
    evidence: { kind: "object", cache: state.cache, address: target, state: "allocated" },
  };
}

/**
 * Returns the evidence that `target` is a neighbour in a list or tree that points back to the object that held the
 * value; undefined if it is not.
 */
function pointsBack(
  kernel: Kernel,
  target: bigint,
  origin: Origin | undefined,
): { why: string; evidence: Evidence } | undefined {
  const member = origin?.kind === "load" ? origin.expression?.member : undefined;
  if (origin?.kind !== "load" || origin.object === undefined || !member) return undefined;
  const link = LINKS.find(([struct, path]) => member.struct === struct && member.path === path);
  if (!link) return undefined;
  const [struct, , backwards, mask] = link;
  const at = target + memberOffset(kernel, struct, backwards);
  const word = readWord(kernel, at, kernel.arch.wordSize);
  if (word === undefined || (word & ~mask) !== origin.object) return undefined;
  return {
    why: `whose ${backwards} points back to what held it`,
    evidence: { kind: "memory", address: at, value: word },
  };
}

/**
 * Links of lists and trees: the structure, the link, the member of its target that points back, and the bits of that
 * member that are flags.
 */
const LINKS: readonly (readonly [struct: string, path: string, back: string, mask: bigint])[] = [
  ["struct list_head", "next", "prev", 0n],
  ["struct list_head", "prev", "next", 0n],
  ["struct rb_node", "rb_left", "__rb_parent_color", 3n],
  ["struct rb_node", "rb_right", "__rb_parent_color", 3n],
];
