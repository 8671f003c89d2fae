/** The table of the checks of the machine's health. */
import { commandOf, type Evidence, evidenceText } from "../../../../insight/evidence.ts";
import { type Sentence, sentenceText } from "../../../../insight/finding.ts";
import { type Health, healthCheckOf } from "../../../../insight/health.ts";
import { healthChecks } from "../../../../insight/healthChecks.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import type { Table } from "../../../../say/table.ts";
import { sentenceSpans } from "../analyze/sentence.ts";

/** A finding, a check that passed, or a check that could not be done. */
export interface HealthRow {
  readonly severity: "suspect" | "note" | "pass" | "not checked";
  readonly id: string;
  /** What was checked. */
  readonly title: string;
  readonly text: Sentence;
  readonly evidence: readonly Evidence[];
  /** The command that prints what the check read. */
  readonly shows: string;
}

/** Returns the rows: suspects, notes, checks that could not be done, and if wanted those that passed. */
export function healthRows({ findings, passed, unchecked }: Health, withPassed: boolean): HealthRow[] {
  const found = findings.map((finding): HealthRow => {
    const check = healthCheckOf(finding);
    return {
      severity: finding.severity === "suspect" ? "suspect" : "note",
      id: finding.id,
      title: check?.title ?? finding.id,
      text: finding.text,
      evidence: finding.evidence,
      shows: commandOf(finding.evidence[0]),
    };
  });
  const undone = unchecked.map(({ check: id, because }): HealthRow => {
    const check = healthChecks.find((one) => one.id === id);
    return {
      severity: "not checked",
      id: `health.${id}`,
      title: check?.title ?? id,
      text: [because],
      evidence: [],
      shows: check?.shows ?? "",
    };
  });
  const fine = passed.map(({ check, sentence }): HealthRow => ({
    severity: "pass",
    id: `health.${check.id}`,
    title: check.title,
    text: [sentence],
    evidence: [],
    shows: check.shows,
  }));
  return [...found, ...undone, ...(withPassed ? fine : [])];
}

/** The table of `health`, one row for each finding and each check without one. */
export const healthTable: Table<HealthRow, PageKeys["health"]> = {
  gap: "  ",
  columns: {
    severity: {
      kind: "text",
      title: "SEVERITY",
      about: "suspect, note, pass, or not checked",
      width: "rows",
      value: ({ severity }) => severity,
    },
    check: { kind: "text", title: "CHECK", about: "what was checked", width: "rows", value: ({ title }) => title },
    finding: {
      kind: "text",
      title: "FINDING",
      about: "one sentence; for a check that was not done, the reason",
      value: ({ text }) => sentenceText(text),
      text: (_, { text }) => sentenceSpans(text),
    },
    // Lists of texts and not of records, because a grid has a row for each record of a list.
    evidence: {
      kind: "data",
      about: "what the finding was concluded from, each piece in a few words",
      value: ({ evidence }) => evidence.map(evidenceText),
    },
    commands: {
      kind: "data",
      about: "the command that prints each piece of the evidence",
      value: ({ evidence }) => evidence.map(commandOf),
    },
    shows: { kind: "text", about: "the command that prints what the check read", value: ({ shows }) => shows },
    id: { kind: "text", about: "stable name of the check's findings", value: ({ id }) => id },
  },
};
