/** Checks which condition led to a BUG(), a warning or a division by zero. */
import { Fault } from "../../base/fault.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { code, type Finding } from "../finding.ts";
import { withEntry } from "../values/calls.ts";
import { conditionOf } from "../values/condition.ts";
import { valueExpression } from "../values/expression.ts";
import { type Site, siteOf, valueAt } from "../values/site.ts";
import { instructionText, placeReference, sourceWords } from "../values/words.ts";

/** Reports the condition of a BUG() or a warning with its values, or the divisor of a division. */
export const condition: Check = {
  id: "condition",
  needs: ["trap"],
  about: ["kernel-bug", "warning", "invalid-opcode", "divide-error"],
  *run(kernel, crash) {
    const [frame] = crash.frames;
    if (!frame) return;
    const site = yield* withEntry(yield* siteOf(kernel, frame, crash.cpu));
    const effect = site.graph.effects[site.index];
    if (crash.kind === "divide-error") yield* divisionFinding(crash, site);
    else if (effect?.access || effect?.flow === "call")
      throw Fault.of("unknown", "the instruction that was interrupted is not that of a check");
    else yield* conditionFinding(site);
  },
};

function* conditionFinding(site: Site): Generator<Finding | Step, void, void> {
  const { kernel, graph, index } = site;
  const found = conditionOf(site);
  if (!found) throw Fault.of("unknown", "several ways lead to the check that failed, or its condition is not decoded");
  const { expression, values, comparison, address } = found;
  const compared = graph.effects[graph.at(comparison) ?? index];
  const text = compared ? yield* instructionText(kernel, compared) : "";
  yield {
    id: "fault.condition",
    severity: "cause",
    certainty: graph.hasTables ? "likely" : "certain",
    slots: { expression, values },
    text: [
      "The check was reached because ",
      code(expression),
      ...sourceWords(kernel, address),
      values === undefined ? "." : `: ${values}.`,
    ],
    evidence: [
      { kind: "instruction", address: comparison, text },
      { kind: "symbol", name: graph.symbol.name, address: graph.symbol.address },
    ],
  };
}

function* divisionFinding(crash: CrashFacts, site: Site): Generator<Finding | Step, void, void> {
  const { kernel, graph, index } = site;
  const effect = graph.effects[index];
  if (!effect?.divisor) throw Fault.of("unknown", "the instruction that was interrupted is not a division");
  const value = valueAt(site, effect.divisor, index);
  const named = valueExpression(site, effect.divisor, index)?.text;
  if (value !== undefined && value !== 0n)
    throw Fault.of("unknown", `the divisor is ${value}: the quotient does not fit, or the divisor has changed since`);
  const name = named ?? (effect.divisor.kind === "register" ? effect.divisor.name : "the divisor");
  yield {
    id: "fault.condition",
    severity: "cause",
    certainty: "certain",
    slots: { expression: `${name} == 0`, values: value?.toString() },
    text: [
      "The division at ",
      placeReference(kernel, effect.address),
      ...sourceWords(kernel, effect.address),
      " is by ",
      code(name),
      value === undefined ? "." : `, which is ${value}.`,
    ],
    evidence: [
      { kind: "instruction", address: effect.address, text: yield* instructionText(kernel, effect) },
      ...(crash.report ? [{ kind: "log", line: crash.report.report.at, text: crash.report.headline } as const] : []),
    ],
  };
}
