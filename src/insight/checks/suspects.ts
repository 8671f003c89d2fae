/** Checks for tainting modules and earlier warnings. */
import { attempt, Fault } from "../../base/fault.ts";
import { moduleName, modules } from "../../linux/module/module.ts";
import { moduleTaints } from "../../linux/module/taint.ts";
import { taintWords } from "../../log/taint.ts";
import { plainName } from "../../log/place.ts";
import type { Check } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Finding } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";

/**
 * Reports modules that taint the kernel, on the stack or only loaded, and warnings before the crash. The module of the
 * guilty function is not another suspect.
 */
export const suspects: Check = {
  id: "suspects",
  needs: [],
  about: "any",
  *run(kernel, crash) {
    yield* warningFindings(crash);
    const onStack = new Set((crash.stack?.frames ?? []).flatMap(({ symbol }) => symbol?.module ?? []));
    if (!crash.report && !crash.panic) return;
    const guilty = guiltyFrame(crash)?.module;
    for (const module of modules(kernel)) {
      const known = attempt(() => ({ name: moduleName(module), taint: moduleTaints(module) }));
      if (known instanceof Fault || known.taint === "") continue;
      const { name, taint } = known;
      if (name === guilty) continue;
      const isOnStack = onStack.has(name);
      yield {
        id: "suspect.module",
        severity: "suspect",
        certainty: isOnStack ? "certain" : "possible",
        slots: { module: name, taint },
        text: [
          "The module ",
          { kind: "module", name },
          isOnStack ? " is on the stack; " : crash.stack ? " is loaded, though not on the stack; " : " is loaded; ",
          `it taints the kernel with ${taint} (${taintWords(taint).join(", ")}).`,
        ],
        evidence: [{ kind: "module", name }],
      };
    }
  },
};

/** Maximum number of warnings that are reported; the latest ones, which come first in `earlier`. */
const MAX_WARNINGS = 3;

function* warningFindings({ report, panic, earlier, secondsAt }: CrashFacts): Generator<Finding, void, void> {
  const end = report && secondsAt(report.report.at);
  for (const one of earlier
    .filter(({ severity }) => severity === "warning" || severity === "error")
    .slice(0, MAX_WARNINGS)) {
    const start = secondsAt(one.report.at);
    const before = end === undefined || start === undefined ? undefined : Math.max(0, end - start);
    const name = one.guilty?.place.name;
    yield {
      id: "suspect.warning-before",
      severity: "suspect",
      certainty: report || panic ? "possible" : "certain",
      slots: {
        function: name === undefined ? undefined : plainName(name),
        seconds: before === undefined ? undefined : Math.round(before * 1000) / 1000,
      },
      text: [
        report || panic ? `Before that the kernel reported ${one.title}` : `The kernel reported ${one.title}`,
        before === undefined ? "" : `, ${before.toFixed(3)} s earlier by the log's clock`,
        report || panic ? "; whether it led to the crash is not known." : ", and went on.",
      ],
      evidence: [{ kind: "log", line: one.report.at, text: one.headline }],
    };
  }
}
