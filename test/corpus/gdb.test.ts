/**
 * Lines of gdb and of scripts (gdb/forms.txt), run as one session on a dump with its vmlinux, and compared with what
 * crash 9.0.2 printed for them (gdb/answers.txt). What differs on purpose is a row of `differences`. `SHOW=1` prints
 * the others.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { corpus, vmlinuxOf } from "./corpus.ts";

const show = process.env["SHOW"] !== undefined;
const dump = join(corpus, "x86_64-6.1/sysrq/vmcore");
const vmlinux = existsSync(dump) ? vmlinuxOf("x86_64-6.1") : undefined;
const skip = vmlinux === undefined ? "no corpus, or no vmlinux of x86_64-6.1 to be had" : false;

const folder = mkdtempSync(join(tmpdir(), "vmcore-gdb-"));
after(() => rmSync(folder, { recursive: true }));

/** Why an answer legitimately differs from crash's. */
const differences: readonly (readonly [form: RegExp, line: RegExp, reason: string])[] = [
  [
    /^info scope$/,
    /sched_show_task|schedule$|sysrq/,
    "gdb also prints base addresses and the operations of expressions",
  ],
  [/^info registers$/, /^set -p ;; info registers$/, "the dump has the segments and the flags; crash gives gdb none"],
  [/^print$/, /^print \/a schedule$/, "a function has an address; gdb 16 fails"],
  [/^print$/, /^print linux_banner$/, "the declaration is an array of unknown length; debuginfo has the length"],
  [/^print$/, /1\.5/, "only integers are supported"],
  [/^bt$/, /-3$/, "gdb's outermost frames; crash prints none"],
];

interface Case {
  readonly form: string;
  readonly line: string;
}

/** The lines by form. */
function readForms(): Case[] {
  let form = "";
  return readFileSync(new URL("gdb/forms.txt", import.meta.url), "utf8")
    .split("\n")
    .flatMap((line) => {
      const heading = /^\[(.*)\]$/.exec(line)?.[1];
      form = heading ?? form;
      return heading !== undefined || line === "" || (form === "" && line.startsWith("#")) ? [] : [{ form, line }];
    });
}

/** crash's answers by line; those of equal lines in their order. */
function readAnswers(): Map<string, string[][]> {
  const answers = new Map<string, string[][]>();
  for (const part of readFileSync(new URL("gdb/answers.txt", import.meta.url), "utf8")
    .split(/^== /m)
    .slice(1)) {
    const [line = "", ...lines] = part.split("\n");
    answers.set(line, [...(answers.get(line) ?? []), lines]);
  }
  return answers;
}

/** Runs all lines as one session. @returns our answers */
function runForms(cases: readonly Case[], options: readonly string[] = []): string[][] {
  const lines = cases.flatMap(({ line }, i) => [`!echo; echo "@@ ${i}"`, ...line.split(" ;; ")]);
  const file = join(folder, "output");
  const fd = openSync(file, "w");
  const args = ["dist/cli.js", "--no-rc", "--no-search", "-s", ...options, vmlinux ?? "", dump];
  spawnSync("node_modules/.bin/node", args, { input: [...lines, "exit", ""].join("\n"), stdio: ["pipe", fd, fd] });
  closeSync(fd);
  const parts = readFileSync(file, "utf8").split(/^@@ \d+$/m);
  return parts.slice(1).map((part) => part.split("\n"));
}

const FAILED = /gdb request failed|^crash: /;

/**
 * Lines as they are compared. The source is on the machine or not: a line of it is its number. gdb's reasons of errors,
 * which crash does not print, and its words for memory that is not in the dump are ours.
 */
const normal = (lines: readonly string[]): string[] =>
  lines
    .map((line) =>
      line
        .replace(/^(?:warning: )?(\d+)\t.*/, "$1")
        .replace(/\s+/g, " ")
        .trim()
        .replace(/^\$\d+ = /, "$N = ")
        .replace(/<(?:error: Cannot access memory at address \w+|not a kernel address)>/g, "<unreadable>"),
    )
    .filter((line) => line !== "");

function isEqual(ours: readonly string[], theirs: readonly string[], { line, form }: Case): boolean {
  const [mine, crash] = [normal(ours), normal(theirs)];
  const last = crash.at(-1) ?? "";
  if (FAILED.test(last)) {
    const words = /^(?:symbol not found|[a-z]+): /;
    return words.test(mine.at(-1) ?? "") && mine.slice(0, -1).join("\n") === crash.slice(0, -1).join("\n");
  }
  // Without the source, gdb prints the first of the ten lines of a list.
  const shown = form === "list" && line.includes("list") ? mine.slice(0, crash.length) : mine;
  return shown.join("\n") === crash.join("\n");
}

test("lines of gdb and of scripts answer as crash's gdb does", { skip }, () => {
  const answers = readAnswers();
  const cases = readForms();
  const ours = runForms(cases);
  assert.equal(ours.length, cases.length);
  const wrong: string[] = [];
  let [compared, equal] = [0, 0];
  for (const [i, one] of cases.entries()) {
    const theirs = answers.get(one.line)?.shift();
    if (!theirs) continue;
    compared++;
    if (isEqual(ours[i] ?? [], theirs, one)) equal++;
    else if (!differences.some(([form, line]) => form.test(one.form) && line.test(one.line))) wrong.push(one.line);
    if (show && !isEqual(ours[i] ?? [], theirs, one))
      console.log(
        `# ${one.line}\n# ours ${normal(ours[i] ?? []).join("\n#      ")}\n# crash ${normal(theirs).join("\n#       ")}`,
      );
  }
  console.log(`# ${equal} of ${compared} lines answer as crash does (${((100 * equal) / compared).toFixed(1)} %)`);
  const without = [...new Set(cases.map(({ form }) => form))].filter(
    (form) => cases.filter((one) => one.form === form).length < 4,
  );
  assert.deepEqual(without, [], "four lines for each form");
  assert.ok(compared >= 120, `${compared} lines are compared`);
  assert.deepEqual(wrong, []);
  assert.ok(equal >= 0.95 * compared, `${equal} of ${compared} lines are equal`);
});

test("$lx_current() and $lx_per_cpu() are the values of each CPU", { skip }, () => {
  const lines = [0, 1].flatMap((cpu) => [
    [`p $lx_current(${cpu}).pid`, `p current_task:${cpu}->pid`],
    [`p &$lx_per_cpu(runqueues, ${cpu}).nr_running`, `p &runqueues:${cpu}.nr_running`],
    [`p $lx_per_cpu("runqueues", ${cpu}).clock`, `p runqueues:${cpu}.clock`],
    [`p $lx_per_cpu(cpu_number, ${cpu})`, `p cpu_number:${cpu}`],
  ]);
  const values = runForms(lines.flat().map((line) => ({ form: "lx", line }))).map((found) =>
    normal(found)
      .join("\n")
      .replace(/^.* = (?:\(.*\) )?/, ""),
  );
  for (const [i, [line]] of lines.entries()) {
    assert.match(values[2 * i] ?? "", /^(0x[0-9a-f]+|\d+)$/, line);
    assert.equal(values[2 * i], values[2 * i + 1], line);
  }
});
