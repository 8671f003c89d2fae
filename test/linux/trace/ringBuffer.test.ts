import assert from "node:assert/strict";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { wholeText } from "../../../src/crash/commands/trace/trace.ts";
import { entryText } from "../../../src/linux/trace/entryText.ts";
import { clockName, isRecording, traceArrays } from "../../../src/linux/trace/traceArray.ts";
import { lastBootOf } from "../../../src/linux/trace/lastBoot.ts";
import { timeline } from "../../../src/linux/trace/timeline.ts";
import { traceEntries } from "../../../src/linux/trace/traceEntries.ts";
import { tracedKernel, type TracedPage } from "../../builders/trace.ts";

const read = (pages: readonly TracedPage[], options?: Parameters<typeof tracedKernel>[1]) => {
  const kernel = tracedKernel(pages, options);
  const [top] = traceArrays(kernel);
  assert.ok(top);
  const { entries, faults } = toEnd(traceEntries(kernel, top));
  return {
    lines: entries.map(
      (one) => `${one.comm}-${one.pid} ${one.context} ${one.time} ${wholeText(entryText(kernel, one))}`,
    ),
    faults: faults.map(({ message }) => message),
  };
};

test("entries have their times from the page's and their deltas, with extensions", () => {
  const { lines } = read([
    { time: 1000n, entries: [{ delta: 5n, value: 1 }, { delta: 1n << 30n, value: 2 }, { delta: 0n, value: 3 }] }, // prettier-ignore
  ]);
  assert.deepEqual(lines, [
    "init-1 d..1. 1005 event: value=1",
    `init-1 d..1. ${1005n + (1n << 30n)} event: value=2`,
    `init-1 d..1. ${1005n + (1n << 30n)} event: value=3`,
  ]);
});

test("the reader's page comes first, then the pages from the head to the one that is written", () => {
  const page = (time: bigint, value: number): TracedPage => ({ time, entries: [{ delta: 0n, value }] });
  // Page 0 is the reader's; of the ring, page 2 is the oldest and page 1 is written.
  const { lines } = read([page(100n, 1), page(400n, 4), page(200n, 2), page(300n, 3)], { head: 2, commit: 1 });
  assert.deepEqual(
    lines.map((line) => line.slice(-1)),
    ["1", "2", "3", "4"],
  );
});

test("entries that a reader consumed are not shown, and discarded ones are skipped", () => {
  const { lines } = read(
    [{ time: 0n, entries: [{ delta: 1n, value: 1 }, { delta: 2n, value: 2, isDiscarded: true }, { delta: 3n, value: 3 }] }], // prettier-ignore
    { read: 16 },
  );
  assert.deepEqual(lines, ["init-1 d..1. 4 event: value=3"]);
});

test("a page with an impossible length gives its fault, and the other pages their entries", () => {
  const { lines, faults } = read(
    [
      { time: 1n, entries: [], commit: 5000 },
      { time: 2n, entries: [{ delta: 0n, value: 7 }] },
    ],
    { head: 1, commit: 1 },
  );
  assert.deepEqual(faults, ["a page of the ring buffer of CPU 0 cannot have 5000 bytes of entries"]);
  assert.equal(lines.length, 1);
});

test("entries of the boot before have no names of this boot's tasks, and their functions are found where they are now", () => {
  const lastBoot = { textDelta: -0x1000n, module: { address: 0xffffffffc0000000n, delta: 0x20000n } };
  const kernel = tracedKernel([{ time: 1000n, entries: [{ delta: 5n, value: 1 }] }], { lastBoot });
  const [top] = traceArrays(kernel);
  assert.ok(top);
  const boot = lastBootOf(top);
  assert.equal(boot?.adjusted(0xffffffff81001000n), 0xffffffff81000000n);
  assert.equal(boot?.adjusted(0xffffffffc0000010n), 0xffffffffc0020010n);
  assert.equal(toEnd(traceEntries(kernel, top)).entries[0]?.comm, "<...>");
  assert.deepEqual(toEnd(timeline(kernel, { kinds: ["trace"] })), {
    events: [],
    missing: ["the trace buffers of top: their entries are from the boot before"],
  });
});

test("an instance gives its clock and whether it was recording", () => {
  const kernel = tracedKernel([{ time: 1n, entries: [] }]);
  const [top] = traceArrays(kernel);
  assert.ok(top);
  assert.deepEqual([top.name, clockName(top), isRecording(top)], ["top", "local", false]);
});
