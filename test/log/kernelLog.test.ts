import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesIn, type LineEntry } from "../../src/log/entries.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { landmarksOf } from "../../src/log/landmarks.ts";
import { stopwatch } from "../builders/stopwatch.ts";

const read = (text: string): KernelLog => KernelLog.of(text.split("\n"));
const entriesOf = (log: KernelLog): Map<number, LineEntry> => new Map(entriesIn(log, 0, log.lines.length));
const exactLines = (log: KernelLog): number[] =>
  [...entriesOf(log)].filter(([, { returns }]) => !returns).map(([line]) => line);

const WARNING = `[    1.0] usb 1-1: new device
[    2.0] ------------[ cut here ]------------
[    2.0] WARNING: CPU: 1 PID: 42 at kernel/softirq.c:376 __local_bh_enable_ip+0x6d/0x80
[    2.0] Modules linked in: e1000(P)
[    2.0] CPU: 1 PID: 42 Comm: ksoftirqd/1 Tainted: P        W          6.1.0-9-amd64 #1 Debian
[    2.0] RIP: 0010:__local_bh_enable_ip+0x6d/0x80
[    2.0] Call Trace:
[    2.0]  <IRQ>
[    2.0]  run_ksoftirqd+0x1/0x20
[    2.0]  </IRQ>
[    2.0]  kthread+0x2/0x30
[    2.0] ---[ end trace 0000000000000000 ]---
[    3.0] usb 1-1: gone`;

test("a warning begins at its cut mark, ends at its end mark, and is named by its second line", () => {
  const log = read(WARNING);
  const [report, ...others] = log.reports;
  assert.deepEqual(others, []);
  assert.ok(report);
  const { severity, headline, site, guilty, traces } = factsOf(log, report);
  assert.deepEqual(
    {
      severity,
      headline,
      start: report.start,
      end: report.end,
      site: site?.place?.name,
      where: guilty?.place.name,
      traces: traces.map(({ start, end }) => ({ start, end })),
    },
    {
      severity: "warning",
      headline: "WARNING: CPU: 1 PID: 42 at kernel/softirq.c:376 __local_bh_enable_ip+0x6d/0x80",
      start: 1,
      end: 12,
      site: "__local_bh_enable_ip",
      // What turns interrupts on again is machinery: who called it is asked for.
      where: "run_ksoftirqd",
      traces: [{ start: 6, end: 11 }],
    },
  );
});

test("the release, the modules and the tasks of a report are read", () => {
  const log = landmarksOf(read(WARNING));
  assert.equal(log.release, "6.1.0-9-amd64");
  assert.deepEqual([...log.modules], [["e1000", "P"]]);
  assert.deepEqual([...log.tasks], [[42, "ksoftirqd/1"]]);
});

test("entries of a call trace are return addresses, the program counter is not", () => {
  const log = read(WARNING);
  assert.deepEqual([...entriesOf(log).keys()], [5, 8, 10]);
  assert.deepEqual(exactLines(log), [5]);
});

test("prefixes of dmesg, /dev/kmsg, syslog, journalctl and crash are removed", () => {
  for (const prefix of [
    "<4>[    2.0] ",
    "[    2.0][  T42] ",
    "[Sat Nov 21 10:15:16 2026] ",
    "Nov 21 10:15:16 host kernel: ",
    "Nov 21 10:15:16 host kernel: [    2.0] ",
    "kern  :warn  : [    2.0] ",
    "2026-11-21T10:15:16.123456+00:00 host kernel: [    2.0] ",
    "2026-11-21T10:15:16+0000 host kernel: ",
    "[    2.0] host kernel: ",
    "4,339,5140900,-;",
    "4,339,5140900,-,caller=T1;",
    "2026-11-21T10:15:16,123456+00:00 ",
    "[    2.0 <    0.000003>] ",
    "[  +0.000003] ",
    "[Nov21 10:15] ",
    "[Sat Nov 21 10:15:16 UTC 2026] ",
    "[    2.0] <4>",
    "",
  ]) {
    const log = read(
      WARNING.replaceAll("[    1.0] ", prefix).replaceAll("[    2.0] ", prefix.replace("2.0", "2.012345")),
    );
    assert.equal(log.reports.length, 1, prefix);
    assert.deepEqual([...entriesOf(log).keys()], [5, 8, 10], prefix);
  }
});

