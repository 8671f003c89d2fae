/** Decides whether two crashes have the same cause. */
import { ADDRESS_KINDS } from "./checks/access.ts";
import type { Verdict } from "./analyze.ts";
import type { Slot } from "./finding.ts";

export interface BugComparison {
  readonly answer: "same bug" | "probably the same bug" | "not the same bug" | "unknown";
  /** Sentences that say why. Never empty. */
  readonly because: readonly string[];
}

/**
 * Compares two verdicts by kind, mechanism, guilty functions, the cache of a freed object, the number of tasks in a
 * deadlock and the expression that was bad. The rest may differ.
 */
export function sameBug(a: Verdict, b: Verdict): BugComparison {
  const [kinds, functions] = [[a.kind, b.kind] as const, [functionsOf(a), functionsOf(b)] as const];
  const unknown = [a, b].filter(({ kind }) => kind === "unknown");
  if (unknown.length > 0)
    return {
      answer: "unknown",
      because: [`it is not known whether ${unknown.length === 2 ? "the machines" : "one of the machines"} crashed`],
    };
  const uncrashed = [a, b].filter(({ kind }) => kind === "none");
  if (uncrashed.length > 0)
    return {
      answer: uncrashed.length === 2 ? "unknown" : "not the same bug",
      because: [`${uncrashed.length === 2 ? "neither" : "only one"} of the machines crashed by itself`],
    };
  const [first, second] = functions.map(([guilty]) => guilty);
  const sentence = kindsSentence(a, b);
  if (sentence === undefined) {
    const because = [`one is of the kind ${kinds[0]}, the other of the kind ${kinds[1]}`];
    const isUndecided = kinds.every(isAccess) && first !== undefined && first === second;
    if (isUndecided)
      because.push(`but the guilty function of both is ${first}, and one bad pointer can cause either kind`);
    return { answer: isUndecided ? "unknown" : "not the same bug", because };
  }
  if (first === undefined || second === undefined)
    return { answer: "unknown", because: [sentence, missingGuilty(first, second)] };
  if (first !== second)
    return { answer: "not the same bug", because: [`the guilty function of one is ${first}, of the other ${second}`] };
  const because = [sentence, `the guilty function of both is ${first}`];
  const cycles = [cycleLength(a), cycleLength(b)];
  if (cycles[0] !== cycles[1])
    return {
      answer: "not the same bug",
      because: [
        ...because,
        `but ${cycles.map((length) => (length === 0 ? "no deadlock" : `a deadlock of ${length} tasks`)).join(" in one, ")} in the other`,
      ],
    };
  const [here, there] = [expressionOf(a), expressionOf(b)];
  if (here !== undefined && there !== undefined) {
    if (here !== there)
      return {
        answer: "unknown",
        because: [...because, `but the bad value of one is ${here}, of the other ${there}`],
      };
    because.push(`the bad value of both is ${here}`);
  }
  if (functions[0].join() === functions[1].join()) {
    const callers = functions[0].slice(1);
    if (callers.length > 0) because.push(`it was called through ${callers.join(", ")} in both`);
    return { answer: "same bug", because };
  }
  const ways = functions.map((names) => names.slice(1).join(", ") || "no function that says more");
  return {
    answer: "probably the same bug",
    because: [
      ...because,
      `but it was called through ${ways[0] ?? "?"} in one, and through ${ways[1] ?? "?"} in the other`,
    ],
  };
}

/** Returns a clause on the guilty functions of two crashes, of which one or both are not known. */
const missingGuilty = (first: string | undefined, second: string | undefined): string =>
  first === second
    ? "but the guilty functions are not known"
    : `but the guilty function of ${first === undefined ? "the first" : "the second"} is not known`;

const isAccess = (kind: string): boolean => ADDRESS_KINDS.some((one) => one === kind);

/**
 * Returns a sentence on the kinds of two crashes; undefined if they are different. An access to a bad address is of
 * several kinds: on x86_64 an address that is not canonical is a general protection fault, on arm64 a page fault. A full
 * stack is named after its guard page on x86_64.
 */
function kindsSentence(a: Verdict, b: Verdict): string | undefined {
  if (a.kind === b.kind) return `both are of the kind ${a.kind}`;
  const machines = `(${a.kind} on one machine, ${b.kind} on the other)`;
  if (a.mechanism === "stack-overflow" && b.mechanism === a.mechanism) return `in both the stack was full ${machines}`;
  if (!isAccess(a.kind) || !isAccess(b.kind)) return undefined;
  const [cache, other] = [freedCache(a), freedCache(b)];
  if (cache === undefined || cache !== other) return undefined;
  return `in both an object of ${cache} was used after it was freed ${machines}`;
}

/** Returns the slab cache of the freed object that was used; undefined if there is none. */
function freedCache({ findings }: Verdict): string | undefined {
  const cache = findings.find(({ id }) => id === "fault.freed-object")?.slots["cache"];
  return typeof cache === "string" ? cache : undefined;
}

/** Returns the functions of a key, the guilty one first. */
const functionsOf = ({ key }: Verdict): string[] => key.split(":").slice(1);

/** Returns the number of tasks in the deadlock that is certain; 0 without one. */
function cycleLength({ findings }: Verdict): number {
  const pids = findings.find(({ id, certainty }) => id === "wait.cycle" && certainty === "certain")?.slots["pids"];
  return Array.isArray(pids) ? pids.length : 0;
}

/** Returns the source expression that had the bad value; undefined for a plain name or `*name`, which can be a register. */
function expressionOf({ findings }: Verdict): string | undefined {
  const slot: Slot = findings.find(({ id }) => id === "fault.provenance")?.slots["expression"];
  // Without debuginfo a register is named instead of an expression. The register differs between builds.
  return typeof slot === "string" && /[.>[(]/.test(slot) ? slot : undefined;
}
