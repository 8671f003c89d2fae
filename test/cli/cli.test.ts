/** The program as a whole on the dump that ships: where it reads commands, where answers and errors go. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("commands come from -c, in order, and their answers are plain text", () => {
  assert.deepEqual(cli([dump, "-c", "p 1 + 1", "--command", "p 3"]), { status: 0, out: "$1 = 2\n$2 = 3\n", err: "" });
});

test("commands come from files and from standard input, until one says exit", () => {
  const file = join(home, "commands");
  writeFileSync(file, "# a comment\np 1\n\n");
  assert.deepEqual(cli([dump, "-i", file], "p 2\nexit\np 3\n"), { status: 0, out: "$1 = 1\n$2 = 2\n", err: "" });
});

test("output goes to files, errors along with it; a file gives arguments", () => {
  const out = join(home, "out");
  const args = join(home, "args");
  writeFileSync(args, "1\n2\n");
  const said = cli([dump, "-c", `p 1 > ${out}`, "-c", `nosuch >> ${out}`, "-c", `p < ${args} | tail -1`]);
  assert.equal(said.status, 1);
  assert.equal(said.out, "$3 = 2\n");
  assert.match(said.err, /^vmcore-debug: command not found: nosuch/);
  assert.match(readFileSync(out, "utf8"), /^\$1 = 1\nvmcore-debug: command not found: nosuch/);
});

test("the shell runs what starts with !, and filters that are not built in", () => {
  const said = cli([dump, "-c", "!echo from the shell", "-c", "p 7 | grep 7 | tr 7 8 | head -1"]);
  assert.deepEqual(said, { status: 0, out: "from the shell\n$1 = 8\n", err: "" });
});

test("--json gives one document a command", () => {
  const { out, status } = cli([dump, "--json", "-c", "p jiffies"]);
  assert.equal(status, 0);
  const [first] = JSON.parse(out) as { expression: string; value: number }[];
  assert.equal(first?.expression, "jiffies");
  assert.ok((first?.value ?? 0) > 4_000_000_000);
});

test("the user's own files are read first, and only tell what went wrong in them", () => {
  writeFileSync(join(home, ".crashrc"), "alias mine p\n");
  writeFileSync(join(home, ".vmcoredebugrc"), "set radix 16\nbogus\n");
  const said = cli([dump, "-c", "mine 255"]);
  rmSync(join(home, ".crashrc"));
  rmSync(join(home, ".vmcoredebugrc"));
  assert.equal(said.out, "$1 = 0xff\n");
  assert.match(said.err, /command not found: bogus/);
  assert.equal(said.status, 0);
});

test("what cannot be done is one line that says what to do, with a status of its own", () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /^vmcore-debug: a dump is missing; "vmcore-debug --help" tells how it is used\n$/],
    [[dump, "--nosuch"], 2, /^vmcore-debug: Unknown option '--nosuch'; .*\n$/],
    [["/no/such/dump"], 3, /^vmcore-debug: \/no\/such\/dump: .*\n$/],
    [["package.json"], 3, /^vmcore-debug: package.json is not a dump.*\n$/],
    [[dump, "-c", "nosuch"], 1, /^vmcore-debug: command not found: nosuch; "help" lists the commands\n$/],
    [[dump, "-c", "rd 0"], 1, /^rd: .*\n$/],
    [[dump, "-i", home], 1, /^vmcore-debug: \S+: is a directory\n$/],
    [[dump, "-i", "/no/such/file"], 1, /^vmcore-debug: \/no\/such\/file: no such file\n$/],
    [[dump, "-c", "p 1 > /no/such/folder/x"], 1, /^vmcore-debug: \/no\/such\/folder\/x: no such file\n$/],
  ];
  for (const [argv, status, message] of cases) {
    const said = cli(argv);
    assert.equal(said.status, status, argv.join(" "));
    assert.match(said.err, message);
    assert.equal(said.out, "");
  }
});

test("--help and --version need no dump", () => {
  assert.match(cli(["--help"]).out, /^Usage: vmcore-debug \[options\] \[VMLINUX\] VMCORE\.\.\.\n/);
  assert.match(cli(["--version"]).out, /^vmcore-debug \d+\.\d+\.\d+\n$/);
});

test("a reader that has enough is no error", () => {
  const line = `"${process.execPath}" ${program} ${dump} --no-rc --no-search -c 'sym -l' | head -1; exit "\${PIPESTATUS[0]}"`;
  const { status, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});
