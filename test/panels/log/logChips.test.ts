import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chipTest,
  chipText,
  commonest,
  factsOfLines,
  type LogChip,
  subsystemOf,
  withChip,
} from "../../../src/panels/log/logChips.ts";
import { type LogLine, reportsIn, rowsToShow } from "../../../src/panels/log/logLines.ts";

const line = (text: string, seconds: number | undefined, caller?: string): LogLine => ({
  text,
  level: 6,
  seconds,
  caller,
  continues: false,
});

const LINES = [
  line("usb 1-1: new high-speed USB device", 1, "T12"),
  line("EXT4-fs (vda1): mounted filesystem", 2, "T1"),
  line("usb 2-1: new full-speed USB device", 3, "C1"),
  line("BUG: kernel NULL pointer dereference, address: 0000000000000000", 4, "T169"),
  line("Oops: 0002 [#1] PREEMPT SMP NOPTI", 4, "T169"),
  line("CPU: 0 PID: 169 Comm: insmod Tainted: G           OE      6.1.0-56-cloud-amd64 #1", 4, "T169"),
  line("RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]", 4, "T169"),
  line("---[ end trace 0000000000000000 ]---", undefined, "T169"),
];
const REPORTS = reportsIn(LINES);
const FACTS = factsOfLines(LINES, REPORTS);

const shown = (...chips: LogChip[]): number[] =>
  rowsToShow(LINES, REPORTS, { level: 7, pattern: undefined, matches: chipTest(chips, FACTS), folded: new Set() });

test("the subsystem of a message is the driver or the program that it names first", () => {
  const subsystems = [
    "usb 1-1: new",
    "pci 0000:00:01.0: [8086:1237]",
    "EXT4-fs (vda1): mounted",
    "systemd[1]: Started",
    "x86/fpu: Enabled",
  ].map(subsystemOf);
  assert.deepEqual(subsystems, ["usb", "pci", "EXT4-fs", "systemd", "x86/fpu"]);
  assert.deepEqual(["Command line: BOOT_IMAGE", "Linux version 6.1", " a: b"].map(subsystemOf), [
    undefined,
    undefined,
    undefined,
  ]);
});

test("a log is limited to a subsystem, a task, a CPU, and a range of time", () => {
  assert.deepEqual(shown({ kind: "subsystem", value: "usb" }), [0, 2]);
  assert.deepEqual(shown({ kind: "task", value: "169" }), [3, 4, 5, 6, 7]);
  assert.deepEqual(shown({ kind: "from", value: "2.000000" }, { kind: "to", value: "3.000000" }), [1, 2, 7]);
});

test("all lines of a report have its CPU, and no subsystem", () => {
  assert.deepEqual(shown({ kind: "cpu", value: "0" }), [3, 4, 5, 6, 7]);
  assert.deepEqual(shown({ kind: "cpu", value: "1" }), [2]);
  assert.ok(FACTS.slice(3).every(({ subsystem }) => subsystem === undefined));
});

test("a second filter of a kind replaces the first; the menu offers what most lines have", () => {
  const chips = withChip([{ kind: "task", value: "1" }, { kind: "cpu", value: "0" }], { kind: "task", value: "169" }); // prettier-ignore
  assert.deepEqual(chips.map(chipText), ["CPU 0", "task 169"]);
  assert.deepEqual(commonest(FACTS, "subsystem", 1), [{ value: "usb", count: 2 }]);
});
