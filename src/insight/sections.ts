/** The parts of a verdict, in the order in which an engineer reads them. */
import type { Verdict } from "./analyze.ts";
import type { Finding } from "./finding.ts";

/** A part of a verdict: the findings under one heading. Never empty. */
export interface Section {
  /** Stable name: "where". */
  readonly id: string;
  readonly title: string;
  readonly findings: readonly Finding[];
}

interface Heading {
  readonly id: string;
  readonly title: string;
  /** Prefixes of finding ids. A finding belongs to the first heading with a prefix of its id. */
  readonly prefixes: readonly string[];
}

const HEADINGS: readonly Heading[] = [
  { id: "happened", title: "What happened", prefixes: ["crash."] },
  { id: "where", title: "Where", prefixes: ["where."] },
  {
    id: "values",
    title: "With which values",
    prefixes: ["fault.access", "fault.provenance", "fault.passed", "fault.condition", "packet.", "copy."],
  },
  { id: "bad-value", title: "The bad value", prefixes: ["fault."] },
  { id: "object", title: "The object", prefixes: ["object."] },
  { id: "structure", title: "The damaged structure", prefixes: ["list.", "refcount."] },
  { id: "stack", title: "The stack", prefixes: ["stack."] },
  { id: "start", title: "Start of the system", prefixes: ["init.", "root."] },
  { id: "waits", title: "Who waits for whom", prefixes: ["wait.", "lock."] },
  { id: "cpus", title: "CPUs", prefixes: ["cpu.", "rcu.", "context."] },
  { id: "memory", title: "Memory", prefixes: ["oom."] },
  { id: "hardware", title: "Hardware", prefixes: ["hardware."] },
  { id: "before", title: "Warnings before", prefixes: ["suspect.warning"] },
  { id: "suspects", title: "Other suspects", prefixes: ["suspect."] },
  { id: "others", title: "Other findings", prefixes: [""] },
];

const isUnder = ({ prefixes }: Heading, id: string): boolean => prefixes.some((prefix) => id.startsWith(prefix));

/** Returns the heading under which a finding is printed. */
export const headingOf = (id: string): string => HEADINGS.find((one) => isUnder(one, id))?.title ?? "Other findings";

/** Returns the parts of a verdict that have findings, in reading order. */
export const sectionsOf = ({ findings }: Pick<Verdict, "findings">): Section[] =>
  HEADINGS.flatMap((heading) => {
    const own = findings.filter(({ id }) => HEADINGS.find((one) => isUnder(one, id)) === heading);
    return own.length > 0 ? [{ id: heading.id, title: heading.title, findings: own }] : [];
  });
