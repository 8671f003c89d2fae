/**
 * Processor time on guests of 1,000 and 4,000 tasks: no command's time grows faster than its output, and none takes
 * much more than crash's. Whole processes are measured, since what a session has derived once would hide the growth.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { alone } from "../corpus/alone.ts";
import { corpus, hasDrgn as hasPeers, made, peers, vmlinuxOf } from "../corpus/corpus.ts";

const vmlinux = hasPeers ? vmlinuxOf("x86_64-6.1") : undefined;
const skip = vmlinux === undefined && "NOT RUN: no corpus, no peers, or no vmlinux of x86_64-6.1 to be had";

/** A guest with `scale` processes of 500 threads and 4,000 files each; made by booting it, in a minute. */
function guest(name: string, scale: number, megabytes: number): string {
  const vmcore = join(made, name, "vmcore.elf");
  const options = ["--mem", `${megabytes}`, "--smp", "2", "--formats", "elf", "--append", `labscale=${scale}`];
  alone(() => {
    if (!existsSync(vmcore))
      execFileSync(join(corpus, "make", "make-dump.sh"), ["sysrq", ...options, "--name", name], {
        stdio: ["ignore", "ignore", "inherit"],
        timeout: 300_000,
      });
  });
  return vmcore;
}

const small = skip ? "" : guest("scale1k", 2, 700);
const large = skip ? "" : guest("scale4k", 8, 1500);

interface Cost {
  /** Processor time, user's and system's. */
  readonly seconds: number;
  readonly lines: number;
}

/** What a whole process costs. */
function cost(command: readonly string[], input = ""): Cost {
  const script = 'TIMEFORMAT="%U %S"; { time "$@" 2>/dev/null; } | wc -l';
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script, "bash", ...command], { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const [user = NaN, system = NaN] = stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return { seconds: user + system, lines: Number(stdout) };
}

const ours = (vmcore: string, line: string): Cost =>
  cost(["node_modules/.bin/node", "dist/cli.js", "--no-rc", "--no-search", vmlinux!, vmcore, "-c", line]);

const crash = (vmcore: string, line: string): Cost => cost([peers, "crash", "-s", vmlinux!, vmcore], `${line}\nexit\n`);

const compared = ["ps", "ps -s", "ps -m", "foreach bt", "foreach sig", "foreach vm", "foreach files", "kmem -p"];
const alsoGrowing = ["ps -t", "ps -g", "ps -c", "ps -p", "ps -r", "ps -a", "foreach net", "foreach set", "foreach task -R pid"]; // prettier-ignore

/** Times crash's processor time that a command may take, the start of both included. */
const MOST_OF_CRASH = 1.5;
/** Times the time per line that a command may take with four times the tasks, and seconds that a busy machine adds. */
const MOST_GROWTH = 1.6;
const JITTER = 0.25;

const rows: string[] = [];
after(() => {
  if (rows.length > 0)
    console.log(
      ["command | 1,000 tasks | 4,000 tasks | µs/line 1,000 | µs/line 4,000 | crash | ratio", ...rows].join("\n"),
    );
});

const started = new Map<string, number>();
/** What a process takes before it reaches a task. */
function start(vmcore: string): number {
  let seconds = started.get(vmcore);
  if (seconds === undefined) started.set(vmcore, (seconds = ours(vmcore, "eval 1").seconds));
  return seconds;
}

/** What a command takes beyond the start with both guests, and at most with the large one by what it takes with the small. */
function growth(line: string) {
  const [few, many] = [ours(small, line), ours(large, line)];
  assert.ok(few.lines > 100 && many.lines > few.lines * 1.3, `${few.lines} and ${many.lines} lines`);
  const [before, behind] = [few.seconds - start(small), many.seconds - start(large)];
  const allowed = (MOST_GROWTH * Math.max(0, before) * many.lines) / few.lines + JITTER;
  return { few, many, before, behind, allowed };
}

for (const line of [...compared, ...alsoGrowing]) {
  test(`${line} of 4,000 tasks takes no more time a line than of 1,000`, { skip }, () => {
    let found = growth(line);
    // Other work on the machine can make one run dearer.
    if (found.behind > found.allowed) found = growth(line);
    const { few, many, before, behind, allowed } = found;
    const theirs = compared.includes(line) ? crash(large, line) : undefined;
    const ratio = theirs && many.seconds / theirs.seconds;
    const perLine = (seconds: number, { lines }: Cost): string => ((seconds * 1e6) / lines).toFixed(1);
    const cells = [few.seconds.toFixed(2), many.seconds.toFixed(2), perLine(before, few), perLine(behind, many)];
    rows.push([line, ...cells, theirs?.seconds.toFixed(2) ?? "-", ratio?.toFixed(2) ?? "-"].join(" | "));
    assert.ok(behind <= allowed, `${behind.toFixed(2)} s, ${allowed.toFixed(2)} s at most by what 1,000 tasks take`);
    if (ratio !== undefined) assert.ok(ratio <= MOST_OF_CRASH, `${ratio.toFixed(2)} times crash's processor time`);
  });
}

test("search of the kernel's memory takes at most three times the processor time of reading the file", { skip }, () => {
  const found = Math.min(...[1, 2].map(() => ours(large, "search -k ffff889dc5500000 deadbeef12345678").seconds));
  const cat = Math.max(...[1, 2].map(() => cost(["cat", large]).seconds));
  console.log(`search -k of 4,000 tasks: ${found.toFixed(2)} s; cat: ${cat.toFixed(2)} s`);
  assert.ok(found - start(large) < 3 * cat + JITTER, `${found.toFixed(2)} s against ${cat.toFixed(2)} s`);
});
