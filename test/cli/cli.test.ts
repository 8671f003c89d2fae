/** The program as a whole on the dump that ships: where it reads commands, where answers and errors go. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildSync } from "esbuild";

const home = mkdtempSync(join(tmpdir(), "vmcore-cli-"));
after(() => rmSync(home, { recursive: true }));

// As one file it starts three times as fast as from its sources.
const program = join(home, "cli.cjs");
buildSync({ entryPoints: ["src/cli/main.ts"], outfile: program, bundle: true, platform: "node", target: "node22" });

const dump = "sample/vmcore";

/** @param input what stands on standard input */
function cli(argv: readonly string[], input = ""): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv, "--no-search"], {
    input,
    encoding: "utf8",
    env: { ...process.env, HOME: home },
  });
  return { status, out: stdout, err: stderr };
}

test("commands of -c run in order, and their output is plain text", () => {
  assert.deepEqual(cli([dump, "-c", "p 1 + 1", "--command", "p 3"]), { status: 0, out: "$1 = 2\n$2 = 3\n", err: "" });
});

test("commands are read from files and from standard input until exit", () => {
  const file = join(home, "commands");
  writeFileSync(file, "# a comment\np 1\n\n");
  const said = cli([dump, "-s", "-i", file], "p 2\nexit\np 3\n");
  assert.deepEqual(said, { status: 0, out: "$1 = 1\n$2 = 2\n", err: "" });
});

test("a verb after an option that is taken for a dump is answered with the right order", () => {
  const { status, err } = cli(["--no-rc", "analyze", dump]);
  assert.equal(status, 3);
  assert.match(err, /a verb comes before the options: "vmcore-debug analyze \.\.\."$/m);
  assert.doesNotMatch(cli(["missing", "-c", "log"]).err, /a verb comes/);
});

test("-i prints the banner and each command after the prompt, as crash does; not with -s, -c and --json", () => {
  const file = join(home, "script");
  const other = join(home, "other");
  writeFileSync(file, `# a comment\n\np 1\necho -n one \necho two\n< ${other}\nexit\np 3\n`);
  writeFileSync(other, "p 2\n");
  const { out } = cli([dump, "-i", file]);
  const [banner = "", ...lines] = out.split("\nvmcore-debug> ");
  assert.match(banner, /^ +VMCORE: sample\/vmcore|^ +DUMPFILE: sample\/vmcore/m);
  assert.match(banner, /^COMMAND: "insmod"$/m);
  assert.deepEqual(lines, [
    "p 1\n$1 = 1",
    "echo -n one \nonevmcore-debug> echo two\ntwo",
    `< ${other}`,
    "p 2\n$2 = 2",
    "exit\n",
  ]);
  assert.equal(cli([dump, "-i", file, "-s"]).out, "$1 = 1\nonetwo\n$2 = 2\n");
  assert.doesNotMatch(cli([dump, "-i", file, "-c", "p 5"]).out, /KERNEL|>/);
});

test("rc files show their output; those of the working directory run only where the user trusts it", () => {
  const folder = join(home, "work");
  mkdirSync(folder);
  writeFileSync(join(home, ".crashrc"), "p 1\n");
  writeFileSync(join(folder, ".crashrc"), "p 2\n");
  const run = (trusted: string, options: readonly string[] = []) =>
    spawnSync(process.execPath, [program, join(process.cwd(), dump), "--no-search", "-s", ...options], {
      cwd: folder,
      input: "p 3\n",
      encoding: "utf8",
      env: { ...process.env, HOME: home, VMCORE_DEBUG_TRUSTED: trusted },
    });
  assert.equal(run(`/no/such:${home}`).stdout, "$1 = 1\n$2 = 2\n$3 = 3\n");
  const untrusted = run("/no/such");
  assert.equal(untrusted.stdout, "$1 = 1\n$2 = 3\n");
  assert.match(
    untrusted.stderr,
    /\.crashrc of this directory does not run: name the directory in VMCORE_DEBUG_TRUSTED/,
  );
  assert.equal(run(`${home}-other`, ["-c", "p 4"]).stdout, "$2 = 4\n");
  writeFileSync(join(home, ".crashrc"), "p 1\nq\n");
  assert.equal(run("/no/such").stdout, "$1 = 1\n", "q in an rc file ends the program");
  rmSync(join(home, ".crashrc"));
});

test("output and errors can be redirected to files; a file provides arguments", () => {
  const out = join(home, "out");
  const args = join(home, "args");
  writeFileSync(args, "1\n2\n");
  const said = cli([dump, "-c", `p 1 > ${out}`, "-c", `nosuch >> ${out}`, "-c", `p < ${args} | tail -1`]);
  assert.equal(said.status, 1);
  assert.equal(said.out, "$3 = 2\n");
  assert.match(said.err, /^vmcore-debug: command not found: nosuch/);
  assert.match(readFileSync(out, "utf8"), /^\$1 = 1\nvmcore-debug: command not found: nosuch/);
});

