/** Converts findings to the sentences of the Verdict page: what each part and each piece of evidence leads to. */
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import { commandOf, type Evidence, evidenceText } from "../insight/evidence.ts";
import { becauseText, type Finding, type Reference, referenceText, type Sentence } from "../insight/finding.ts";
import { objectState } from "../insight/objectState.ts";
import { logLines } from "../linux/printk/printk.ts";
import { cpuTask } from "../linux/sched/cpu.ts";
import type { Kernel } from "../model/kernel.ts";
import type { VerdictEvidence, VerdictLink, VerdictPart, VerdictSentence } from "../protocol/verdict.ts";

export const sentenceOf = (
  kernel: Kernel,
  { id, certainty, text, evidence, chain, unknown }: Finding,
): VerdictSentence => ({
  id,
  certainty,
  parts: partsOf(kernel, text),
  evidence: evidence.map((one) => evidenceOf(kernel, one)),
  chain: (chain ?? []).map((step) => ({
    parts: partsOf(kernel, step.text),
    evidence: evidenceOf(kernel, step.evidence),
  })),
  unknown: (unknown ?? []).map(({ what, because }) => ({ what, because: becauseText(because) })),
});

export const partsOf = (kernel: Kernel, sentence: Sentence): VerdictPart[] =>
  sentence.flatMap((part) => (typeof part === "string" ? proseParts(part) : [referencePart(kernel, part)]));

/** Text between grave accents is code. */
const proseParts = (text: string): VerdictPart[] =>
  text
    .split(/`([^`]*)`/)
    .flatMap((part, i): VerdictPart[] =>
      part === "" ? [] : [i % 2 === 0 ? { text: part } : { text: part, isCode: true }],
    );

function referencePart(kernel: Kernel, reference: Reference): VerdictPart {
  const text = referenceText(reference);
  const link = referenceLink(kernel, reference);
  const part = { text, ...(link && { link }), ...(CODE.has(reference.kind) && { isCode: true as const }) };
  return reference.kind === "source"
    ? { ...part, text: `${fileName(reference.file)}:${reference.line}`, full: text }
    : part;
}

const CODE: ReadonlySet<Reference["kind"]> = new Set(["address", "symbol", "code", "command", "source"]);

const fileName = (path: string): string => path.replace(/^.*\//, "");

function referenceLink(kernel: Kernel, reference: Reference): VerdictLink | undefined {
  switch (reference.kind) {
    case "address":
      return addressLink(kernel, reference.address);
    case "symbol":
      return placeLink(reference.address);
    case "task":
      return taskLink(reference.address);
    case "cpu":
      return cpuLink(kernel, reference.cpu);
    case "source":
      return { kind: "source", target: `${reference.file}:${reference.line}` };
    case "log":
      return logLink(kernel, reference.line);
    case "module":
      return { kind: "module", target: reference.name };
    case "lock":
      return objectLink(reference.type, reference.address);
    case "page":
      return { kind: "table", target: `kmem -p ${hex0x(reference.pfn << 12n)}` };
    case "command":
      return { kind: "command", target: reference.line };
    case "code":
      return undefined;
  }
}

const evidenceOf = (kernel: Kernel, evidence: Evidence): VerdictEvidence => ({
  label: evidenceLabel(evidence),
  text: evidenceText(evidence),
  link: evidenceLink(kernel, evidence),
  command: commandOf(evidence),
});

function evidenceLabel(evidence: Evidence): string {
  switch (evidence.kind) {
    case "frame":
      return `frame ${evidence.text}`;
    case "register":
    case "module":
    case "symbol":
    case "sysctl":
      return evidence.name;
    case "field":
      return `${evidence.type.replace(/^(?:struct|union) /, "")}.${evidence.path}`;
    case "memory":
      return hex0x(evidence.address);
    case "source":
      return `${fileName(evidence.file)}:${evidence.line}`;
    case "cache":
      return evidence.name;
    case "cpu":
      return `CPU ${evidence.cpu}`;
    case "log":
      return "log line";
    case "instruction":
    case "object":
    case "lock":
    case "task":
    case "mapping":
    case "output":
    case "page":
      return evidence.kind;
  }
}

function evidenceLink(kernel: Kernel, evidence: Evidence): VerdictLink | undefined {
  switch (evidence.kind) {
    case "frame":
    case "register":
      return { kind: "frame", target: `${hex0x(evidence.task)} ${hex0x(evidence.pc)}` };
    case "field":
      return objectLink(evidence.type, evidence.address);
    case "memory":
      return placeLink(evidence.address);
    case "instruction":
      return { kind: "instruction", target: hex0x(evidence.address) };
    case "log":
      return logLink(kernel, evidence.line);
    case "source":
      return { kind: "source", target: `${evidence.file}:${evidence.line}` };
    case "object":
      return addressLink(kernel, evidence.address);
    case "cache":
      return { kind: "table", target: `kmem -S ${evidence.name}` };
    case "lock":
      return objectLink(evidence.type, evidence.address);
    case "module":
      return { kind: "module", target: evidence.name };
    case "cpu":
      return cpuLink(kernel, evidence.cpu);
    case "task":
      return taskLink(evidence.address);
    case "sysctl":
      return { kind: "place", target: evidence.name };
    case "symbol":
      return placeLink(evidence.address);
    case "mapping":
    case "output":
      return { kind: "command", target: commandOf(evidence) };
    case "page":
      return { kind: "table", target: `kmem -p ${hex0x(evidence.pfn << 12n)}` };
  }
}

const placeLink = (address: bigint): VerdictLink => ({ kind: "place", target: hex0x(address) });

const taskLink = (address: bigint): VerdictLink => ({ kind: "task", target: hex0x(address) });

const objectLink = (type: string, address: bigint): VerdictLink => ({
  kind: "object",
  target: `*(${type} *)${hex0x(address)}`,
});

/** Returns a link to the object at an address if the type of its slab cache is known, otherwise to the memory there. */
function addressLink(kernel: Kernel, address: bigint): VerdictLink {
  const object = objectState(kernel, address);
  return object?.type !== undefined && object.address === address
    ? objectLink(object.type, address)
    : placeLink(address);
}

/** Returns a link to the task that a CPU ran; undefined if it is not known. */
function cpuLink(kernel: Kernel, cpu: number): VerdictLink | undefined {
  const task = attempt(() => cpuTask(kernel, cpu));
  return task === undefined || task instanceof Fault ? undefined : taskLink(task.address);
}

/** Returns a link to a line of the log, counted from the end, because the Log page reads it from there. */
const logLink = (kernel: Kernel, line: number): VerdictLink => ({
  kind: "log",
  target: String(logLines(kernel).length - line),
});
