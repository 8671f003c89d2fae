/** Sums up a verdict in one line. */
import type { Verdict } from "./analyze.ts";
import type { Finding, Slot } from "./finding.ts";

/** A short phrase for each finding, by finding id. The first id of this list that the verdict has is used. */
const WORDS: readonly (readonly [id: string, words: (finding: Finding, verdict: Verdict) => string | undefined])[] = [
  ["list.corrupt", ({ slots }) => `a list is corrupt at ${hex(slots["neighbour"] ?? slots["entry"])}`],
  ["refcount.underflow", ({ slots }) => `the reference count at ${hex(slots["address"])} was released too often`],
  ["stack.overflow", ({ slots }) => `the stack was full${slots["recursion"] ? ", by recursion" : ""}`],
  ["fault.freed-object", ({ slots }) => `an object of ${text(slots["cache"])} was used after it was freed`],
  ["fault.wrong-type", ({ slots }) => `an object of ${text(slots["cache"])} was taken for a ${text(slots["expected"])}`],
  ["fault.null-call", (_, verdict) => `${subject(verdict)} is NULL and was called`],
  ["fault.err-ptr", ({ slots }, verdict) => `${subject(verdict)} is the error ${text(slots["errno"])}`],
  ["fault.poison", ({ slots }, verdict) => `${subject(verdict)} is ${text(slots["poison"])}`],
  ["fault.null-member", (finding, verdict) => nullWords(finding, verdict)],
  ["fault.truncated", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, a pointer cut to ${text(slots["bits"])} bits`],
  ["fault.text-address", ({ slots }, verdict) => `${subject(verdict)} is the function ${text(slots["function"])}, not data`],
  ["fault.user-address", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, a user address`],
  ["fault.non-canonical", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, no address`],
  ["fault.condition", ({ slots }) => `${text(slots["expression"])}${slots["values"] ? ` (${text(slots["values"])})` : ""}`],
  ["fault.access", ({ slots }) => `${text(slots["access"])} at ${hex(slots["address"])}`],
  ["init.exit", ({ slots }) => `init ended with ${slots["signal"] === undefined ? `status ${text(slots["status"])}` : text(slots["signal"])}`],
  ["root.missing", ({ slots }) => `the root file system ${text(slots["root"] ?? "")} was not found`],
  ["oom.request", ({ slots }) => `out of memory (${text(slots["limit"] ?? "unknown limit")}), order ${text(slots["order"] ?? "?")}`],
  ["rcu.stall", ({ slots }) => `an RCU grace period waited for CPU ${listed(slots["cpus"])}`],
  ["cpu.stuck", ({ slots }) => `CPU ${text(slots["cpu"])} was stuck, interrupts ${text(slots["interrupts"] ?? "unknown")}`],
  ["crash.deliberate", ({ slots }) => `asked for by ${text(slots["by"])}${slots["comm"] === undefined ? "" : `: ${text(slots["comm"])} [${text(slots["pid"])}]`}`],
]; // prettier-ignore

/**
 * Returns one line of about 90 characters that says what happened and where; undefined if no check found more than the
 * log says. What is only possible is left out.
 */
export function verdictSentence(verdict: Verdict): string | undefined {
  const deadlock = deadlockWords(verdict);
  if (deadlock !== undefined) return deadlock;
  for (const [id, words] of WORDS) {
    const finding = verdict.findings.find((one) => one.id === id && one.certainty !== "possible");
    const said = finding && words(finding, verdict);
    if (said !== undefined) return `${finding?.certainty === "likely" ? "likely: " : ""}${said}${where(verdict)}`;
  }
  return undefined;
}

/** Mechanisms that do not name a cause themselves. */
const WITHOUT_CAUSE: ReadonlySet<string> = new Set(["hung-task", "sysrq", "none", "nmi"]);

/**
 * Describes a certain deadlock by the tasks in it, unless the crash has another cause. The function in which one of them
 * was reported is left out, because it is not part of the deadlock.
 */
function deadlockWords({ findings, mechanism }: Verdict): string | undefined {
  const cycle = findings.find(
    ({ id, certainty, severity }) =>
      id === "wait.cycle" && certainty === "certain" && (severity === "cause" || WITHOUT_CAUSE.has(mechanism)),
  );
  if (!cycle) return undefined;
  const tasks = cycle.text.flatMap((part) =>
    typeof part !== "string" && part.kind === "task" ? [`${part.comm} [${part.pid}]`] : [],
  );
  const names = [...new Set(tasks)];
  const [only] = names;
  return names.length === 1 && only !== undefined
    ? `deadlock: ${only} waits for itself`
    : `deadlock: ${names.join(", ")} wait for each other`;
}

function nullWords({ slots }: Finding, verdict: Verdict): string {
  const value = slots["value"];
  if (value !== 0n) return `${subject(verdict)} is ${hex(value)}, nearly NULL`;
  const { member } = slots;
  return `${subject(verdict)} is NULL${member === undefined ? "" : `, ${text(member)} was accessed`}`;
}

/** Returns what held the bad value: an expression of the source, otherwise the register. */
function subject(verdict: Verdict): string {
  const slots = (id: string): Finding["slots"] => verdict.findings.find((one) => one.id === id)?.slots ?? {};
  return text(slots("fault.provenance")["expression"] ?? slots("fault.access")["register"] ?? "the address");
}

/** Returns ` in f (file.c:36)`. */
function where({ findings }: Verdict): string {
  const slots = findings.find(({ id }) => id === "where.guilty")?.slots;
  if (!slots) return "";
  const file = typeof slots["file"] === "string" ? slots["file"].replace(/^.*\//, "") : undefined;
  return ` in ${text(slots["function"])}${file === undefined ? "" : ` (${file}:${text(slots["line"])})`}`;
}

const text = (slot: Slot): string => (typeof slot === "bigint" ? hex(slot) : String(slot ?? "?"));
const hex = (slot: Slot): string => (typeof slot === "bigint" ? `0x${slot.toString(16)}` : text(slot));
const listed = (slot: Slot): string => (Array.isArray(slot) ? slot.map((one) => String(one)).join(", ") : text(slot));
