/** Debuginfo with one part left out: each file gives what it has, and the report says what is wanting. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, openSync, readSync, rmSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { reportText } from "../../src/cli/debuginfo.ts";
import { openElf } from "../../src/elf/elf.ts";
import { openFile } from "../../src/base/file.ts";
import { panicTask } from "../../src/linux/printk/panic.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { taskTable } from "../../src/linux/sched/task.ts";
import { sessionReport } from "../../src/session/find/debuginfoReport.ts";
import { toEnd } from "../../src/base/job.ts";
import { openSession, type OpenOptions, type Session } from "../../src/session/open/open.ts";
import { snappyDump, storedDumps, vmlinuxOf } from "./corpus.ts";

const dump = storedDumps.find(({ name }) => name === "x86_64-6.1/sysrq");
const vmlinux = dump && vmlinuxOf(dump.family);
const hasObjcopy = spawnSync("objcopy", ["--version"]).status === 0;
const skip = !vmlinux
  ? "NOT RUN: no corpus, or no vmlinux of x86_64-6.1 to be had"
  : hasObjcopy
    ? false
    : "NOT RUN: no objcopy here (apt-get install binutils)";

const folder = mkdtempSync(join(tmpdir(), "vmcore-partial-"));
after(() => rmSync(folder, { recursive: true }));

function objcopied(flag: string): string {
  const path = join(folder, flag.replace(/^--/, ""));
  execFileSync("objcopy", [flag, vmlinux!, path], { stdio: "ignore" });
  return path;
}

/** The vmlinux with the headers of its BTF sections wiped out; objcopy refuses to take away what symbols mark. */
function withoutBtf(): string {
  const path = join(folder, "without-btf");
  copyFileSync(vmlinux!, path);
  const sections = openElf(openFile(path)).sections;
  const fd = openSync(path, "r+");
  const table = Buffer.alloc(8);
  readSync(fd, table, 0, 8, 0x28);
  for (const [i, { name }] of sections.entries())
    if (/^\.BTF/.test(name)) writeSync(fd, Buffer.alloc(64), 0, 64, Number(table.readBigUInt64LE()) + i * 64);
  closeSync(fd);
  return path;
}

/** The stack that panicked: functions, and the lines of those that have one. */
const stackOf = ({ kernel }: Session): [string | undefined, number | undefined][] =>
  stackTrace(kernel, panicTask(kernel)!).frames.map((frame) => [
    frame.symbol?.name,
    frame.places().at(-1)?.source?.line,
  ]);

function opened(t: { after(end: () => void): void }, options: OpenOptions): Session {
  const session = openSession(options);
  t.after(() => session.close());
  return session;
}

const partsOf = (session: Session): string[] =>
  /^ {2}symbols:[^]*? {4}lines: .*$/m
    .exec(reportText(toEnd(sessionReport(session, []))))![0]
    .replaceAll(`${folder}/`, "")
    .split("\n")
    .map((line) => line.trim());

test(
  "a vmlinux with BTF and no DWARF gives names and types; that lines and locals are wanting is said",
  { skip },
  (t) => {
    const session = opened(t, { vmcore: [dump!.vmcore], vmlinux: objcopied("--strip-debug") });
    const whole = opened(t, { vmcore: [dump!.vmcore], vmlinux: vmlinux! });
    assert.deepEqual(stackOf(session), stackOf(whole).map(([name]) => [name, undefined])); // prettier-ignore
    assert.equal(session.kernel.types.named("struct task_struct").kind, "struct");
    assert.match(session.warnings.join(), /has no DWARF: source lines and locals are not available$/);
    assert.deepEqual(partsOf(session), ["symbols: strip-debug", "types: BTF", "lines: none, nor locals"]);
  },
);

test(
  "a vmlinux with DWARF and no BTF, of a dump whose BTF was left out, gives types and lines out of DWARF",
  { skip },
  (t) => {
    const session = opened(t, { vmcore: [snappyDump.vmcore], vmlinux: withoutBtf() });
    const whole = opened(t, { vmcore: [snappyDump.vmcore], vmlinux: vmlinux! });
    assert.deepEqual(partsOf(session), ["symbols: without-btf", "types: DWARF", "lines: DWARF"]);
    assert.deepEqual(stackOf(session), stackOf(whole));
    assert.ok(stackOf(session).some(([, line]) => line !== undefined));
    const tasks = (one: Session) => taskTable(one.kernel).tasks.map((task) => [task.address, task.at("comm").text()]);
    assert.deepEqual(tasks(session), tasks(whole));
  },
);

test(
  "a stripped vmlinux with BTF, of a dump whose BTF was left out, gives the types for the dump's own names",
  { skip },
  (t) => {
    const bare = opened(t, { vmcore: [snappyDump.vmcore] });
    assert.deepEqual(partsOf(bare), ["symbols: kallsyms", "types: none", "lines: none, nor locals"]);
    assert.match(bare.context.session.limitations.join(), /no types: the dump holds no BTF/);
    const session = opened(t, { vmcore: [snappyDump.vmcore], vmlinux: objcopied("--strip-all") });
    assert.deepEqual(partsOf(session), ["symbols: kallsyms", "types: BTF", "lines: none, nor locals"]);
    assert.match(session.warnings.join(), /was stripped: symbols are read from the dump/);
    assert.ok(taskTable(session.kernel).tasks.length > 50);
    assert.ok(stackOf(session).some(([name]) => name === "hello_init"));
  },
);
