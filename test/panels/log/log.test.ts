import assert from "node:assert/strict";
import { test } from "node:test";
import {
  reportsIn,
  bootTime,
  rowsToShow,
  headingOf,
  linesOf,
  type LogLine,
  panicSeconds,
  timeText,
  zeroName,
} from "../../../src/panels/log/logLines.ts";
import { splitAtMatches, spansOf } from "../../../src/panels/log/logText.ts";
import { stopwatch } from "../../builders/stopwatch.ts";
import type { Grid, GridCell } from "../../../src/protocol/grid.ts";

const log = (...texts: string[]): LogLine[] =>
  texts.map((text, i) => ({ text, level: 6, seconds: i, caller: undefined, continues: false }));

const OOPS = [
  "BUG: kernel NULL pointer dereference, address: 0000000000000000",
  "#PF: supervisor write access in kernel mode",
  "Oops: 0002 [#1] PREEMPT SMP NOPTI",
  "CPU: 0 PID: 169 Comm: insmod",
  "RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]",
  "---[ end trace 0000000000000000 ]---",
  "RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]",
  "CR2: 0000000000000000",
];
const PANIC = [
  "Kernel panic - not syncing: Fatal exception",
  "Kernel Offset: 0x1a400000",
  "---[ end Kernel panic - not syncing: Fatal exception ]---",
];
const WARNING = [
  "------------[ cut here ]------------",
  "WARNING: CPU: 1 PID: 7 at fs/inode.c:12 f+0x1/0x2",
  "Modules linked in: ext4",
  "---[ end trace 0000000000000000 ]---",
];
const reports = (...texts: string[]) => reportsIn(log(...texts)).map(({ kind, first, end }) => [kind, first, end]);

test("an oops extends from its headline past its end mark to the last register", () => {
  assert.deepEqual(reports("before", ...OOPS, "after"), [["oops", 1, 9]]);
});

test("the panic that follows an oops is a report of its own", () => {
  assert.deepEqual(reports(...OOPS, ...PANIC), [
    ["oops", 0, 8],
    ["panic", 8, 11],
  ]);
});

test("a warning begins at its cut mark and has its headline as title", () => {
  assert.deepEqual(reports("x", ...WARNING, "y"), [["warning", 1, 5]]);
  assert.equal(reportsIn(log(...WARNING))[0]?.title, WARNING[1]);
});

test("a report without an end mark ends with its trace", () => {
  const lines = [
    "watchdog: BUG: soft lockup - CPU#0 stuck",
    "CPU: 0 PID: 1",
    "Call Trace:",
    " f+0x1/0x2",
    "eth0: link up",
  ];
  assert.deepEqual(reports(...lines), [["oops", 0, 4]]);
});

test("ordinary lines are no report", () => {
  assert.deepEqual(reports("usb 1-1: new device", "Debug: BUG: in the middle", "---[ end trace 0 ]---"), []);
});

test("a folded report leaves its heading", () => {
  const lines = log("a", ...PANIC, "b");
  const found = reportsIn(lines);
  const wanted = { level: 7, pattern: undefined };
  assert.deepEqual(rowsToShow(lines, found, { ...wanted, folded: new Set() }), [0, headingOf(0), 1, 2, 3, 4]);
  assert.deepEqual(rowsToShow(lines, found, { ...wanted, folded: new Set([0]) }), [0, headingOf(0), 4]);
});

test("a search shows matching lines without headings", () => {
  const lines = log("a", ...PANIC, "b");
  const wanted = { level: 7, pattern: /kernel/i, folded: new Set([0]) };
  assert.deepEqual(rowsToShow(lines, reportsIn(lines), wanted), [1, 2, 3]);
});

test("a level leaves out milder lines, but not lines without a level", () => {
  const lines: LogLine[] = [3, 4, 6, undefined].map((level) => ({ ...log("x")[0]!, level }));
  assert.deepEqual(rowsToShow(lines, [], { level: 4, pattern: undefined, folded: new Set() }), [0, 1, 3]);
});

