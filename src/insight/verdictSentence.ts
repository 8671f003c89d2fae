/** Sums up a verdict in one line. */
import type { Verdict } from "./analyze.ts";
import type { Certainty, Finding, Slot } from "./finding.ts";

/**
 * A short phrase for each finding, by finding id, with code between grave accents. The first id of this list that the
 * verdict has is used.
 */
const WORDS: readonly (readonly [id: string, words: (finding: Finding, verdict: Verdict) => string | undefined])[] = [
  ["list.corrupt", ({ slots }) => `a list is corrupt at ${hex(slots["neighbour"] ?? slots["entry"])}`],
  ["list.empty-entry", ({ slots }) => `the head of an empty list was taken for a ${text(slots["type"])}`],
  ["lock.over-released", ({ slots }) => `${text(slots["name"] ?? "a lock")} was released for reading more often than taken, or overwritten`],
  ["refcount.underflow", ({ slots }) => `the reference count at ${hex(slots["address"])} was released too often`],
  ["copy.refused", ({ slots }) => `${text(slots["size"] ?? "some")} bytes of ${text(slots["cache"] ?? slots["memory"])} were to be copied`],
  ["packet.overrun", ({ slots }) => `${text(slots["put"])} bytes did not fit into a packet`],
  ["context.atomic", ({ slots, certainty }) => certainty === "certain" ? `${text(slots["function"])} slept in atomic context` : `${text(slots["function"])} slept with a spinlock held`],
  ["stack.overflow", ({ slots }) => `the stack was full${slots["recursion"] ? ", by recursion" : ""}`],
  ["fault.double-free", ({ slots }) => `an object of ${text(slots["cache"])} was freed when it was free already`],
  ["fault.wrong-free", ({ slots }) => `memory that is not an object was freed (${text(slots["memory"])})`],
  ["fault.freed-object", ({ slots }) => `an object of ${text(slots["cache"])} was used after it was freed`],
  ["fault.wrong-type", ({ slots }) => `an object of ${text(slots["cache"])} was taken for a ${text(slots["expected"])}`],
  ["fault.null-call", (_, verdict) => `${subject(verdict)} is NULL and was called`],
  ["fault.err-ptr", ({ slots }, verdict) => `${subject(verdict)} is the error ${text(slots["errno"])}`],
  ["fault.poison", ({ slots }, verdict) => `${subject(verdict)} is ${text(slots["poison"])}`],
  ["fault.null-member", (finding, verdict) => nullWords(finding, verdict)],
  ["fault.small-number", ({ slots }, verdict) => `${subject(verdict)} is ${text(slots["value"])}, not a pointer`],
  ["fault.truncated", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, a pointer cut to ${text(slots["bits"])} bits`],
  ["fault.text-address", ({ slots }, verdict) => `${subject(verdict)} is the function ${text(slots["function"])}, not data`],
  ["fault.user-address", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, a user address`],
  ["fault.non-canonical", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, not an address`],
  ["fault.condition", ({ slots }) => `\`${text(slots["expression"])}\`${slots["values"] ? ` (${text(slots["values"])})` : ""}`],
  ["fault.freed-area", (_, verdict) => `${subject(verdict)} is memory of vmalloc() that was freed`],
  ["fault.index", ({ slots }, verdict) => `${subject(verdict)} is ${hex(slots["value"])}, an index beyond its table`],
  ["fault.unloaded-code", () => "code was called that is not there any more"],
  ["fault.stack-pointer", ({ slots }) => `the stack pointer was ${hex(slots["value"])}, which is not in a stack`],
  ["fault.access", ({ slots }) => `${text(slots["access"])} at ${hex(slots["address"])}`],
  ["init.exit", ({ slots }) => `init ended with ${slots["signal"] === undefined ? `status ${text(slots["status"])}` : text(slots["signal"])}`],
  ["root.missing", ({ slots }) => `the root file system ${text(slots["root"] ?? "")} could not be mounted`],
  ["oom.request", ({ slots }) => `out of memory (${text(slots["limit"] ?? "unknown limit")}), order ${text(slots["order"] ?? "?")}`],
  ["rcu.stall", ({ slots }) => stallWords(listed(slots["cpus"]), listed(slots["pids"]))],
  ["cpu.stuck", ({ slots, certainty }) => certainty !== "certain" ? undefined : `CPU ${text(slots["cpu"])} was stuck, interrupts ${text(slots["interrupts"] ?? "unknown")}`],
  ["crash.deliberate", ({ slots }) => `asked for by ${text(slots["by"])}${slots["comm"] === undefined ? "" : `: ${text(slots["comm"])} [${text(slots["pid"])}]`}`],
]; // prettier-ignore

