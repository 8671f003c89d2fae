/** Checks who ran out of memory, which limit applied, and who uses the most. */
import { attempt, Fault } from "../../base/fault.ts";
import { residentPageCount } from "../../linux/mm/mm.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { cacheName, slabBytes, slabCaches } from "../../linux/slab/slab.ts";
import { countedByNodes } from "../../linux/slab/slabUsage.ts";
import { taskComm, taskPid, taskTable, taskTgid } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { ReportFacts } from "../../log/facts.ts";
import { type Check, pause, type Step } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding, Reference } from "../finding.ts";

/** Reports the failed request and its limit, the killed processes, and the largest consumers. */
export const outOfMemory: Check = {
  id: "out-of-memory",
  needs: [],
  about: ["oom"],
  *run(kernel, { report }) {
    if (!report) return;
    yield requestFinding(report);
    yield* victimFindings(report);
    yield* consumerFindings(kernel);
  },
};

const LIMITS: Readonly<Record<string, string>> = {
  CONSTRAINT_NONE: "machine",
  CONSTRAINT_CPUSET: "cpuset",
  CONSTRAINT_MEMORY_POLICY: "memory policy",
  CONSTRAINT_MEMCG: "memcg",
};

function requestFinding(report: ReportFacts): Finding {
  const { texts, numbers, headline } = report;
  const request = /gfp_mask=0x[0-9a-f]{1,16}(?:\(([^)]{1,400})\))?.{0,60}?\border=(-?\d{1,4})/.exec(headline);
  const constraint = texts.findIndex((text) => /\bconstraint=CONSTRAINT_/.test(text));
  const named = /\bconstraint=(CONSTRAINT_[A-Z_]{1,20})/.exec(texts[constraint] ?? "")?.[1];
  const isMemcg = texts.some((text) => /^(?:Memory cgroup out of memory|memory: usage \d+kB, limit)/.test(text.trim()));
  const isGlobal = texts.some((text) => text.trim().startsWith("Mem-Info:"));
  const limit = named !== undefined ? LIMITS[named] : isMemcg ? "memcg" : isGlobal ? "machine" : undefined;
  const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: report.report.at, text: headline }];
  const line = numbers[constraint];
  if (line !== undefined) evidence.push({ kind: "log", line, text: texts[constraint]?.trim() ?? "" });
  const order = request?.[2] === undefined ? undefined : Number(request[2]);
  return {
    id: "oom.request",
    severity: "cause",
    certainty: "certain",
    slots: { order, gfp: request?.[1], limit },
    text: [
      ...(order === -1
        ? ["The sysrq key f, or a write of it, called for the out-of-memory killer"]
        : [`${report.comm ?? "A task"} asked for `]),
      order === -1
        ? ""
        : order === undefined
          ? "memory"
          : order <= 0
            ? "a single page"
            : `${2 ** order} pages in a row (order ${order})`,
      request?.[1] === undefined ? "" : ` with ${request[1]}`,
      order === -1
        ? "."
        : limit === undefined
          ? "; there was none."
          : `; what was exhausted is the memory of the ${WORDS[limit] ?? limit}.`,
    ],
    evidence,
  };
}

const WORDS: Readonly<Record<string, string>> = { memcg: "memory cgroup", machine: "whole machine" };

function* victimFindings({ texts, numbers }: ReportFacts): Generator<Finding, void, void> {
  for (const [i, text] of texts.entries()) {
    const match = /[Kk]illed process (\d{1,10}) \((.{1,40}?)\)/.exec(text);
    const line = numbers[i];
    if (!match || line === undefined) continue;
    const [, pid = "0", comm = "?"] = match;
    yield {
      id: "oom.victim",
      severity: "note",
      certainty: "certain",
      slots: { pid: Number(pid), comm },
      text: [`The kernel killed ${comm} [${pid}] to free memory.`],
      evidence: [{ kind: "log", line, text: text.trim() }],
    };
  }
}

interface Consumer {
  readonly what: string;
  readonly bytes: number;
  readonly evidence: Evidence;
  readonly subject: Reference | string;
  /** Words before and after the size. */
  readonly words: readonly [string, string];
}

/** Maximum number of consumers that are reported. */
const MAX_CONSUMERS = 4;
/** Consumers below this share of the sum of all consumers are not reported. */
const MIN_SHARE = 0.02;

function* consumerFindings(kernel: Kernel): Generator<Finding | Step, void, void> {
  const consumers = [...(yield* processes(kernel)), ...(yield* caches(kernel))];
  consumers.sort((a, b) => b.bytes - a.bytes);
  const whole = consumers.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { what, bytes, evidence, subject, words } of consumers.slice(0, MAX_CONSUMERS)) {
    if (bytes < whole * MIN_SHARE) return;
    yield {
      id: "oom.consumer",
      severity: "note",
      certainty: "certain",
      slots: { what, bytes },
      text: [subject, ` ${words[0]} ${(bytes / 2 ** 20).toFixed(1)} MiB${words[1]}.`],
      evidence: [evidence],
    };
  }
}

/** Returns the resident memory of each thread group, in bytes. */
function* processes(kernel: Kernel): Generator<Step, Consumer[], void> {
  const all: Consumer[] = [];
  for (const [i, task] of taskTable(kernel).tasks.entries()) {
    if (i % 256 === 0) yield pause("resident memory");
    const found = attempt(() => {
      const pid = taskPid(task);
      if (pid !== taskTgid(task)) return undefined;
      const bytes = residentPageCount(task) * pageSize(kernel);
      return bytes === 0 ? undefined : { pid, bytes, comm: taskComm(task) };
    });
    if (!found || found instanceof Fault) continue;
    all.push({
      what: `${found.comm} [${found.pid}]`,
      bytes: found.bytes,
      evidence: {
        kind: "task",
        address: task.address,
        text: `${found.comm} [${found.pid}]: ${found.bytes} bytes resident`,
      },
      subject: { kind: "task", address: task.address, pid: found.pid, comm: found.comm },
      words: ["has", " resident, with the pages that it shares with others"],
    });
  }
  return all;
}

/** Returns the memory of the slabs of each cache, in bytes. */
function* caches(kernel: Kernel): Generator<Step, Consumer[], void> {
  const all: Consumer[] = [];
  const list = attempt(() => [...slabCaches(kernel)]);
  for (const [i, cache] of (list instanceof Fault ? [] : list).entries()) {
    if (i % 32 === 0) yield pause("slab caches");
    const found = attempt(() => ({ name: cacheName(cache), bytes: countedByNodes(cache).slabs * slabBytes(cache) }));
    if (found instanceof Fault || found.bytes === 0) continue;
    all.push({
      what: `slab cache ${found.name}`,
      bytes: found.bytes,
      evidence: { kind: "cache", name: found.name, address: cache.address, text: `${found.bytes} bytes of slabs` },
      subject: `The slab cache ${found.name}`,
      words: ["holds", ""],
    });
  }
  return all;
}