test("a panic within an oops is a report of its own, and the next boot ends it", () => {
  const { reports } = read(`[    5.0] BUG: unable to handle page fault for address: ffffc90000000000
[    5.0] Oops: 0002 [#1] PREEMPT SMP
[    5.0] RIP: 0010:f+0x1/0x2
[    5.0] ---[ end trace 0000000000000000 ]---
[    5.1] Kernel panic - not syncing: Fatal exception
[    0.0] Linux version 6.1.0
[    0.1] Call Trace:`);
  assert.deepEqual(
    reports.map(({ start, end }) => [start, end]),
    [
      [0, 4],
      [4, 5],
    ],
  );
});

test("the interrupted frame of arm is not a return address", () => {
  const log = read(`[   15.1]  call_with_stack from __irq_svc+0x98/0xb0
[   15.1] Exception stack(0xd0b95e78 to 0xd0b95ec0)
[   15.1] 5e60:                                                       017a64b8 beffffff
[   15.1]  __irq_svc from filldir64+0x104/0x218
[   15.1]  filldir64 from kernfs_fop_readdir+0x11c/0x288`);
  assert.deepEqual([...entriesOf(log).keys()], [0, 3, 4]);
  assert.deepEqual(exactLines(log), [3]);
});

test("a word with an address and a symbol is looked up by the symbol, which is valid for every boot", () => {
  const entries = entriesOf(read("[  7.6] Call Trace:\n[  7.6]  [<000003ffff4016de>] dump_stack_lvl+0x76/0xa0 "));
  assert.equal(entries.get(1)?.word.kind, "symbol");
});

test("frames of crash's bt are return addresses, the exception's RIP is none", () => {
  const log = read(` #0 [ffffd11f40523ad8] panic at ffffffff9b9cd21a
 #3 [ffffd11f40523c20] asm_exc_page_fault at ffffffff9bc00c02
    [exception RIP: lab_apply+47]
    RIP: ffffffffc024b02f  RSP: ffffd11f40523cd8  RFLAGS: 00000246
 #4 [ffffd11f40523d00] hello_init at ffffffffc02560b8 [lab_nullderef]`);
  assert.deepEqual([...entriesOf(log).keys()], [0, 1, 2, 4]);
  assert.deepEqual(exactLines(log), [2]);
});

test("a log of a hundred thousand lines is read quickly", () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `[    1.000000] BUG: line ${i} f+0x1/0x2`);
  const spent = stopwatch();
  assert.equal(KernelLog.of(lines).reports.length, lines.length);
  assert.ok(spent() < 3000);
});

test("facts of as many reports as a log can hold are read in a moment, panics among them", () => {
  for (const lines of [
    ["WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"],
    ["Kernel panic - not syncing: x", "---[ end Kernel panic - not syncing: x ]---"],
  ]) {
    const log = KernelLog.of(Array.from({ length: 20_000 }, () => lines).flat());
    const spent = stopwatch();
    // The last first: it has all others before it.
    for (const report of [...log.reports].reverse()) factsOf(log, report);
    assert.ok(spent() < 6000, `${lines[0]}: ${spent()} ms`);
  }
});

/** Titles of the reports of a log, with their lines. */
const reportsOf = (text: string): unknown[] => {
  const log = read(text);
  return log.reports.map((report) => [report.start, report.end, factsOf(log, report).headline]);
};

test("reports of every kind begin where the kernel begins them", () => {
  for (const title of [
    "kworker/0:1: page allocation failure: order:5, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)",
    "BUG kmalloc-64 (Tainted: G    B      ): Poison overwritten",
    "stack segment: 0000 [#1] SMP PTI",
    "alignment check: 0000 [#1] SMP",
    "Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP NOPTI",
    "general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP NOPTI",
    "specification exception: 0006 ilc:2 [#1] SMP",
    "SError Interrupt on CPU0, code 0x00000000bf000002 -- SError",
    "usercopy: Kernel memory exposure attempt detected from SLUB object 'kmalloc-64' (offset 0, size 128)!",
  ])
    assert.deepEqual(reportsOf(`[    1.0] before\n[    2.0] ${title}\n[    2.0] Call Trace:`), [[1, 3, title]]);
  assert.deepEqual(reportsOf("[    1.0] e1000: copied 0000 [done]\n[    1.0] mode: 0755 [ok]"), []);
});

