import assert from "node:assert/strict";
import { after, test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { timeline } from "../../../src/linux/trace/timeline.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { tracedKernel } from "../../builders/trace.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

test("the log and the last runs of tasks are on one axis, oldest first", () => {
  const { events, missing } = toEnd(timeline(session.kernel));
  assert.deepEqual(missing, []);
  assert.deepEqual([...new Set(events.map(({ kind }) => kind))].sort(), ["log", "run"]);
  assert.ok(events.every(({ time }, at) => at === 0 || (events[at - 1]?.time ?? 0n) <= time));
  const last = events.findLast(({ kind, comm }) => kind === "run" && comm === "insmod");
  assert.deepEqual([last?.pid, last?.cpu, last?.text], [169, 0, "last got a CPU"]);
});

test("entries of trace buffers are events, and what cannot be read is named", () => {
  const kernel = tracedKernel([{ time: 7n, entries: [{ delta: 1n, value: 5 }] }]);
  const { events, missing } = toEnd(timeline(kernel, { kinds: ["trace", "io"] }));
  assert.deepEqual(
    events.map(({ time, kind, cpu, pid, comm, name, text }) => [time, kind, cpu, pid, comm, name, text]),
    [[8n, "trace", 0, 1, "init", "event", "value=5"]],
  );
  assert.equal(missing.length, 1);
  assert.match(missing[0] ?? "", /^the block requests: /);
});

test("without the types of tasks it says that their last runs are missing, and why", () => {
  const { missing } = toEnd(timeline(toyKernel({}), { kinds: ["run"] }));
  assert.equal(missing.length, 1);
  assert.match(missing[0] ?? "", /^the last runs of tasks: .*(init_task|task_struct|runqueues|type)/);
});

test("an instance whose clock is not the scheduler's is left out with a sentence", () => {
  const kernel = tracedKernel([{ time: 7n, entries: [{ delta: 1n, value: 5 }] }], { clock: "ktime_get_mono_fast_ns" });
  const { events, missing } = toEnd(timeline(kernel, { kinds: ["trace"] }));
  assert.deepEqual(events, []);
  assert.deepEqual(missing, ["the trace buffers of top: their clock is mono, not that of the scheduler"]);
});
