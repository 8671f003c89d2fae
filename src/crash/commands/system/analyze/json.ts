/** The JSON record of the verdict. */
import type { Verdict } from "../../../../insight/analyze.ts";
import { commandOf, type Evidence, evidenceText } from "../../../../insight/evidence.ts";
import { becauseText, type Finding, sentenceText, type Slot } from "../../../../insight/finding.ts";
import type { LaterCommits } from "../../../language/laterCommits.ts";
import { addressJson, type Json } from "../../../../say/piece.ts";
import type { Fields } from "../../../../say/table.ts";

/** Version of the record's format. It is incremented when a change would make existing programs misread the record. */
const SCHEMA = 1;

/** The fields of the verdict. */
export const verdictFields: Fields = {
  schema: { kind: "number", about: "version of this record" },
  title: { kind: "text", about: "in the form that syzkaller uses" },
  key: { kind: "text", about: "equal for the same bug on other machines and builds" },
  kind: {
    kind: "text",
    about:
      "kind of the report of the crash; `none` for the dump of a kernel that had not crashed, `unknown` if that is not known",
  },
  mechanism: {
    kind: "text",
    about:
      "how the kernel noticed the failure, such as oops or hung-task; none if it had not crashed, unknown if that is not known",
  },
  findings: {
    kind: "data",
    fields: {
      id: { kind: "text", about: "stable name of the finding" },
      severity: { kind: "text", about: "cause, suspect or note" },
      certainty: { kind: "text", about: "certain, likely or possible" },
      slots: { kind: "data", about: "the values of the sentence by name" },
      text: { kind: "text", about: "the sentence" },
      evidence: { kind: "data", about: "what was read; `says` is its sentence, `command` prints it" },
      unknown: { kind: "data", about: "what could not be read: `what` and `because`" },
    },
  },
  unchecked: {
    kind: "data",
    about: "checks that did not finish",
    fields: { check: { kind: "text" }, because: { kind: "text", about: "the reason" } },
  },
  fixes: { kind: "data", about: "with --fixes: the later commits, and the branches that were searched" },
};

/** Returns the verdict as JSON. Addresses are `0x` and 16 digits. @param fixes the later commits, if they were searched for */
export const verdictJson = (
  { title, key, kind, mechanism, findings, unchecked }: Verdict,
  fixes?: LaterCommits,
): Json => ({
  schema: SCHEMA,
  title,
  key,
  kind,
  mechanism,
  findings: findings.map(findingJson),
  unchecked: unchecked.map(({ check, because }) => ({ check, because })),
  fixes: fixes && fixesJson(fixes),
});

/** Returns the list of later commits as JSON. */
const fixesJson = ({ commits, branches, needsRepository: _, ...rest }: LaterCommits): Json => ({
  ...rest,
  commits: commits.map((one) => ({ ...one })),
  branches: branches.map((one) => ({ ...one })),
});

const findingJson = ({ id, severity, certainty, slots, text, evidence, unknown }: Finding): Json => ({
  id,
  severity,
  certainty,
  slots: slotsJson(slots),
  text: sentenceText(text),
  evidence: evidence.map(evidenceJson),
  unknown: unknown?.map(({ what, because }) => ({
    what,
    because: becauseText(because),
  })),
});

/** Returns the values of a finding's sentence as JSON. */
export const slotsJson = (slots: Finding["slots"]): Json =>
  Object.fromEntries(Object.entries(slots).map(([name, value]) => [name, slotJson(value)]));

const slotJson = (slot: Slot): Json | undefined => {
  if (typeof slot === "bigint") return addressJson(slot);
  if (typeof slot !== "object") return slot;
  return slot.map((one) => (typeof one === "bigint" ? addressJson(one) : one));
};

/**
 * Returns a piece of evidence as JSON, with its sentence and the command that prints it. Lines of the log, which evidence
 * counts from 0, are counted from 1.
 */
export const evidenceJson = (evidence: Evidence): Json => ({
  ...Object.fromEntries(
    Object.entries(evidence).map(([key, value]: [string, string | number | bigint]) => [
      key,
      typeof value === "bigint"
        ? addressJson(value)
        : key === "line" && evidence.kind === "log"
          ? Number(value) + 1
          : value,
    ]),
  ),
  says: evidenceText(evidence),
  command: commandOf(evidence),
});