test("the output of die() belongs to the fault before it, and not to another open report", () => {
  const bug = `[    5.0] ------------[ cut here ]------------
[    5.0] kernel BUG at mm/usercopy.c:99!
[    5.0] invalid opcode: 0000 [#1] SMP PTI
[    5.0] ---[ end trace 0000000000000000 ]---`;
  assert.deepEqual(reportsOf(bug), [[0, 4, "kernel BUG at mm/usercopy.c:99!"]]);
  assert.deepEqual(
    reportsOf(`[    5.0] ${"=".repeat(66)}
[    5.0] BUG: KASAN: slab-out-of-bounds in f+0x12/0x40
[    5.0] ${"=".repeat(66)}
[    6.0] INFO: task a:1 blocked for more than 120 seconds.
[    7.0] stack segment: 0000 [#1] SMP`),
    [
      [0, 3, "BUG: KASAN: slab-out-of-bounds in f+0x12/0x40"],
      [3, 4, "INFO: task a:1 blocked for more than 120 seconds."],
      [4, 5, "stack segment: 0000 [#1] SMP"],
    ],
  );
});

test("the message of a warning is between its cut mark and its headline", () => {
  const log = read(`[    1.0] ------------[ cut here ]------------
[    1.0] refcount_t: underflow; use-after-free.
[    1.0] WARNING: CPU: 1 PID: 42 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
[    1.0] ---[ end trace 0000000000000000 ]---`);
  const [report] = log.reports;
  assert.ok(report);
  const { headline, messages, guilty } = factsOf(log, report);
  assert.deepEqual([report.start, report.end, headline.slice(0, 8)], [0, 4, "WARNING:"]);
  assert.deepEqual(messages, ["refcount_t: underflow; use-after-free."]);
  assert.equal(guilty, undefined, "who dropped the reference is not told");
  const corrupted = "list_add corruption. next->prev should be prev (ffff88800), but was 0000000000000000.";
  assert.deepEqual(
    reportsOf(`[    1.0] ------------[ cut here ]------------
[    1.0] ${corrupted}
[    1.0] WARNING: CPU: 1 PID: 42 at lib/list_debug.c:29 __list_add_valid+0x8f/0xa0
[    1.0] ---[ end trace 0000000000000000 ]---`),
    [[0, 4, corrupted]],
  );
});

test("a list of modules can continue in the next message", () => {
  const { modules, moreModules } = landmarksOf(
    read(`[    1.0] Modules linked in: e1000(P) nf_tables
[    1.0]  snd_hda(E) last_one [last unloaded: gone]
[    1.0]  no_module any_more`),
  );
  assert.deepEqual([...modules.keys()], ["e1000", "nf_tables", "snd_hda", "last_one"]);
  assert.deepEqual(
    [...moreModules].map(([line, words]) => [line, words.map(({ name }) => name)]),
    [[1, ["snd_hda", "last_one"]]],
  );
  const { modules: alone } = landmarksOf(
    read("[    1.0] Modules linked in: e1000(P)\n[    1.0] CPU: 0 PID: 1 Comm: init"),
  );
  assert.deepEqual([...alone.keys()], ["e1000"]);
});

test("entries that s390x doubts are entries; arm64's link register is a return address", () => {
  const log = read(`[    9.0] lr : bar+0x1/0x20 [mod]
[    9.0] Call Trace:
[    9.0]  [<000003ff800a1b2c>] f+0x1c/0x40 [mod]
[    9.0] ([<000003ff800a1b2c>] g+0x1c/0x40 [mod])
[    9.0]  [<000003ff800a1b2c>] h+0x1c/0x40 [mod]`);
  assert.deepEqual(
    [...entriesOf(log)].map(([line, { word, returns }]) => [line, "name" in word && word.name, returns]),
    [
      [0, "bar", true],
      [2, "f", true],
      [3, "g", true],
      [4, "h", true],
    ],
  );
});
