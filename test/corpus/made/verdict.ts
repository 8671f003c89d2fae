import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../../src/session/open/open.ts";
import { cli, moduleFolders, vmlinuxOf } from "../corpus.ts";
import { factsOf } from "./facts.ts";
import { type Made, makeCrash } from "./make.ts";
import { disagreements, type Facts, type Finding, type Lists, type Truth } from "./truth.ts";

const FAMILY = "x86_64-6.1";

/** What `analyze` and `waits` print with --json. */
interface Verdict {
  readonly kind: string;
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** A made crash, ready to be looked at. */
export interface Case {
  readonly truth: Truth;
  readonly made: Made;
  readonly facts: Facts;
  close(): void;
}

const read = (name: string): unknown => {
  const file = join(import.meta.dirname, "truth", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
};

/** What may be said of every crash. */
const every = read("every") as Lists;

/** @returns undefined where no truth file says what it is */
export async function caseOf(name: string): Promise<Case | undefined> {
  const truth = read(name) as Truth | undefined;
  if (!truth) return undefined;
  const made = await makeCrash(name);
  const session = openSession({ vmcore: [made.vmcore] });
  return { truth, made, facts: factsOf(session.kernel), close: () => session.close() };
}

/** What the verdict from the dump alone has wrong, a line each. */
export const wrongWithout = ({ truth, made, facts }: Case): string[] =>
  wrong(truth, truth.without, [made.vmcore], facts);

/** The same with a vmlinux and the modules' debuginfo; undefined where no vmlinux is to be had. */
export function wrongWith({ truth, made, facts }: Case): string[] | undefined {
  const vmlinux = vmlinuxOf(FAMILY);
  if (!vmlinux) return undefined;
  const dump = { name: "made", vmcore: made.vmcore, family: FAMILY, ref: undefined };
  const folders = [...made.modules, ...moduleFolders(dump, vmlinux)];
  const options = ["--vmlinux", vmlinux, ...folders.flatMap((folder) => ["--modules", folder])];
  return wrong(truth, truth.with, [...options, made.vmcore], facts);
}

function ask(args: readonly string[], command: string): Verdict {
  const { stdout, stderr } = cli("--json", ...args, "-c", command);
  try {
    const { records } = JSON.parse(stdout) as { records: readonly Verdict[] };
    if (records[0]) return records[0];
  } catch {
    // Said below.
  }
  throw new Error(`${command} fails: ${stderr || stdout.slice(0, 400)}`);
}

function wrong(truth: Truth, more: Lists | undefined, args: readonly string[], facts: Facts): string[] {
  const verdict = ask(args, "analyze");
  const lines = disagreements(verdict.findings, [every, truth.both, more], facts);
  if (verdict.kind !== truth.kind) lines.push(`KIND is ${verdict.kind}, not ${truth.kind}`);
  if (!isTitle(truth.title, verdict.title)) lines.push(`TITLE is "${verdict.title}", not "${truth.title}"`);
  if (truth.waits) {
    const findings = ask(args, "waits").findings;
    lines.push(...disagreements(findings, [truth.waits], facts).map((line) => `waits: ${line}`));
  }
  return lines;
}

const isTitle = (wanted: string, actual: string): boolean =>
  wanted.startsWith("~") ? new RegExp(wanted.slice(1)).test(actual) : wanted === actual;