test("the shell runs lines that start with !, and filters that are not built in", () => {
  const said = cli([dump, "-c", "!echo from the shell", "-c", "p 7 | grep 7 | tr 7 8 | head -1"]);
  assert.deepEqual(said, { status: 0, out: "from the shell\n$1 = 8\n", err: "" });
});

test("--json prints one document per command", () => {
  const { out, status } = cli([dump, "--json", "-c", "p jiffies"]);
  assert.equal(status, 0);
  const {
    schema,
    records: [first],
  } = JSON.parse(out) as { schema: number; records: { expression: string; value: string }[] };
  assert.equal(schema, 1);
  assert.equal(first?.expression, "jiffies");
  assert.ok((Number(first?.value) ?? 0) > 4_000_000_000);
});

test("the user's rc files run first, and only their errors are printed", () => {
  writeFileSync(join(home, ".crashrc"), "alias mine p\n");
  writeFileSync(join(home, ".vmcoredebugrc"), "set radix 16\nbogus\n");
  const said = cli([dump, "-c", "mine 255"]);
  rmSync(join(home, ".crashrc"));
  rmSync(join(home, ".vmcoredebugrc"));
  assert.equal(said.out, "$1 = 0xff\n");
  assert.match(said.err, /command not found: bogus/);
  assert.equal(said.status, 0);
});

test("an error is printed on one line with a remedy, and has its own exit status", () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["--vmlinux", "vmlinux"], 2, /^vmcore-debug: a dump is missing: name a VMCORE; see "vmcore-debug --help"\n$/],
    [[dump, "--nosuch"], 2, /^vmcore-debug: Unknown option '--nosuch'; .*\n$/],
    [["/no/such/dump"], 3, /^vmcore-debug: \/no\/such\/dump: .*\n$/],
    [["package.json"], 3, /^vmcore-debug: package.json is not a dump.*\n$/],
    [[dump, "-c", "nosuch"], 1, /^vmcore-debug: command not found: nosuch; "help" lists the commands\n$/],
    [[dump, "-c", "rd 0"], 1, /^rd: .*\n$/],
    [[dump, "-s", "-i", home], 1, /^vmcore-debug: \S+: is a directory\n$/],
    [[dump, "-s", "-i", "/no/such/file"], 1, /^vmcore-debug: \/no\/such\/file: no such file\n$/],
    [[dump, "-c", "p 1 > /no/such/folder/x"], 1, /^vmcore-debug: \/no\/such\/folder\/x: no such file\n$/],
  ];
  for (const [argv, status, message] of cases) {
    const said = cli(argv);
    assert.equal(said.status, status, argv.join(" "));
    assert.match(said.err, message);
    assert.equal(said.out, "");
  }
});

test("a full disk is reported, with the exit status of a failed command", { skip: !existsSync("/dev/full") }, () => {
  const full = openSync("/dev/full", "w");
  after(() => closeSync(full));
  for (const argv of [[dump, "-c", "log"], [dump, "-c", "sys", "--json"], ["docs"]]) {
    const { status, stderr } = spawnSync(process.execPath, [program, ...argv], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
      env: { ...process.env, HOME: home },
    });
    assert.deepEqual([status, stderr], [1, "vmcore-debug: standard output: no space left\n"], argv.join(" "));
  }
  const said = cli([dump, "-c", "log > /dev/full", "-c", "p 1"]);
  assert.deepEqual(said, { status: 1, out: "$1 = 1\n", err: "vmcore-debug: /dev/full: no space left\n" });
});

test("rd -r copies memory to a file, but never to a file that is being debugged", () => {
  const copy = join(home, "copy");
  const own = join(home, "own-vmcore");
  writeFileSync(own, readFileSync(dump));
  const said = cli([
    own,
    "-c",
    `rd -r ${copy} linux_banner 13`,
    "-c",
    `rd -r ${own} linux_banner 13`,
    "-c",
    `sys > ${own}`,
  ]);
  assert.match(said.out, /^13 bytes copied from 0x[0-9a-f]{16} to \S+copy$/m);
  assert.equal(readFileSync(copy, "latin1"), "Linux version");
  assert.equal(
    said.err.match(/own-vmcore is open in this session and cannot be overwritten: name another file$/gm)?.length,
    2,
  );
  assert.ok(readFileSync(own).equals(readFileSync(dump)));
  assert.match(cli([dump, "-c", `rd -r ${copy} linux_banner`]).err, /^rd: -r requires a count of bytes, or -e/);
});

