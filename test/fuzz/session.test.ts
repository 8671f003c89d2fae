/** Commands over the sample dump with its file or its memory damaged: each ends in rows and faults, within bounds. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesFile, type RandomFile } from "../../src/base/file.ts";
import { attempt, Fault } from "../../src/base/fault.ts";
import { commands } from "../../src/crash/commands.ts";
import { run } from "../../src/crash/language.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";
import { OpenError, sessionOver } from "../../src/session/open.ts";
import { random } from "../builders/image.ts";
import { stopwatch } from "../builders/stopwatch.ts";
import { mutated } from "./mutate.ts";

/** FUZZ_ROUNDS=50 for a long night. */
const rounds = Number(process.env["FUZZ_ROUNDS"] ?? 1);
/** No command may take longer: an endless loop would. */
const COMMAND_MILLISECONDS = 15_000;
const MEBIBYTE = 1 << 20;

const sample = readFileSync("sample/vmcore");
/** Beside every command alone: those that walk most. */
const lines = [
  ...commands()
    .map(({ name }) => name)
    .filter((name) => !["exit", "q", "repeat", "*", "search", "foreach", "extend", "wr"].includes(name)),
  ...["foreach bt", "foreach files", "foreach task -R pid", "log -m", "ps -t 1", "ps -p", "bt -a", "bt -FF"],
  ...["sym schedule", "p init_task.comm", "p runqueues:a", "struct list_head init_task.tasks", "rd -S init_task 8"],
  ...["list -H modules module.list -s module.name", "whatis init_task", "task -R se"],
  ...["kmem -i", "kmem -s", "kmem -f", "kmem -v", "kmem -V", "kmem -z", "kmem -n", "kmem -o", "kmem -S task_struct"],
  ...[
    "files 1",
    "mount",
    "net -s 1",
    "dev -p",
    "dev -i",
    "dev -d",
    "irq -s",
    "irq -d",
    "timer -r",
    "runq -g",
    "runq -t",
  ],
  ...[
    "vm -m 1",
    "vm 1",
    "vm -p 1",
    "ipcs",
    "sig 1",
    "sys -c",
    "mach -m",
    "search -t 0",
    "tree -t rbtree vmap_area_root",
  ],
];

/** Runs every line; anything but pieces that end is a failure. */
function interrogate(dump: DumpImage, seed: number): boolean {
  const session = attemptOpen(dump);
  if (!session) return false;
  for (const line of lines) {
    const elapsed = stopwatch();
    let pieces = 0;
    try {
      const job = run(session.context, line);
      while (!job.next().done) if (++pieces > 200_000) assert.fail("it never ends");
    } catch (error) {
      throw new Error(`seed ${seed}: ${line}`, { cause: error });
    }
    const took = elapsed();
    assert.ok(took < COMMAND_MILLISECONDS, `seed ${seed}: ${line} took ${took.toFixed(0)} ms`);
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
function damagedMemory(dump: DumpImage, below: (limit: number) => number, share: number): DumpImage {
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

function damagedFile(below: (limit: number) => number): RandomFile {
  const head = padded(mutated(sample.subarray(0, HEAD), below), HEAD);
  return bytesFile("sample/vmcore", Buffer.concat([head, sample.subarray(HEAD)]));
}

function survives(name: string, cases: number, make: (below: (limit: number) => number) => DumpImage | Fault): void {
  const count = cases * rounds;
  test(`${name}: commands over ${count} of them end in rows and faults`, () => {
    let opened = 0;
    for (let seed = 1; seed <= count; seed++) {
      const dump = make(random(seed));
      if (!(dump instanceof Fault) && interrogate(dump, seed)) opened++;
    }
    assert.ok(opened > count / 4, `only ${opened} of ${count} opened: the damage is too heavy to prove anything`);
    const peak = process.resourceUsage().maxRSS / 1024;
    assert.ok(peak < 512 + 256, `peak of ${peak.toFixed(0)} MiB, the test's own copies of the sample included`);
  });
}

survives("damaged files", 10, (below) => attempt(() => openDump([damagedFile(below)], { cacheBytes: 16 * MEBIBYTE })));
const whole = openDump([bytesFile("sample/vmcore", sample)], { cacheBytes: 16 * MEBIBYTE });
sessionOver({ ...whole, page: (pfn) => (foundations.add(pfn), whole.page(pfn)) }, { vmcore: ["sample/vmcore"] });
survives("memories with one page in a hundred damaged", 10, (below) => damagedMemory(whole, below, 10));
survives("memories with one page in five damaged", 6, (below) => damagedMemory(whole, below, 200));
