import assert from "node:assert/strict";
import { test } from "node:test";
import { type PerfettoEvent, perfettoEvents, perfettoText } from "../../../../src/crash/commands/trace/perfetto.ts";
import { parseOptions } from "../../../../src/crash/language/parse.ts";
import { timeline as command } from "../../../../src/crash/commands/trace/timeline.ts";
import type { EventField, TraceEvent } from "../../../../src/linux/trace/traceEvent.ts";
import type { TimelineEvent } from "../../../../src/linux/trace/timeline.ts";
import { toyKernel } from "../../../builders/kernel.ts";
import { violations } from "../../../builders/traceEventFormat.ts";

const kernel = toyKernel({ symbols: { vfs_open: { address: 0xffffffff81000000n, type: "T", size: 64 } } });
const field = (name: string, type: string, offset: number, size: number): EventField => ({ name, type, offset, size, isSigned: false }); // prettier-ignore

const switchEvent: TraceEvent = {
  ...{ id: 1, name: "sched_switch", system: "sched", printFormat: "" },
  fields: [field("next_comm", "char[16]", 8, 16), field("next_pid", "pid_t", 24, 4)],
};
const exitEvent: TraceEvent = {
  ...{ id: 2, name: "funcgraph_exit", system: "ftrace", printFormat: "" },
  fields: [
    field("func", "unsigned long", 8, 8),
    field("calltime", "unsigned long long", 16, 8),
    field("rettime", "unsigned long long", 24, 8),
  ],
};

function traced(time: bigint, cpu: number, event: TraceEvent, ...words: readonly (string | bigint)[]): TimelineEvent {
  const data = new Uint8Array(48);
  for (const [at, word] of words.entries()) {
    const { offset = 0, size = 0 } = event.fields[at] ?? {};
    if (typeof word === "string") data.set(new TextEncoder().encode(word), offset);
    else if (size === 8) new DataView(data.buffer).setBigUint64(offset, word, true);
    else new DataView(data.buffer).setUint32(offset, Number(word), true);
  }
  const who = { cpu, pid: 5, comm: "sh" };
  const entry = { ...who, time, context: ".....", event, data };
  return { ...who, time, kind: "trace", name: event.name, text: "text", entry };
}

const events: readonly TimelineEvent[] = [
  { time: 1_000n, kind: "log", cpu: undefined, pid: 1, comm: "init", name: "printk", text: "first\nsecond" },
  traced(2_000n, 0, switchEvent, "bash", 7n),
  { time: 2_500n, kind: "io", cpu: undefined, pid: undefined, comm: undefined, name: "vda", text: "READ" },
  traced(5_000n, 0, switchEvent, "init", 1n),
  traced(9_000n, 1, exitEvent, 0xffffffff81000000n, 6_000n, 8_000n),
];
const written = [...perfettoEvents(kernel, events, 20_000n)];
const only = (ph: PerfettoEvent["ph"], cat: string) =>
  written.filter((one) => one.ph === ph && one.cat === cat).map(({ name, pid, tid, ts, dur }) => [name, pid, tid, ts, dur]); // prettier-ignore

test("a CPU has a slice for each task that it ran, the last one until the last entry", () => {
  assert.deepEqual(only("X", "sched"), [
    ["bash [7]", 1, 0, 2, 3],
    ["init [1]", 1, 0, 5, 4],
  ]);
});

test("a call has its duration, on the track of its task", () => {
  assert.deepEqual(only("X", "calls"), [["vfs_open", 2, 5, 7, 2]]);
});

test("a request in flight lasts until the crash", () => {
  assert.deepEqual(
    [...only("b", "io"), ...only("e", "io")].map(([, , , ts]) => ts),
    [2.5, 20],
  );
});

test("a message is an instant named by its first line", () => {
  assert.deepEqual(only("i", "log"), [["first", 3, 1, 1, undefined]]);
});

test("the file agrees with the description of the format, field by field", () => {
  const text = [...perfettoText(kernel, events, 20_000n)].join("");
  assert.deepEqual([...violations(text)], []);
  const { traceEvents } = JSON.parse(text) as { traceEvents: Readonly<Record<string, string | number>>[] };
  assert.equal(traceEvents.length, written.length);
  const tracks = (isName: boolean): readonly string[] => [
    ...new Set(
      traceEvents
        .filter(({ ph, name }) => (ph === "M") === isName && name !== "process_name")
        .map(({ pid, tid }) => `${pid}/${tid}`),
    ),
  ];
  assert.deepEqual(tracks(true).toSorted(), tracks(false).toSorted());
});

/** A file with one event. */
const fileOf = (...traceEvents: readonly object[]): string => JSON.stringify({ displayTimeUnit: "ns", traceEvents });
const slice = { name: "a", ph: "X", pid: 1, tid: 1, ts: 0, dur: 5, cat: "c" };

for (const [what, text, wrong] of [
  ["an unknown phase", fileOf({ ...slice, ph: "Q" }), /^no such phase/],
  ["a slice without a duration", fileOf({ ...slice, dur: undefined }), /^dur is wrong/],
  ["a time that is a text", fileOf({ ...slice, ts: "1" }), /^ts is wrong/],
  ["slices that overlap", fileOf(slice, { ...slice, ts: 3 }), /^a at 3 overlaps another/],
  [
    "a request without an end",
    fileOf({ ...slice, ph: "b", id: "1", dur: undefined }),
    /^(dur is no field|c 1 does not end)/,
  ],
] as const)
  test(`the check of the format finds ${what}`, () => {
    assert.match([...violations(text)][0] ?? "", wrong);
  });

test("an option of a word takes its argument after a blank or after =", () => {
  for (const line of ["--perfetto out.json -n 5", "-n 5 --perfetto=out.json"]) {
    const args = parseOptions(command, line);
    assert.deepEqual([args.value("--perfetto"), args.value("-n"), args.rest], ["out.json", "5", []]);
  }
});
