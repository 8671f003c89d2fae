import { factsOf } from "../../log/facts.ts";
import type { Kind } from "../../log/kinds.ts";
import { kernelLog } from "../../linux/printk/oops.ts";
import type { Check } from "../check.ts";

const KINDS: readonly Kind[] = ["machine-check", "edac", "firmware-error", "pcie-error"];

/** Reports of the same error that are told. */
const MAX_REPORTS = 4;

/** Errors that the hardware reported, anywhere in the log. */
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
