import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "vmcore-report-"));
after(() => rmSync(folder, { recursive: true }));

const SAMPLE = ["--no-rc", "--no-search", "sample/vmcore"];

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/cli/main.ts", ...args], { encoding: "utf8" });
  return { status, stdout, stderr: stderr.replace(/^\(node:.*\n.*\n/, "") };
}

test("a report that cannot be written, or read to be checked, is one line and a failure", () => {
  for (const args of [
    ["report", "-o", join(folder, "none/x.md")],
    ["report", "--check", join(folder, "none.md")],
    ["notebook", "run", join(folder, "none.crashnb")],
  ]) {
    const { status, stderr } = run(...args, ...SAMPLE);
    assert.equal(status, 1, args.join(" "));
    assert.match(stderr, /^vmcore-debug: \S+: no such file\n$/);
  }
});

test("wrong arguments of the verbs for documents are refused before a dump is opened", () => {
  for (const [args, said] of [
    [["report", "-o"], /-o needs a value/],
    [["report", "-o", "x.pdf", ...SAMPLE], /must end in \.md, \.markdown, \.html or \.htm/],
    [["report", "-o", "x.md", "--check", "y.md", ...SAMPLE], /exclude each other/],
    [["compare", ...SAMPLE], /compare needs two dumps; 1 are named/],
    [["compare", ...SAMPLE, ...SAMPLE, "-c", "bt"], /compare runs no commands: leave out -c and -i/],
    [["notebook", "walk", "x"], /usage: vmcore-debug notebook run/],
  ] as const) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, said);
  }
});

test("the name of the output decides between a page and Markdown", () => {
  const notebook = join(folder, "a.crashnb");
  writeFileSync(notebook, "# A\n\n```crash\nsys | grep MACHINE\n```\n");
  for (const [name, begins] of [
    ["b.html", /^<!doctype html>/],
    ["b.md", /^# A\n\n```crash\nsys \| grep MACHINE\n```\n\n```text\n +MACHINE: x86_64/],
  ] as const) {
    const path = join(folder, name);
    assert.equal(run("notebook", "run", notebook, "-o", path, ...SAMPLE).status, 0);
    assert.match(readFileSync(path, "utf8"), begins);
  }
});

test("--record writes the commands and their outputs as a notebook, which runs again", () => {
  const file = join(folder, "session.crashnb");
  const { status } = run(
    "--record",
    file,
    ...SAMPLE,
    "-c",
    "sys | grep MACHINE",
    "-c",
    "nosuchcommand",
    "-c",
    "help > /dev/null",
  );
  assert.equal(status, 1);
  const text = readFileSync(file, "utf8");
  assert.match(
    text,
    /^# Session on vmcore\n\n```crash\nsys \| grep MACHINE\n```\n\n```text\n +MACHINE: x86_64.*\n```\n/,
  );
  assert.match(text, /```crash\nnosuchcommand\n```\n\n```text\n.*command not found: nosuchcommand/);
  assert.match(text, /\[\.\.\. the output went to \/dev\/null\]/);
  const again = run("notebook", "run", file, ...SAMPLE);
  assert.ok(again.stdout.startsWith(text.slice(0, text.indexOf("nosuchcommand"))));
  assert.match(run("--record", "sample/vmcore", ...SAMPLE, "-c", "sys").stderr, /sample\/vmcore/);
});

test("--record writes the lines of a command file once, also of one that begins with an empty line", () => {
  const [file, commands] = [join(folder, "file.crashnb"), join(folder, "commands")];
  writeFileSync(commands, "\nsys | grep MACHINE\n\n");
  run("--record", file, ...SAMPLE, "-c", `< ${commands}`);
  assert.deepEqual(readFileSync(file, "utf8").match(/(?<=```crash\n).*/g), ["sys | grep MACHINE"]);
});
