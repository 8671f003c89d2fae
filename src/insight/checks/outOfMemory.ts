/** Checks who ran out of memory, which limit applied, and who uses the most. */
import { attempt, Fault } from "../../base/fault.ts";
import { managedPages, watermarks, zoneName, zones } from "../../linux/mm/mmzone.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { zoneFreePages } from "../../linux/mm/vmstat.ts";
import type { ReportFacts } from "../../log/facts.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding } from "../finding.ts";
import { kernelUsers, processUsers } from "../memoryUsers.ts";

/**
 * Reports the failed request and its limit, the zones that were short of memory, the killed processes or why there are
 * none, and the largest users of memory.
 */
export const outOfMemory: Check = {
  id: "out-of-memory",
  needs: [],
  about: ["oom"],
  *run(kernel, crash) {
    const { report } = crash;
    if (!report) return;
    const request = requestFinding(report);
    yield request;
    const { limit } = request.slots;
    if (limit === "machine") yield* zoneFindings(kernel);
    yield* victimFindings(report);
    yield* unkilledFinding(crash);
    yield* consumerFindings(kernel, limit === "memcg" ? listedTasks(report) : undefined);
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
  const memcg = limit === "memcg" ? firstMatch(texts, /^Memory cgroup stats for (\S{1,200}?):/) : undefined;
  const allowed = limit === "memcg" ? firstMatch(texts, /^memory: usage \d{1,15}kB, limit (\d{1,15})kB/) : undefined;
  const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: report.report.at, text: headline }];
  const line = numbers[constraint];
  if (line !== undefined) evidence.push({ kind: "log", line, text: texts[constraint]?.trim() ?? "" });
  const order = request?.[2] === undefined ? undefined : Number(request[2]);
  return {
    id: "oom.request",
    severity: "cause",
    certainty: "certain",
    slots: { order, gfp: request?.[1], limit, memcg },
    text: [
      ...(order === -1
        ? ["SysRq f, by its key or by a write of f to /proc/sysrq-trigger, called for the out-of-memory killer"]
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
        : limit === "machine"
          ? machineWords(order ?? 0, request?.[1] ?? "")
          : limit === undefined
            ? "; the report does not say which memory was exhausted."
            : `; what was exhausted is the memory of the ${limit === "memcg" ? "memory cgroup" : limit}${memcg === undefined ? "" : ` ${memcg}`}${allowed === undefined ? "" : `, which may use ${allowed} kB`}.`,
    ],
    evidence,
  };
}

/** Returns the first group of the first text that matches; undefined if none matches. */
const firstMatch = (texts: readonly string[], pattern: RegExp): string | undefined => {
  for (const text of texts) {
    const found = pattern.exec(text.trim());
    if (found) return found[1];
  }
  return undefined;
};

/**
 * Says what a request lacked that only the memory of the machine limits. Free pages that are not in a row, and those of
 * zones that it may not use (ZONE_HIGHMEM, ZONE_MOVABLE), do not help every request.
 */
function machineWords(order: number, gfp: string): string {
  if (order > 0) return "; the memory of the machine that such a request may use had no such block to give.";
  const zone = /\b(?:__)?GFP_(DMA32|DMA)\b/.exec(gfp)?.[1];
  return zone === undefined
    ? "; what was exhausted is the memory of the machine that such a request may use."
    : `; what was exhausted is the memory of the zones up to ${zone}.`;
}

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

/** What panic() says when the kernel panics instead of killing a process: mm/oom_kill.c, check_panic_on_oom() and out_of_memory(). */
const UNKILLED: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/Out of memory: (?:system-wide|compulsory) panic_on_oom is enabled/i, "panic_on_oom is set"],
  [/System is deadlocked on memory|Out of memory and no killable processes/i, "there is none that may be killed"],
];

/** Yields why the kernel panicked instead of killing a process. Others may have been killed before. */
function* unkilledFinding({ panic }: CrashFacts): Generator<Finding, void, void> {
  const reason = UNKILLED.find(([pattern]) => pattern.test(panic?.text ?? ""))?.[1];
  if (!panic || reason === undefined) return;
  yield {
    id: "oom.unkilled",
    severity: "note",
    certainty: "certain",
    slots: { because: reason },
    text: [`The kernel panicked instead of killing a process to free memory, because ${reason}.`],
    evidence: [{ kind: "log", line: panic.line, text: panic.text.trim() }],
  };
}

/** Yields the zones with fewer free pages than their watermark low. */
function* zoneFindings(kernel: Kernel): Generator<Finding, void, void> {
  const size = pageSize(kernel);
  const kilobytes = (pages: number): string => `${Math.round((pages * size) / 1024)} KiB`;
  for (const zone of zones(kernel)) {
    const found = attempt(() => ({
      managed: managedPages(zone),
      free: zoneFreePages(zone),
      marks: watermarks(zone),
      name: zoneName(zone),
      node: zone.has("node") ? zone.at("node").number() : 0,
    }));
    if (found instanceof Fault || found.managed === 0) continue;
    const { free, name, node } = found;
    const [min = 0, low = 0] = found.marks;
    if (free >= low) continue;
    const mark = free < min ? `min (${kilobytes(min)})` : `low (${kilobytes(low)})`;
    yield {
      id: "oom.zone",
      severity: "note",
      certainty: "certain",
      slots: { zone: name, node, free, min, low },
      text: [`The zone ${name} of node ${node} has ${kilobytes(free)} free, which is below its watermark ${mark}.`],
      evidence: [{ kind: "output", command: "kmem -z", text: `${name}: ${free} pages free, min ${min}, low ${low}` }],
    };
  }
}

/** Maximum number of users of memory that are reported. */
const MAX_CONSUMERS = 5;
/** Users below this share of the sum of all are not reported. */
const MIN_SHARE = 0.02;

/** Returns the tasks that the report lists, by thread id: those of the memory cgroup. */
const listedTasks = ({ texts }: ReportFacts): ReadonlySet<number> =>
  new Set(
    texts.flatMap((text) => {
      const pid = /^\[ {0,8}(\d{1,10})\] +\d{1,10} +\d{1,10} +\d/.exec(text.trim())?.[1];
      return pid === undefined ? [] : [Number(pid)];
    }),
  );

/** Yields the largest users of memory. @param only the processes that count; all, and the kernel itself, if undefined */
function* consumerFindings(
  kernel: Kernel,
  only: ReadonlySet<number> | undefined,
): Generator<Finding | Step, void, void> {
  const all = yield* processUsers(kernel);
  const users = only
    ? all.filter(({ subject }) => typeof subject === "string" || subject.kind !== "task" || only.has(subject.pid))
    : [...all, ...(yield* kernelUsers(kernel))];
  users.sort((a, b) => b.bytes - a.bytes);
  const whole = users.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { what, bytes, evidence, subject, words } of users.slice(0, MAX_CONSUMERS)) {
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
