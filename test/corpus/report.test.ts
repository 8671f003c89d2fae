/** Reports of real dumps: every answer is confirmed, and a change in any number is found. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cliVerb, made, moduleFolders, runProgram, storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: no report was checked", { skip: "no corpus" }, () => {});

const folder = mkdtempSync(join(tmpdir(), "vmcore-report-"));
after(() => rmSync(folder, { recursive: true }));

const report = (...args: readonly string[]) => cliVerb("report", ...args);

for (const { name, vmcore } of storedDumps) {
  for (const ending of name === "x86_64-6.1/abba" ? ["md", "html"] : ["md"]) {
    test(`${name}: every answer and number of the report (.${ending}) is confirmed`, () => {
      const path = join(folder, `${name.replaceAll("/", "-")}.${ending}`);
      const written = report("-o", path, vmcore);
      assert.equal(written.status, 0, written.stderr);
      const { status, stdout } = report("--check", path, vmcore);
      assert.match(stdout, /^\d+ commands and \d+ numbers of the text checked: all agree with the dump\n$/);
      assert.equal(status, 0);
    });
  }
}

const abba = storedDumps.find(({ name }) => name === "x86_64-6.1/abba");
const vmlinux = abba && vmlinuxOf(abba.family);
const skip = abba && vmlinux !== undefined ? false : "no abba dump, or no vmlinux for it";

/** The arguments that open the dump of the example with its debuginfo. */
const opened = (): readonly string[] =>
  abba && vmlinux !== undefined
    ? [...moduleFolders(abba, vmlinux).flatMap((path) => ["--modules", path]), vmlinux, abba.vmcore]
    : [];

test("docs/example-report.md is the report of the deadlock, unedited", { skip }, () => {
  const { stdout } = report(...opened());
  const path = join(tmpdir(), "example-report.md");
  if (stdout !== readFileSync("docs/example-report.md", "utf8")) writeFileSync(path, stdout);
  assert.equal(readFileSync("docs/example-report.md", "utf8"), stdout, `if the change is right, copy ${path} to docs/`);
});

test(
  "the example report names the holder, the waiters, the duration, and the line that took the lock",
  { skip },
  () => {
    const text = readFileSync("docs/example-report.md", "utf8");
    for (const sentence of [
      "`lab_left [278]` waits for `mutex lab_mutex_b [lab_abba]`, held by `lab_right [279]`",
      "`lab_right [279]` waits for `mutex lab_mutex_a [lab_abba]`, held by `lab_left [278]`",
      "It last ran `0 00:00:12.053` (days hours:minutes:seconds) before its CPU's last clock update.",
      // lab_abba.c:32 is mutex_lock(side->first).
      "likely taken by lab_left [278] in lab_transfer, which calls mutex_lock at /usr/src/crash-lab-6.1/modules/lab_abba.c:32",
    ])
      assert.ok(text.includes(sentence), sentence);
  },
);

test("each number of the example's text is found when it is changed", { skip }, () => {
  const text = readFileSync("docs/example-report.md", "utf8");
  const isFence = (line: string): boolean => line.startsWith("```");
  let isCode = false;
  const changed = text.split("\n").map((line) => {
    if (isFence(line)) isCode = !isCode;
    return isCode || isFence(line) ? line : line.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 7) % 10));
  });
  const path = join(folder, "changed.md");
  writeFileSync(path, changed.join("\n"));
  const { status, stdout } = report("--check", path, ...opened());
  assert.equal(status, 1);
  const lines = changed.filter((line, at) => line !== text.split("\n")[at]);
  assert.ok(lines.length >= 5 && (stdout.match(/^number \S+ in the text /gm) ?? []).length >= lines.length, stdout);
});

const dumpOf = (name: string): string | undefined => {
  const found = existsSync(made) ? readdirSync(made).find((folder) => folder.startsWith(`made-${name}-`)) : undefined;
  return found && join(made, found, "vmcore.elf");
};

for (const [a, b, answer] of [
  ["null-member", "x86_64-newest-null-member", "same bug"],
  ["two-locks", "x86_64-newest-two-locks", "same bug"],
  ["two-locks", "three-locks", "not the same bug"],
  ["null-member", "bug", "not the same bug"],
  ["null-member", "arm64-6.12-null-member", "same bug"],
  ["use-after-free", "arm64-6.12-use-after-free", "same bug"],
  ["stack-overflow", "arm64-6.12-stack-overflow", "same bug"],
] as const) {
  const dumps = [dumpOf(a), dumpOf(b)];
  const lacks = dumps.every((path) => path !== undefined && existsSync(path))
    ? false
    : "the made crashes are not there";
  test(`${a} and ${b}: ${answer}`, { skip: lacks }, () => {
    const { stdout } = cliVerb("compare", ...dumps.map((path) => path ?? ""));
    assert.equal(stdout.split("\n")[0], `# Comparison of two dumps: ${answer}`);
  });
}

test("a notebook written on one dump runs on another, and differs only in its outputs", () => {
  const [first, second] = storedDumps.filter(({ name }) => name.startsWith("x86_64-6.1/"));
  const path = join(folder, "one.crashnb");
  const cells =
    "# Notebook\n\nWhat runs?\n\n```crash\nsys | grep RELEASE\nset 1\n```\n\n```crash\nset | grep PID\njiffies\n```\n";
  writeFileSync(path, cells);
  const outputs = [first, second].map((dump) =>
    runProgram(["notebook", "run", path, "--no-search", dump?.vmcore ?? ""]),
  );
  for (const { status, stdout } of outputs) {
    assert.equal(status, 0);
    assert.match(
      stdout,
      /```crash\nset \| grep PID\njiffies\n```\n\n```text\n +PID: 1\n.*jiffies = \$1 = \d+\n```\n$/s,
    );
    assert.equal(stdout.replace(/\n\n```text\n.*?\n```/gs, ""), cells);
  }
  const [a, b] = outputs.map(({ stdout }) => stdout.split("\n"));
  assert.equal(a?.length, b?.length);
  assert.ok(a?.some((line, at) => line !== b?.[at]));
});
