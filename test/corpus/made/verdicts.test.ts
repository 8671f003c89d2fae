/**
 * The verdict on crashes whose cause is known: each clause is compared with a truth file that was written from the
 * source. `MADE=name,name npm run made` looks at those alone.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";
import { cli, corpus, moduleFolders, vmlinuxOf } from "../corpus.ts";
import { factsOf } from "./facts.ts";
import { makeCrash } from "./make.ts";
import { recipes } from "./recipe.ts";
import { disagreements, type Facts, type Finding, type Lists, type Truth } from "./truth.ts";

const FAMILY = "x86_64-6.1";

interface Verdict {
  readonly kind: string;
  readonly title: string;
  readonly findings: readonly Finding[];
}

const truthOf = (name: string): Truth | undefined => {
  const file = join(import.meta.dirname, "truth", `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Truth) : undefined;
};

const common = truthOf("every") as Lists | undefined;

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "there is no qemu-system-x86_64"
    : undefined;
if (absent !== undefined) test(`NOT RUN: ${absent}: no crash was made`, { skip: absent }, () => {});

const chosen = process.env["MADE"]?.split(",") ?? Object.keys(recipes);

for (const name of absent === undefined ? chosen : [])
  test(`${name}: the verdict says what its source says`, async (context) => {
    const truth = truthOf(name);
    if (!truth) return context.skip("NOT RUN: it has no truth file");
    const { vmcore, modules } = await makeCrash(name);
    const session = openSession({ vmcore: [vmcore] });
    const facts = factsOf(session.kernel);
    session.close();
    const vmlinux = vmlinuxOf(FAMILY);
    await context.test("from the dump alone", () => check(truth, truth.without, [vmcore], facts));
    await context.test("with a vmlinux and the modules' debuginfo", (inner) => {
      if (!vmlinux) return inner.skip("NOT RUN: no vmlinux of x86_64-6.1 to be had");
      const folders = [...modules, ...moduleFolders({ name, vmcore, family: FAMILY, ref: undefined }, vmlinux)];
      const options = ["--vmlinux", vmlinux, ...folders.flatMap((folder) => ["--modules", folder])];
      check(truth, truth.with, [...options, vmcore], facts);
    });
  });

function check(truth: Truth, more: Lists | undefined, args: readonly string[], facts: Facts): void {
  const {
    records: [verdict],
  } = JSON.parse(cli("--json", ...args, "-c", "analyze").stdout) as { records: [Verdict] };
  const wrong = disagreements(verdict.findings, [common, truth.both, more], facts);
  if (verdict.kind !== truth.kind) wrong.push(`KIND is ${verdict.kind}, not ${truth.kind}`);
  if (verdict.title !== truth.title) wrong.push(`TITLE is "${verdict.title}", not "${truth.title}"`);
  if (truth.waits) {
    const {
      records: [waits],
    } = JSON.parse(cli("--json", ...args, "-c", "waits").stdout) as { records: [Verdict] };
    wrong.push(...disagreements(waits.findings, [truth.waits], facts).map((line) => `waits: ${line}`));
  }
  assert.equal(wrong.join("\n"), "");
}
