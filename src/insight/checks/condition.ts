/** Checks which condition led to a BUG(), a warning, a call of panic() or a division by zero. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { code, type Finding, type Sentence } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";
import { mechanismOf } from "../mechanisms.ts";
import { callerOf, withEntry } from "../values/calls.ts";
import { type Condition, conditionOf, nameOf, UNCONDITIONAL } from "../values/condition.ts";
import { type Site, siteOf, valueAt } from "../values/site.ts";
import { functionName, instructionText, placeReference, sourceWords } from "../values/words.ts";

/** Reports the condition of a BUG(), a warning or a call of panic() with its values, or the divisor of a division. */
export const condition: Check = {
  id: "condition",
  needs: ["stack"],
  about: ["kernel-bug", "fortify", "warning", "invalid-opcode", "divide-error", "panic"],
  *run(kernel, crash) {
    const [frame] = crash.frames;
    if (!frame) return;
    if (crash.kind === "panic") {
      if (mechanismOf(crash.kind, crash.panic?.text) !== "panic") return;
    } else if (!crash.trap) throw Fault.of("unknown", "the stack does not show the instruction of the check");
    const site = yield* withEntry(yield* siteOf(kernel, frame, crash.cpu));
    const effect = site.graph.effects[site.index];
    if (crash.kind === "divide-error") yield* divisionFinding(crash, site);
    else if (crash.trap && (effect?.access || effect?.flow === "call"))
      throw Fault.of("unknown", "the instruction that was interrupted is not that of a check");
    else yield* conditionFinding(kernel, crash, site);
  },
};

/** The condition of a check, and the site where it was evaluated. */
interface Decided {
  readonly site: Site;
  readonly found: Condition;
  /** The function that this site called and that fails whenever it is called; undefined for the check itself. */
  readonly called: string | undefined;
}

/** Maximum number of functions between a check and the condition of the call that led to it. */
const MAX_CALLS = 4;

/**
 * Returns the condition that led to a site; undefined if there is none. If the function fails whenever it is called, as
 * fortify_panic() does, this is the condition of the call. The search ends with the guilty function.
 * @throws Fault if the condition is not known
 */
function* decided(crash: CrashFacts, first: Site): Generator<Step, Decided | undefined, void> {
  const guilty = guiltyFrame(crash)?.function;
  let [site, called]: [Site, string | undefined] = [first, undefined];
  for (let depth = 0; depth < MAX_CALLS; depth++) {
    const found = conditionOf(site);
    if (found === undefined)
      throw Fault.of("unknown", "several ways lead to the check that failed, or its condition is not decoded");
    if (found !== UNCONDITIONAL) return { site, found, called };
    const caller = functionName(site) === guilty ? undefined : yield* callerOf(site);
    if (!caller) return undefined;
    [site, called] = [yield* withEntry(caller), functionName(site)];
  }
  return undefined;
}

function* conditionFinding(kernel: Kernel, crash: CrashFacts, first: Site): Generator<Finding | Step, void, void> {
  const end = yield* decided(crash, first);
  if (!end) return;
  const { site, found, called } = end;
  const { graph, index } = site;
  const { expression, values, comparison, address, passed, isKnown } = found;
  if (!isKnown) throw Fault.of("unknown", "the dump has neither the names nor the values of its condition");
  const compared = graph.effects[graph.at(comparison) ?? index];
  const text = compared ? yield* instructionText(kernel, compared) : "";
  yield {
    id: "fault.condition",
    severity: "cause",
    certainty: graph.hasTables ? "likely" : "certain",
    slots: { expression, values },
    text: [
      ...reached(crash, functionName(site), called),
      code(expression),
      ...sourceWords(kernel, address),
      values === undefined ? "" : `: ${values}`,
      passedWords(passed),
      ".",
    ],
    evidence: [
      { kind: "instruction", address: comparison, text },
      { kind: "symbol", name: graph.symbol.name, address: graph.symbol.address },
    ],
  };
}

/** Begins the sentence about a condition: what it led to. */
function reached({ kind }: CrashFacts, name: string, called: string | undefined): Sentence {
  const callee = kind === "panic" && called === undefined ? "panic" : called;
  if (callee !== undefined) return [`${name} called ${callee}() because `];
  // No table of the kernel has this instruction as a check.
  return [kind === "invalid-opcode" ? "The instruction was reached because " : "The check was reached because "];
}

const passedWords = (passed: readonly string[]): string => (passed.length === 0 ? "" : ` (${passed.join("; ")})`);

function* divisionFinding(crash: CrashFacts, site: Site): Generator<Finding | Step, void, void> {
  const { kernel, graph, index } = site;
  const effect = graph.effects[index];
  if (!effect?.divisor) throw Fault.of("unknown", "the instruction that was interrupted is not a division");
  const value = valueAt(site, effect.divisor, index);
  if (value !== undefined && value !== 0n)
    throw Fault.of("unknown", `the divisor is ${value}: the quotient does not fit, or the divisor has changed since`);
  const { text: name, passed } = nameOf(site, effect.divisor, index);
  yield {
    id: "fault.condition",
    severity: "cause",
    // A quotient that does not fit raises the same exception.
    certainty: value === undefined ? "likely" : "certain",
    slots: { expression: `${name} == 0`, values: value?.toString() },
    text: [
      "The division at ",
      placeReference(kernel, effect.address),
      ...sourceWords(kernel, effect.address),
      " is by ",
      code(name),
      value === undefined ? "" : `, which is ${value}`,
      passedWords(passed),
      ".",
    ],
    evidence: [
      { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) },
      ...(crash.report ? [{ kind: "log", line: crash.report.report.at, text: crash.report.headline } as const] : []),
    ],
  };
}
