/** The table of the findings of a verdict. */
import { commandOf, evidenceText } from "../../../../insight/evidence.ts";
import { type Finding, sentenceText } from "../../../../insight/finding.ts";
import { headingOf } from "../../../../insight/sections.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import type { Table } from "../../../../say/table.ts";
import { sentenceSpans } from "./sentence.ts";

/** The table of findings, one row each, with the first piece of evidence and the command that prints it. */
export const findingsTable: Table<Finding, PageKeys["analyze -t"]> = {
  gap: "  ",
  columns: {
    part: { kind: "text", title: "PART", about: "what it is about", width: "rows", value: ({ id }) => headingOf(id) },
    certainty: { kind: "text", title: "CERTAINTY", width: "rows", value: ({ certainty }) => certainty },
    finding: {
      kind: "text",
      title: "FINDING",
      about: "one sentence",
      value: ({ text }) => sentenceText(text),
      text: (_, { text }) => sentenceSpans(text),
    },
    evidence: {
      kind: "text",
      about: "the first piece of its evidence",
      value: ({ evidence: [first] }) => evidenceText(first),
    },
    shows: {
      kind: "text",
      about: "the command that prints it",
      value: ({ evidence: [first] }) => commandOf(first),
    },
    id: { kind: "text", about: "stable name of the finding", value: ({ id }) => id },
  },
};
