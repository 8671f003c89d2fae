/** Collects the facts of one dump for triage: what groups it with others, and what users need to know first. */
import { attempt, attempting, Fault } from "../../base/fault.ts";
import { analyze, headlineOf } from "../../insight/analyze.ts";
import { crashFacts, functionOf } from "../../insight/crashFacts.ts";
import { sentenceText } from "../../insight/finding.ts";
import { health } from "../../insight/health.ts";
import { verdictSentence } from "../../insight/verdictSentence.ts";
import { waitGraph, type WaitGraph } from "../../insight/waits/waitGraph.ts";
import { moduleName, modules } from "../../linux/module/module.ts";
import { moduleTaints, taintedMask, taintLetters } from "../../linux/module/taint.ts";
import { panicCpu } from "../../linux/printk/panicCpu.ts";
import { crashTime, uptime } from "../../linux/time/timekeeping.ts";
import { utsname } from "../../linux/utsname.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Piece } from "../../say/piece.ts";

/** Maximum number of functions of the panic stack in a record. */
const MAX_FRAMES = 16;

/** What the dump's kernel tells. A fact that cannot be read is absent, and `unread` says why. */
export interface KernelFacts {
  readonly title: string;
  /** Equal for the same bug on other machines and builds. */
  readonly group: string;
  readonly kind: string;
  /** Functions from where the kernel stopped outwards. */
  readonly stack: readonly string[];
  readonly release?: string | undefined;
  readonly host?: string | undefined;
  /** Seconds since the epoch. */
  readonly time?: number | undefined;
  /** Seconds since boot. */
  readonly uptime?: number | undefined;
  readonly cpu?: number | undefined;
  readonly taints?: string | undefined;
  /** Names of the modules with a taint O (out of tree), P (proprietary) or E (unsigned). */
  readonly outOfTree: readonly string[];
  readonly verdict?: string | undefined;
  /** Number of blocked tasks, and of cycles that are certainly deadlocks. */
  readonly waits?: { readonly blocked: number; readonly deadlocks: number } | undefined;
  readonly health?: readonly string[] | undefined;
  readonly unread: readonly string[];
}

/**
 * Collects the facts of a dump. Never throws a Fault.
 * @param isFull whether the verdict, waits and health are included, which takes seconds
 */
export function* kernelFacts(kernel: Kernel, isFull: boolean): Generator<Piece, KernelFacts, void> {
  const unread: string[] = [];
  const fact = <T>(name: string, read: () => T): T | undefined => {
    const value = attempt(read);
    if (!(value instanceof Fault)) return value;
    unread.push(`${name}: ${value.message}`);
    return undefined;
  };
  const headline = fact("title", () => headlineOf(kernel));
  const uts = fact("release", () => utsname(kernel));
  return {
    title: headline?.title ?? "unknown",
    group: headline?.key ?? "",
    kind: headline?.kind ?? "unknown",
    stack: fact("stack", () => crashFacts(kernel).frames.slice(0, MAX_FRAMES).map((frame) => functionOf(frame) ?? "?")) ?? [], // prettier-ignore
    release: uts?.release,
    host: uts?.nodename,
    time: fact("time", () => crashTime(kernel)),
    uptime: fact("uptime", () => uptime(kernel)),
    cpu: fact("cpu", () => panicCpu(kernel)),
    taints: fact("taints", () => taintLetters(kernel, taintedMask(kernel))),
    outOfTree: fact("modules", () => outOfTree(kernel)) ?? [],
    ...(isFull ? yield* deepFacts(kernel, unread) : {}),
    unread,
  };
}

/** Returns the names of the modules with a taint O (out of tree), P (proprietary) or E (unsigned). */
const outOfTree = (kernel: Kernel): string[] =>
  [...modules(kernel)].filter((module) => /[OPE]/.test(moduleTaints(module))).map(moduleName);

/** Returns the facts that take seconds. @param unread receives why one is absent */
function* deepFacts(
  kernel: Kernel,
  unread: string[],
): Generator<Piece, Pick<KernelFacts, "verdict" | "waits" | "health">, void> {
  const verdict = yield* analyze(kernel);
  const graph = yield* attempting(waitGraph(kernel));
  if (graph instanceof Fault) unread.push(`waits: ${graph.message}`);
  const { findings } = yield* health(kernel);
  return {
    verdict: verdictSentence(verdict),
    waits: graph instanceof Fault ? undefined : countsOf(graph),
    health: findings.map(({ text }) => sentenceText(text)),
  };
}

const countsOf = ({ blocked, cycles }: WaitGraph): NonNullable<KernelFacts["waits"]> => ({
  blocked: blocked.length,
  deadlocks: cycles.filter(({ certainty }) => certainty === "certain").length,
});
