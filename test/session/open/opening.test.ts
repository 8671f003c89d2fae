/** The opening of a dump as a job: short steps, progress, and a cancel that is obeyed. */
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { Cancelled, drive, type Job } from "../../../src/base/job.ts";
import { searchingDebuginfo } from "../../../src/session/find/debuginfoReport.ts";
import { openingSession } from "../../../src/session/open/open.ts";
import type { Piece } from "../../../src/say/piece.ts";

const options = { vmcore: ["sample/vmcore"] };

/** Milliseconds of processor time: other programs on the machine do not count. */
function spent(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function stepTimes<T>(job: Job<T, Piece>, end: (value: T) => void = () => {}): number[] {
  const times: number[] = [];
  for (let isDone = false; !isDone;)
    times.push(
      spent(() => {
        const step = job.next();
        if (step.done) end(step.value);
        isDone = step.done === true;
      }),
    );
  return times;
}

test("no step of the opening of a dump takes more than 200 ms", () => {
  const opening = (): number[] => stepTimes(openingSession(options), (session) => session.close());
  opening(); // the code is compiled by now
  const times = opening();
  assert.ok(times.length >= 3, `${times.length} steps`);
  assert.ok(Math.max(...times) < 200, `steps of ${times.map(Math.round).join(", ")} ms`);
});

test("no step of the report about a dump's debuginfo takes more than 200 ms", () => {
  const places = {
    beside: [],
    directories: ["/nonexistent"],
    root: "/nonexistent",
    store: undefined,
    cache: undefined,
  };
  const report = (): number[] => stepTimes(searchingDebuginfo({ ...options, search: places }));
  report();
  const times = report();
  // The opening, the search for the vmlinux, and each module.
  assert.ok(times.length >= 4, `${times.length} steps`);
  assert.ok(Math.max(...times) < 200, `steps of ${times.map(Math.round).join(", ")} ms`);
});

test("opening reports its progress", () => {
  const job = openingSession(options);
  const said: Piece[] = [];
  let step = job.next();
  for (; !step.done; step = job.next()) said.push(step.value);
  step.value.close();
  assert.deepEqual(
    said.map((piece) => piece.kind === "progress" && piece.what),
    ["Opening the vmlinux", "Reading the kernel's symbols"],
  );
});

/** Files that this process has open, by name; of Linux only. */
const openFiles = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch (error) {
      // The descriptor of the directory itself.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });

test("a cancel stops the opening at the next step, and all files are closed", async () => {
  for (const at of [1, 2]) {
    const abort = new AbortController();
    let steps = 0;
    const onStep = (): void => void (++steps === at && abort.abort());
    await assert.rejects(drive(openingSession(options), abort.signal, { onStep }), Cancelled);
    assert.equal(steps, at);
  }
  if (process.platform === "linux") assert.ok(!openFiles().some((path) => path.endsWith("sample/vmcore")));
});