test("a message of several lines becomes as many lines, all with its time and level", () => {
  const shared = { level: 3, caller: "T7" };
  assert.deepEqual(linesOf([{ ...shared, time_ns: "1500000000", text: "one\ntwo" }]), [
    { ...shared, seconds: 1.5, text: "one", continues: false },
    { ...shared, seconds: 1.5, text: "two", continues: true },
  ]);
});

test("times are shown since boot, by the clock, and relative to the panic", () => {
  assert.equal(timeText(6.93, "boot", undefined), "6.930000");
  assert.equal(timeText(6.93, "panic", 7), "-0.070000");
  assert.equal(timeText(7.5, "panic", 7), "+0.500000");
  assert.equal(timeText(6.93, "wall", 1_700_000_000), "2023-11-14 22:13:26");
  assert.equal(timeText(undefined, "boot", undefined), "");
});

test("boot is the time of the crash less how long the machine was up", () => {
  const sys = (date: GridCell, uptime: GridCell): Grid => ({
    tables: [
      {
        columns: [
          { name: "date", kind: "number" },
          { name: "uptime_ns", kind: "number" },
        ],
        rows: [[date, uptime]],
      },
    ],
    remarks: [],
    omissions: [],
    more: false,
  });
  const crash = Date.UTC(2026, 10, 21, 10, 19, 24) / 1000;
  assert.equal(bootTime(sys(crash, "6940000000")), crash - 6);
  assert.equal(bootTime(sys({ fault: "excluded", address: null, message: "gone" }, "6940000000")), undefined);
  assert.equal(bootTime(sys(crash, null)), undefined);
});

test("time counts from the panic, else from the last oops, else from the end", () => {
  const zero = (...texts: string[]) => panicSeconds(log(...texts), reportsIn(log(...texts)));
  assert.equal(zero("a", ...OOPS, ...PANIC), 9);
  assert.equal(zero("a", ...OOPS, "b"), 1);
  assert.equal(zero("a", "b", "c"), 2);
  const name = (...texts: string[]) => zeroName(reportsIn(log(...texts)));
  assert.deepEqual(
    [name("a", ...OOPS, ...PANIC), name("a", ...OOPS, "b"), name("a")],
    ["the Panic", "the Last Oops", "the End"],
  );
});

const targets = (text: string) => spansOf(text).flatMap(({ target, kind }) => (target ? [`${kind} ${target}`] : []));

test("code, addresses, source lines and pids of a line have links", () => {
  assert.deepEqual(targets("RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]"), [
    "code lab_apply+0x2f/0x43 [lab_nullderef]",
  ]);
  assert.deepEqual(targets("RBX: ffff8ef6849a9800 RCX: 0000000000000005"), ["address ffff8ef6849a9800"]);
  assert.deepEqual(targets("WARNING: CPU: 1 PID: 7 at fs/inode.c:12 f+0x1/0x2"), [
    "pid 7",
    "source fs/inode.c:12",
    "code f+0x1/0x2",
  ]);
});

test("the pieces of a line are the line", () => {
  for (const text of [...OOPS, ...WARNING, "", "plain"]) {
    assert.equal(
      spansOf(text)
        .map((span) => span.text)
        .join(""),
      text,
    );
  }
});

test("every second piece of a searched text is a hit", () => {
  assert.deepEqual(splitAtMatches("a Panic, a panic", /panic/i), ["a ", "Panic", ", a ", "panic", ""]);
  assert.deepEqual(splitAtMatches("abc", undefined), ["abc"]);
  assert.deepEqual(splitAtMatches("abc", /x*/), ["abc"]);
});

test("a hundred thousand lines are searched in less than a step of 100 ms", () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => log(`usb 1-${i}: new high-speed device`)[0]!);
  const search = (): number => {
    const spent = stopwatch();
    const entries = rowsToShow(lines, [], { level: 7, pattern: /1-99\d+:/i, folded: new Set() });
    assert.equal(entries.length, 10 + 100 + 1000);
    return spent();
  };
  // The best of some: other tests share the machine.
  const best = Math.min(...Array.from({ length: 5 }, search));
  assert.ok(best < 100, `${best} ms`);
});
