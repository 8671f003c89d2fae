/** Commands over the sample dump with its file or its memory damaged: each ends in rows and faults, within bounds. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { bytesFile, type RandomFile } from "../../src/base/file.ts";
import { attempt, Fault } from "../../src/base/fault.ts";
import { disassembler } from "../../src/arch/disassembler/disassembler.ts";
import { effectDecoder } from "../../src/arch/disassembler/effects.ts";
import { commands } from "../../src/crash/commands.ts";
import { run } from "../../src/crash/language/language.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { joinedFile } from "../../src/dump/joinedFile.ts";
import { openDump } from "../../src/dump/formats.ts";
import { drive } from "../../src/base/job.ts";
import { OpenError, sessionOver } from "../../src/session/open/open.ts";
import { stopwatch } from "../builders/stopwatch.ts";
import { type Below, survives } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

/** No command may take longer: an endless loop would. */
const COMMAND_MILLISECONDS = 15_000;
const MEBIBYTE = 1 << 20;

const sample = readFileSync("sample/vmcore");
/** Command lines by command: what makes each walk most. */
const linesOf: Readonly<Record<string, readonly string[]>> = {
  "*": ["*list_head init_task.tasks"],
  alias: ["alias"],
  analyze: ["analyze"],
  ascii: ["ascii"],
  bpf: ["bpf"],
  bt: ["bt", "bt -a", "bt -FF", "bt -e", "bt -E", "bt -o", "bt -r", "bt -v"],
  btop: ["btop 1000000"],
  dev: ["dev", "dev -p", "dev -i", "dev -d"],
  dis: ["dis schedule", "dis -rl vfs_write+50"],
  echo: ["echo -- text"],
  eval: ["eval init_task + 1"],
  extend: ["extend"],
  files: ["files 1", "files -c 1", "files -R /"],
  foreach: ["foreach bt", "foreach files", "foreach task -R pid", "foreach net -s", "foreach vm"],
  fuser: ["fuser /etc/motd"],
  disassemble: ["disassemble schedule", "disassemble /r schedule_idle"],
  down: ["down 0"],
  frame: ["frame 1", "frame"],
  gdb: ["gdb bt", "output init_task.comm", "gdb whatis init_task.comm"],
  info: ["info frame", "info registers", "info types ^list", "info functions ^yield"],
  print: ["print init_task", "print $lx_current().comm", "print $lx_per_cpu(runqueues, 1).nr_running"],
  printf: ['printf "%s %d\\n", init_task.comm, init_task.pid'],
  ptype: ["ptype struct task_struct", "ptype /o struct task_struct"],
  up: ["up"],
  x: ["x/4xg &init_task", "x/s linux_banner", "x/16i schedule"],
  health: ["health", "health -v"],
  help: ["help"],
  ipcs: ["ipcs", "ipcs -M"],
  irq: ["irq", "irq -s", "irq -d", "irq -b", "irq -a"],
  kmem: [
    ...["kmem -i", "kmem -s", "kmem -f", "kmem -v", "kmem -V", "kmem -z", "kmem -n", "kmem -o", "kmem -h", "kmem -g"],
    ...["kmem -S task_struct", "kmem init_task", "kmem -p | head -100", "kmem -A"],
  ],
  list: ["list -H modules module.list -s module.name", "list task_struct.tasks -h init_task"],
  log: ["log", "log -m", "log -R", "log -a"],
  mach: ["mach", "mach -m", "mach -c"],
  map: ["map"],
  mod: ["mod", "mod -t"],
  mount: ["mount", "mount -f", "mount -i"],
  net: ["net", "net -s 131", "net -S 131", "net -a"],
  p: ["p init_task.comm", "p runqueues:a"],
  ps: ["ps", "ps -t 1", "ps -p", "ps -a 1", "ps -m", "ps -r 1", "ps -g 1", "ps -S", "ps -Y"],
  pte: ["pte 8000000001000063"],
  ptob: ["ptob 1000"],
  ptov: ["ptov 1000000"],
  rd: ["rd -SS init_task 8", "rd -p 1000000 8"],
  repeat: ["repeat ps -S"],
  report: ["report"],
  runq: ["runq", "runq -g", "runq -t", "runq -m"],
  rustfilt: ["rustfilt _RNvC1a1b"],
  sbitmapq: ["sbitmapq ffff8ef6853136d0"],
  search: ["search -t 57ac6e9d", "search -T 57ac6e9d"],
  set: ["set", "set -v"],
  sig: ["sig 1", "sig -g 1"],
  struct: ["struct list_head init_task.tasks", "struct task_struct init_task"],
  swap: ["swap"],
  sym: ["sym schedule", "sym -m virtio_blk"],
  sys: ["sys", "sys -c", "sys -i", "sys -t"],
  task: ["task", "task -R se"],
  timeline: ["timeline", "timeline -k log,run,io -s 1"],
  timer: ["timer", "timer -r"],
  trace: ["trace", "trace show"],
  tree: [
    ...["tree -t rbtree vmap_area_root", "tree -t xarray -r idr.idr_rt init_pid_ns.idr"],
    ...["tree -t maple -v -r mm_struct.mm_mt ffff8ef683c56400"],
  ],
  union: ["union sigval init_task"],
  vm: ["vm 1", "vm -m 1", "vm -p 1", "vm -v 1"],
  vtop: ["vtop ffffffff9ca1aa40", "vtop -c 1 400000"],
  waitq: ["waitq kauditd_wait"],
  waits: ["waits", "waits -a", "waits -l"],
  whatis: ["whatis init_task", "whatis -r 16 -m list_head"],
};
const lines = Object.values(linesOf).flat();

