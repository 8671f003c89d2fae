import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";
import { cli, moduleFolders } from "../corpus.ts";
import { factsOf } from "./facts.ts";
import { arm64 } from "./guest.ts";
import { type Made, makeCrash } from "./make.ts";
import { type Platform, shared } from "./platform.ts";
import { type Certainty, disagreements, type Facts, type Finding, type Lists, type Truth } from "./truth.ts";

/** What `analyze` prints with --json. */
interface Verdict {
  readonly kind: string;
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** A row of `waits --json`, as far as a truth file speaks of it. */
interface Wait {
  readonly pid: number;
  readonly type: string;
  readonly resource: string;
  readonly holders: readonly { readonly pid: number; readonly certainty: Certainty; readonly activity: string }[];
  readonly root: { readonly pid: number; readonly state: string; readonly certain: boolean } | null;
  readonly cycle: readonly number[] | null;
}

/** What the rows of `waits` say, as findings. */
function waitFindings(rows: readonly Wait[]): Finding[] {
  const findings = rows.flatMap(({ pid, type, resource, holders, root, cycle }): Finding[] => [
    { id: "wait.blocked", certainty: "certain", slots: { pid, resource, type } },
    ...holders.map(({ pid, certainty, activity }) => ({
      id: activity === "dead" ? "wait.owner-exited" : "wait.owner",
      certainty,
      slots: { resource, pid },
    })),
    ...(root && !cycle
      ? [{ id: "wait.root", certainty: certaintyOf(root.certain), slots: { pid: root.pid, state: root.state } }]
      : []),
    ...(cycle
      ? [
          {
            id: "wait.cycle",
            certainty: "certain" as const,
            slots: { pids: cycle, resources: cycle.map((one) => rows.find(({ pid }) => pid === one)?.resource ?? "") },
          },
        ]
      : []),
  ]);
  // Each of a lock's waiters has its owner, each of a cycle's tasks the cycle.
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

const certaintyOf = (isCertain: boolean): Certainty => (isCertain ? "certain" : "possible");

/** A made crash, ready to be looked at. */
export interface Case {
  readonly truth: Truth;
  readonly made: Made;
  readonly platform: Platform;
  readonly facts: Facts;
  close(): void;
}

const read = (name: string): unknown => {
  const file = join(import.meta.dirname, "truth", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
};

/** What may be said of every crash. */
const every = read("every") as Lists;

/** Lines of the kernel's own files are those of the shared guest's kernel. */
const withoutLines = (truth: Truth): Truth =>
  JSON.parse(JSON.stringify(truth), (key, value: unknown) =>
    key === "line" && typeof value === "number" ? "*" : value,
  ) as Truth;

/** Where every object has its history, truth files that forbid it only say that the shared guest's kernel has none. */
const withHistory = (truth: Truth): Truth => ({
  ...truth,
  both: {
    ...truth.both,
    may: [...(truth.both?.may ?? []), { id: "object.history", slots: { allocated: "?*", freed: "?*" } }],
    mustNot: truth.both?.mustNot?.filter(({ id }) => id !== "object.history") ?? [],
  },
});

/** @returns undefined where no truth file says what it is */
export async function caseOf(name: string, platform: Platform = shared()): Promise<Case | undefined> {
  const truth = read(name) as Truth | undefined;
  if (!truth) return undefined;
  const made = await makeCrash(name, platform);
  const renamed = platform.machine === arm64 ? { ...truth, ...truth.arm64 } : truth;
  const own = platform.isShared ? renamed : withoutLines(renamed);
  const session = openSession({ vmcore: [made.vmcore] });
  return {
    truth: platform.hasTracks ? withHistory(own) : own,
    made,
    platform,
    facts: factsOf(session.kernel),
    close: () => session.close(),
  };
}

/** What the verdict from the dump alone has wrong, a line each. */
export const wrongWithout = ({ truth, made, facts }: Case): string[] =>
  wrong(truth, truth.without, [made.vmcore], facts);

/** The same with a vmlinux and the modules' debuginfo; undefined where no vmlinux is to be had. */
export function wrongWith({ truth, made, platform, facts }: Case): string[] | undefined {
  const vmlinux = platform.vmlinux();
  if (!vmlinux) return undefined;
  const dump = { name: "made", vmcore: made.vmcore, family: platform.name, ref: undefined };
  const folders = [...made.modules, ...moduleFolders(dump, vmlinux)];
  const options = ["--vmlinux", vmlinux, ...folders.flatMap((folder) => ["--modules", folder])];
  return wrong(truth, truth.with, [...options, made.vmcore], facts);
}

function ask<T>(args: readonly string[], command: string): readonly T[] {
  const { stdout, stderr } = cli("--json", ...args, "-c", command);
  try {
    return (JSON.parse(stdout) as { records: readonly T[] }).records;
  } catch {
    throw new Error(`${command} fails: ${stderr || stdout.slice(0, 400)}`);
  }
}

function wrong(truth: Truth, more: Lists | undefined, args: readonly string[], facts: Facts): string[] {
  const [verdict] = ask<Verdict>(args, "analyze");
  if (!verdict) return ["NOTHING is said"];
  const lines = disagreements(verdict.findings, [every, truth.both, more], facts);
  const { kind, title } = truth;
  if (verdict.kind !== kind) lines.push(`KIND is ${verdict.kind}, not ${kind}`);
  if (!isTitle(title, verdict.title)) lines.push(`TITLE is "${verdict.title}", not "${title}"`);
  if (truth.waits) {
    const findings = waitFindings(ask<Wait>(args, "waits"));
    lines.push(...disagreements(findings, [truth.waits], facts).map((line) => `waits: ${line}`));
  }
  return lines;
}

const isTitle = (wanted: string, actual: string): boolean =>
  wanted.startsWith("~") ? new RegExp(wanted.slice(1)).test(actual) : wanted === actual;

/** Compares a made crash in tests of its own, with a vmlinux and without. */
export async function compare(context: TestContext, name: string, platform?: Platform): Promise<void> {
  const made = await caseOf(name, platform);
  if (!made) return context.skip("NOT RUN: no truth file says what it is");
  context.after(() => made.close());
  await context.test("from the dump alone", () => none(wrongWithout(made)));
  await context.test("with a vmlinux and the modules' debuginfo", (inner) => {
    const lines = wrongWith(made);
    if (!lines) return inner.skip("NOT RUN: no vmlinux of this kernel to be had");
    none(lines);
  });
}

function none(lines: readonly string[]): void {
  if (lines.length > 0) assert.fail(lines.join("\n"));
}