function stallWords(cpus: string, pids: string): string | undefined {
  if (cpus !== "") return `an RCU grace period waited for CPU ${cpus}`;
  return pids === "" ? undefined : `an RCU grace period waited for task ${pids}`;
}

/** What a verdict says first. */
export type Lead = Pick<Finding, "text" | "certainty">;

/**
 * Returns one line of about 90 characters that says what happened and where; undefined if no check found more than the
 * log says. What is only possible is left out; a line that is only likely begins with `likely: `.
 */
export function verdictSentence(verdict: Verdict): string | undefined {
  const deadlock = deadlockWords(verdict);
  if (deadlock !== undefined) return deadlock;
  const found = phraseOf(verdict);
  if (!found) return undefined;
  const { phrase, certainty } = found;
  return `${certainty === "certain" ? "" : `${certainty}: `}${phrase.replaceAll("`", "")}`;
}

/**
 * Returns the sentence at the head of a verdict: a deadlock with its tasks and locks, otherwise the line of
 * `verdictSentence`; undefined if no check found more than the log says.
 */
export function leadOf(verdict: Verdict): Lead | undefined {
  const cycle = deadlock(verdict);
  if (cycle) return cycle;
  const found = phraseOf(verdict);
  // An expression of the source keeps its case.
  return (
    found && {
      text: [`${found.phrase.replace(/^(?:a|an|the|asked|init|out|stack) /, upper)}.`],
      certainty: found.certainty,
    }
  );
}

const upper = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

function phraseOf(verdict: Verdict): { readonly phrase: string; readonly certainty: Certainty } | undefined {
  for (const [id, words] of WORDS) {
    const finding = verdict.findings.find((one) => one.id === id && one.certainty !== "possible");
    const phrase = finding && words(finding, verdict);
    if (finding && phrase !== undefined) return { phrase: `${phrase}${where(verdict)}`, certainty: finding.certainty };
  }
  return undefined;
}

/** Mechanisms that do not name a cause themselves. */
const WITHOUT_CAUSE: ReadonlySet<string> = new Set(["hung-task", "sysrq", "none", "unknown", "nmi"]);

/** Returns a deadlock that is certain or likely; undefined if there is none or the crash has another cause. */
const deadlock = ({ findings, mechanism }: Verdict): Finding | undefined =>
  findings.find(
    ({ id, certainty, severity }) =>
      id === "wait.cycle" && certainty !== "possible" && (severity === "cause" || WITHOUT_CAUSE.has(mechanism)),
  );

/**
 * Describes a deadlock by the tasks in it; undefined if there is none. The function in which one of them was reported is
 * left out, because it is not part of the deadlock.
 */
function deadlockWords(verdict: Verdict): string | undefined {
  const cycle = deadlock(verdict);
  if (!cycle) return undefined;
  const doubt = cycle.certainty === "certain" ? "" : `${cycle.certainty}: `;
  const tasks = cycle.text.flatMap((part) =>
    typeof part !== "string" && part.kind === "task" ? [`${part.comm} [${part.pid}]`] : [],
  );
  const names = [...new Set(tasks)];
  const [only] = names;
  return names.length === 1 && only !== undefined
    ? `${doubt}deadlock: ${only} waits for itself`
    : `${doubt}deadlock: ${names.join(", ")} wait for each other`;
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
  const expression = slots("fault.provenance")["expression"];
  return expression === undefined
    ? text(slots("fault.access")["register"] ?? "the address")
    : `\`${text(expression)}\``;
}

/** Returns ` in f (file.c:36)`; with code that was inlined there ` in g (file.c:27), inlined into f`. */
function where({ findings }: Verdict): string {
  const found = findings.find(({ id }) => id === "where.guilty");
  if (!found) return "";
  const { function: name, inlined } = found.slots;
  const places = found.text.filter((part) => typeof part !== "string" && part.kind === "source");
  const [own, inner] = places.map(({ file, line }) => ` (${file.replace(/^.*\//, "")}:${line})`);
  return inlined === undefined || inner === undefined
    ? ` in \`${text(name)}\`${own ?? ""}`
    : ` in \`${text(inlined)}\`${inner}, inlined into \`${text(name)}\``;
}

const text = (slot: Slot): string => (typeof slot === "bigint" ? hex(slot) : String(slot ?? "?"));
const hex = (slot: Slot): string => (typeof slot === "bigint" ? `0x${slot.toString(16)}` : text(slot));
const listed = (slot: Slot): string => (Array.isArray(slot) ? slot.map((one) => String(one)).join(", ") : text(slot));
