/** Checks for hardware errors in the log. */
import { factsOf } from "../../log/facts.ts";
import type { ReportKind } from "../../log/kinds.ts";
import { kernelLog } from "../../linux/printk/oops.ts";
import type { Check } from "../check.ts";

const KINDS: readonly ReportKind[] = ["machine-check", "edac", "firmware-error", "pcie-error"];

/** Maximum number of hardware reports that produce a finding; the last ones are used. */
const MAX_REPORTS = 4;

/** Reports the hardware errors that the log contains. */
export const hardware: Check = {
  id: "hardware",
  needs: [],
  about: "any",
  *run(kernel, { kind }) {
    const log = kernelLog(kernel);
    const found = log.reports.filter(({ headline: { row } }) => KINDS.includes(row.kind));
    for (const report of found.slice(-MAX_REPORTS)) {
      const { title, headline } = factsOf(log, report);
      yield {
        id: "hardware.error",
        severity: kind !== undefined && KINDS.includes(kind) ? "cause" : "suspect",
        certainty: "certain",
        slots: { kind: report.headline.row.kind, title },
        text: ["The hardware reported an error: ", { kind: "log", line: report.at, text: headline }, "."],
        evidence: [{ kind: "log", line: report.at, text: headline }],
      };
    }
  },
};
