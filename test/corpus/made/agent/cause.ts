/** Compares what the scripted agent says with the cause in the truth file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { disagreements, type Expected, type Facts, type Lists, type Truth } from "../truth.ts";
import type { Conclusion } from "./agent.ts";

/** The statements that the agent can make, and their slots. Other statements of a truth file are not its cause. */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  "where.guilty": ["function"],
  "object.state": ["address", "cache", "state"],
  "wait.cycle": ["pids"],
  "wait.owner": ["resource", "pid"],
  "wait.owner-exited": ["resource", "pid"],
  "fault.null-member": [],
  "fault.null-call": [],
  "fault.err-ptr": [],
  "fault.poison": [],
  "fault.user-address": [],
  "fault.non-canonical": [],
  "fault.freed-object": [],
};

const OBJECT = "object.state";

/** Returns the statements of a list that the agent can make, with the slots that it gives, of any certainty. */
const stated = (list: readonly Expected[] = []): Expected[] =>
  list
    .filter(({ id }) => id in STATEMENTS)
    .map(({ id, slots }) => ({
      id,
      certainty: "any",
      slots: Object.fromEntries((STATEMENTS[id] ?? []).map((name) => [name, slots?.[name] ?? "?*"])),
    }));

/** Says in which way a conclusion is not the cause of a truth file, a line each; none if it is. */
export function wrongCause({ kind, findings }: Conclusion, truth: Truth, facts: Facts): string[] {
  const lists = [truth.both, truth.without, truth.waits].flatMap((one): Lists[] =>
    one
      ? [{ must: stated(one.must), may: stated(one.may), mustNot: one.mustNot?.filter(({ slots }) => !slots) ?? [] }]
      : [],
  );
  // A truth file that names no object says nothing of one; the agent has checked what it says.
  const namesObject = lists.some(({ must, may }) => [...(must ?? []), ...(may ?? [])].some(({ id }) => id === OBJECT));
  const compared = findings.filter(({ id }) => id !== OBJECT || namesObject);
  const lines = disagreements(compared, lists, facts);
  return kind === truth.kind ? lines : [`KIND is ${kind}, not ${truth.kind}`, ...lines];
}

/** What may be said of every crash. */
const every = JSON.parse(readFileSync(join(import.meta.dirname, "../truth/every.json"), "utf8")) as Lists;

/** Says in which way the findings of a verdict are not what a truth file demands, a line each; none if they are. */
export function wrongVerdict({ kind, findings }: Conclusion, truth: Truth, facts: Facts): string[] {
  const lines = disagreements(findings, [every, truth.both, truth.without], facts);
  return kind === truth.kind ? lines : [`KIND is ${kind}, not ${truth.kind}`, ...lines];
}