/** Runs every line; anything but pieces that end is a failure. */
function interrogate(dump: DumpImage): boolean {
  const session = attemptOpen(dump);
  if (!session) return false;
  for (const line of lines) {
    const elapsed = stopwatch();
    let pieces = 0;
    try {
      const job = run(session.context, line);
      while (!job.next().done) if (++pieces > 200_000) assert.fail("it never ends");
    } catch (error) {
      throw new Error(line, { cause: error });
    }
    const took = elapsed();
    assert.ok(took < COMMAND_MILLISECONDS, `${line} took ${took.toFixed(0)} ms`);
  }
  return true;
}

function attemptOpen(dump: DumpImage): ReturnType<typeof sessionOver> | undefined {
  try {
    return sessionOver(dump, { vmcore: ["sample/vmcore"] });
  } catch (error) {
    if (error instanceof OpenError) return undefined;
    throw error;
  }
}

/** Pages of symbols and types, which every command stands on: damage there ends all of them at once and proves little. */
const foundations = new Set<number>();

/** The dump with some of its pages damaged after they were decoded: kernel structures that lie. */
function damagedMemory(dump: DumpImage, below: Below, share: number): DumpImage {
  const known = new Map<number, Uint8Array | Fault>();
  return {
    ...dump,
    page(pfn) {
      const before = known.get(pfn);
      if (before) return before;
      const page = dump.page(pfn);
      const hit = !(page instanceof Fault) && !foundations.has(pfn) && below(1000) < share;
      const after = hit ? padded(mutated(page, below), dump.pageSize) : page;
      known.set(pfn, after);
      return after;
    },
  };
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  const page = new Uint8Array(length);
  page.set(bytes);
  return page;
}

/** The file with its first part damaged: header, sub-header, notes, bitmaps, descriptors. */
const HEAD = 700 * 1024;

function damagedFile(below: Below): RandomFile {
  const head = padded(mutated(sample.subarray(0, HEAD), below), HEAD);
  return joinedFile([bytesFile("sample/vmcore", head), bytesFile("sample/vmcore", sample.subarray(HEAD))]);
}

/** The limit of memory includes the test's own copies of the sample. */
const LIMITS = { milliseconds: 15 * 60_000, mebibytes: 768 };

function opens(name: string, cases: number, make: (below: Below) => DumpImage | Fault): void {
  const read = (dump: DumpImage | Fault): boolean => !(dump instanceof Fault) && interrogate(dump);
  survives(name, { cases, make, read, accepted: 0.25, limits: LIMITS });
}

// Loaded before it is asked for: this test does not pause where a face does.
await drive(disassembler(x86_64), new AbortController().signal);
await drive(effectDecoder(x86_64), new AbortController().signal);

opens("damaged files", 7, (below) => attempt(() => openDump([damagedFile(below)], { cacheBytes: 16 * MEBIBYTE })));
const whole = openDump([bytesFile("sample/vmcore", sample)], { cacheBytes: 16 * MEBIBYTE });
sessionOver({ ...whole, page: (pfn) => (foundations.add(pfn), whole.page(pfn)) }, { vmcore: ["sample/vmcore"] });
opens("memories with one page in a hundred damaged", 7, (below) => damagedMemory(whole, below, 10));
opens("memories with one page in five damaged", 5, (below) => damagedMemory(whole, below, 200));

/** Commands without an answer on any dump: they end the session, need a running system, or say that a dump is read-only. */
const silent = ["exit", "q", "refresh", "wr"];

test("every command is among those lines, and each is answered while nothing is damaged", () => {
  assert.deepEqual(Object.keys(linesOf).concat(silent).sort(), commands().map(({ name }) => name).sort()); // prettier-ignore
  const extensions = { loaded: new Map(), load: String, unload: String, available: () => [] };
  const context = sessionOver(whole, { vmcore: ["sample/vmcore"] }).context.with({ extensions });
  for (const line of lines) {
    let said = 0;
    for (const piece of run(context, line)) {
      if (piece.kind === "usage") assert.fail(`${line}: ${piece.message}`);
      if (piece.kind === "fault") assert.fail(`${line}: ${piece.fault.message}`);
      if (piece.kind !== "progress") said += piece.lines.length;
    }
    assert.ok(said > 0, line);
  }
});