test("set error redirects errors to a file", () => {
  const errors = join(home, "errors");
  const said = cli([
    dump,
    "-c",
    `set error ${errors}`,
    "-c",
    "nosuch",
    "-c",
    "set error redirect",
    "-c",
    `nosuch > ${errors}2`,
  ]);
  assert.deepEqual([said.status, said.err], [1, ""]);
  for (const path of [errors, `${errors}2`]) assert.match(readFileSync(path, "utf8"), /command not found: nosuch/);
});

test("extend loads the user's commands; help and completion include them until they are unloaded", () => {
  const file = join(home, "hello.mjs");
  writeFileSync(
    file,
    `export const commands = [{ name: "hello", summary: "greets", usage: "name",
      *run(context, { rest }) { yield { kind: "record", data: { hello: rest[0] }, lines: [["hello " + rest[0]]] }; } }];`,
  );
  const said = cli([
    dump,
    ...["-c", `extend ${file}`, "-c", "hello you", "-c", "help | grep -c hello", "-c", "help hello | grep greets"],
    ...["-c", "extend", "-c", `extend -u ${file}`, "-c", "hello you"],
  ]);
  assert.deepEqual(said.out.split("\n"), [
    ...[`${file}: hello`, "hello you", "1", "  hello - greets", `${file}: hello`, `${file}: unloaded`, ""],
  ]);
  assert.match(said.err, /^vmcore-debug: command not found: hello/);
  assert.match(cli([dump, "-c", "extend x.so"]).err, /shared libraries of crash cannot be loaded/);
  assert.match(cli([dump, "-c", "extend package.json"]).err, /package.json: exports no command;/);
});

test("--help and --version need no dump", () => {
  assert.match(cli(["--help"]).out, /^Usage: vmcore-debug \[options\] \[VMLINUX\] VMCORE\.\.\.\n/);
  assert.match(cli(["--version"]).out, /^vmcore-debug \d+\.\d+\.\d+\n$/);
});

test("--source names the kernel's sources; without it, missing sources are reported", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-source-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["debuginfo", "tree"]) mkdirSync(join(folder, name));
  copyFileSync("sample/lab_nullderef.ko", join(folder, "debuginfo/lab_nullderef.ko"));
  copyFileSync(dump, join(folder, "vmcore"));
  copyFileSync("sample/lab_nullderef.c", join(folder, "tree/lab_nullderef.c"));
  const listing = (...options: string[]) =>
    cli(["--modules", join(folder, "debuginfo"), ...options, join(folder, "vmcore"), "-c", "dis -s lab_apply"]).out;
  assert.match(listing(), /^FILE: .*lab_nullderef\.c\nLINE: 31\n\n\(source file not found on this machine/);
  assert.match(listing("--source", join(folder, "tree")), /\n\*\s+31 {2}\{\n/);
});

test("a reader that has enough is no error", () => {
  const line = `"${process.execPath}" ${program} ${dump} --no-rc --no-search -c 'sym -l' | head -1; exit "\${PIPESTATUS[0]}"`;
  const { status, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("compare has the exit status of the dump that cannot be opened", () => {
  for (const pair of [
    ["package.json", dump],
    [dump, "package.json"],
  ]) {
    // prettier-ignore
    const { status, err } = cli(["compare", ...pair]);
    assert.equal(status, 3, err);
    assert.match(err, /^vmcore-debug: package\.json is not a dump/);
  }
});

test("timeline refuses words that it would ignore", () => {
  assert.match(
    cli([dump, "-c", "timeline init"]).err,
    /^timeline: invalid argument: init; the command takes only options$/m,
  );
});

test("errors of the system are in plain words, with the name that the user gave", () => {
  const none = join(home, "no/such");
  for (const [argv, status, said] of [
    [["log", none], 3, "no such file"],
    [["notebook", "run", home, dump], 1, "is a directory"],
    [["distill", dump, "-o", none], 1, "no such file"],
    [[dump, "--record", none, "-c", "p 1"], 1, "no such file"],
    [[dump, "-c", `rd -r ${none} init_task 16`], 1, "no such file"],
    [[dump, "-c", `extend ${none}`], 1, "no such file"],
    [[dump, "-c", `extend ${home}`], 1, "is a directory"],
  ] as const) {
    const answer = spawnSync(process.execPath, [program, ...argv], { encoding: "utf8", env: { ...process.env, HOME: home } }); // prettier-ignore
    assert.equal(answer.status, status, argv.join(" "));
    assert.match(answer.stderr, new RegExp(`: ${said}`));
    assert.doesNotMatch(answer.stderr, /E[A-Z]{4,}|\.part|Cannot find module/, argv.join(" "));
  }
});
