import assert from "node:assert/strict";
import { test } from "node:test";
import { explanationOf, questionsOf } from "../../../src/panels/log/logExplain.ts";
import { reportsIn, rowsToShow, type LogLine } from "../../../src/panels/log/logLines.ts";
import { spansOf } from "../../../src/panels/log/logText.ts";
import type { Described } from "../../../src/protocol/custom.ts";

const log = (...texts: string[]): LogLine[] =>
  texts.map((text, i) => ({ text, level: 6, seconds: i, caller: undefined, continues: false }));

const X86 = log(
  "BUG: unable to handle page fault for address: ffffffffc0256000",
  "RIP: 0010:f+0x2f/0x43 [m]",
  "Code: 48 8b 43 20 <89> 28",
  "RSP: 0018:ffffd11f40523cd8 EFLAGS: 00000246",
  "RAX: 0000000000000000 RBX: ffff8ef6849a9800 RCX: 0000000000000005",
  "Call Trace:",
  " <TASK>",
  " ? g+0x1/0x2",
  " h+0x4a/0x1f0",
  "---[ end trace 0000000000000000 ]---",
  "RIP: 0010:f+0x2f/0x43 [m]",
  "Code: 48 8b 43 20 <89> 28",
  "RSP: 0018:ffffd11f40523cd8 EFLAGS: 00000246",
);
const whole = { kind: "oops", title: "", first: 0, end: X86.length } as const;

test("possible addresses in registers, the code and the call trace of a report are requested once", () => {
  const { places, codes } = questionsOf(X86, whole);
  assert.deepEqual(
    places.map(({ line, text, returns, register }) => [line, register, text, returns]),
    [
      [1, undefined, "f+0x2f/0x43 [m]", false],
      [3, "RSP", "ffffd11f40523cd8", false],
      [4, "RBX", "ffff8ef6849a9800", false],
      [7, undefined, "g+0x1/0x2", true],
      [8, undefined, "h+0x4a/0x1f0", true],
      [10, undefined, "f+0x2f/0x43 [m]", false],
    ],
  );
  assert.deepEqual(codes, [{ line: 2, text: "48 8b 43 20 <89> 28", at: "f+0x2f/0x43 [m]" }]);
});

test("on arm64 the address after an exception's entry is not a return address", () => {
  const lines = log(
    "pc : f+0x8/0x10",
    "x1 : ffff000003a40000 x0 : 0000000000000001",
    "Call trace:",
    " f+0x8/0x10",
    " el1h_64_sync+0x6c/0x70",
    " g+0x4/0x20",
    "Code: b9400c00 (b9000020) ",
  );
  const { places, codes } = questionsOf(lines, { ...whole, end: lines.length });
  assert.deepEqual(
    places.map(({ text, returns, register }) => [register, text, returns]),
    [
      [undefined, "f+0x8/0x10", false],
      ["x1", "ffff000003a40000", false],
      [undefined, "f+0x8/0x10", true],
      [undefined, "el1h_64_sync+0x6c/0x70", true],
      [undefined, "g+0x4/0x20", false],
    ],
  );
  assert.equal(codes[0]?.at, "f+0x8/0x10");
});

const described = (what: string | undefined, file?: string): Described => ({
  address: "0x1",
  symbol: undefined,
  code: false,
  what,
  places:
    file === undefined
      ? []
      : [
          { function: "inlined", file: "include/inlined.h", line: 3, path: undefined },
          { function: "f", file, line: 27, path: undefined },
        ],
});

test("explanations are below their lines: the object a register points to, the faulting instruction", () => {
  const questions = questionsOf(X86, whole);
  const answers = [
    described(undefined, "kernel/f.c"),
    described("stack of sh [7]"),
    described(undefined),
    null,
    null,
    null,
  ];
  const code = { address: "0x10", symbol: "f+0x2f", bytes: "89 28", text: "mov %ebp,(%rax)", faulting: true };
  const { rows, sources } = explanationOf(questions, answers, [[{ ...code, address: "0xf", faulting: false }, code]]);
  assert.deepEqual([...sources], [[1, ["include/inlined.h:3", "kernel/f.c:27"]]]);
  assert.deepEqual(
    rows.get(3)?.map(({ text, aside }) => [text, aside]),
    [[" RSP  ffffd11f40523cd8  stack of sh [7]", "register"]],
  );
  assert.equal(rows.get(4), undefined);
  assert.deepEqual(
    rows.get(2)?.map(({ aside }) => aside),
    ["code", "faulting"],
  );
  assert.match(rows.get(2)?.[1]?.text ?? "", /^→ f\+0x2f {2}89 28 {2}mov/);
});

test("explanations of a line are below it, fold with its report, and are not counted as hits", () => {
  const reports = reportsIn(X86);
  const wanted = { level: 7, pattern: undefined, explanations: new Map([[2, [100, 101]]]) };
  assert.deepEqual(rowsToShow(X86, reports, { ...wanted, folded: new Set() }).slice(2, 6), [1, 2, 100, 101]);
  assert.ok(!rowsToShow(X86, reports, { ...wanted, folded: new Set([0]) }).includes(100));
  assert.ok(!rowsToShow(X86, reports, { ...wanted, folded: new Set(), pattern: /./ }).includes(100));
});

test("counts, negative numbers and garbage in registers have no links", () => {
  const values = ["0000000000000005", "ffffffffffffffda", "c0000000ffffefff", "ffff8ef6849a9800", "00007fff03778df8"];
  const links = values.flatMap((value) => spansOf(`RAX: ${value}`)).filter(({ kind }) => kind === "address");
  assert.deepEqual(
    links.map(({ target }) => target),
    values.slice(3),
  );
});

test("modules of a report have links to their symbols, flags do not", () => {
  const modules = spansOf("Modules linked in: lab(OE+) qemu_fw_cfg virtio [last unloaded: gone]").filter(
    ({ kind }) => kind,
  );
  assert.deepEqual(
    modules.map(({ target, kind }) => `${kind} ${target}`),
    ["module lab", "module qemu_fw_cfg", "module virtio"],
  );
});
