/** What kind of crash a log ends in: the kernel's own words for each, and the panic that came of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crashIn, hungPid } from "../../../src/linux/printk/crashReport.ts";
import { oopsesIn } from "../../../src/linux/printk/oops.ts";

const CUT = "------------[ cut here ]------------";
const END = "---[ end trace 0000000000000000 ]---";
const panic = (words: string): string[] => [
  `Kernel panic - not syncing: ${words}`,
  `---[ end Kernel panic - not syncing: ${words} ]---`,
];

const crashes: readonly (readonly [kind: string, log: readonly string[], title: RegExp])[] = [
  [
    "NULL pointer dereference",
    [
      "BUG: kernel NULL pointer dereference, address: 0000000000000008",
      "Oops: 0000 [#1] SMP",
      END,
      ...panic("Fatal exception"),
    ],
    /^BUG: kernel NULL/,
  ],
  [
    "general protection fault",
    [
      "Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP",
      END,
      ...panic("Fatal exception in interrupt"),
    ],
    /general protection/,
  ],
  [
    "BUG",
    [CUT, "kernel BUG at fs/ext4/inode.c:2718!", "invalid opcode: 0000 [#1] SMP", END, ...panic("Fatal exception")],
    /^kernel BUG at fs/,
  ],
  [
    "list corruption",
    [
      "list_del corruption. prev->next should be ffff8881, but was dead000000000122",
      CUT,
      "kernel BUG at lib/list_debug.c:59!",
      "invalid opcode: 0000 [#1] SMP",
      END,
      ...panic("Fatal exception"),
    ],
    /^list_del corruption/,
  ],
  [
    "hung task",
    [
      "INFO: task cat:123 blocked for more than 120 seconds.",
      "task:cat  state:D",
      ...panic("hung_task: blocked tasks"),
    ],
    /^INFO: task cat/,
  ],
  [
    "soft lockup",
    [
      "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:42]",
      "RIP: 0010:spin+0x2",
      ...panic("softlockup: hung tasks"),
    ],
    /soft lockup/,
  ],
  [
    "hard lockup",
    ["watchdog: Watchdog detected hard LOCKUP on cpu 3", "RIP: 0010:spin+0x2", ...panic("Hard LOCKUP")],
    /hard LOCKUP/,
  ],
  [
    "RCU stall",
    ["rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu: \t1-....: (5249 ticks this GP)", ...panic("RCU Stall")],
    /self-detected/,
  ],
  [
    "out of memory",
    [
      "stress invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
      "Mem-Info:",
      ...panic("Out of memory: system-wide panic_on_oom is enabled"),
    ],
    /oom-killer/,
  ],
  ["sysrq", ["sysrq: Trigger a crash", ...panic("sysrq triggered crash")], /^sysrq/],
  [
    "stack overflow",
    [
      "BUG: TASK stack guard page was hit at 00000000e2 (stack is 0..1)",
      "stack guard page: 0000 [#1] SMP",
      END,
      ...panic("Fatal exception in interrupt"),
    ],
    /guard page/,
  ],
  [
    "double fault",
    [
      "traps: PANIC: double fault, error_code: 0x0",
      "double fault: 0000 [#1] SMP",
      END,
      ...panic("Fatal exception in interrupt"),
    ],
    /double fault/,
  ],
];

for (const [kind, log, title] of crashes) {
  test(`a ${kind} is reported as one, with the panic it caused`, () => {
    const crash = crashIn(oopsesIn(log));
    assert.equal(crash.report?.kind, kind);
    assert.match(crash.report.title, title);
    assert.match(crash.panic?.title ?? "", /^Kernel panic - not syncing/);
  });
}

test("oopses that the kernel survived are earlier ones, the last first, warnings left out", () => {
  const { report, panic: end, earlier } = crashIn(
    oopsesIn([
      "BUG: kernel NULL pointer dereference, address: 0000000000000000",
      END,
      "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 x+0x1",
      END,
      "general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#2] SMP",
      END,
      CUT,
      "kernel BUG at mm/slub.c:100!",
      END,
      ...panic("Fatal exception"),
    ]),
  ); // prettier-ignore
  assert.deepEqual([report?.kind, end?.kind], ["BUG", "panic"]);
  assert.deepEqual(
    earlier.map(({ kind }) => kind),
    ["general protection fault", "NULL pointer dereference"],
  );
});

test("an oops that the kernel survived is not why a hung task made it panic", () => {
  const log = [
    "BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6",
    END,
    ...panic("hung_task: blocked tasks"),
  ];
  const { report, panic: end, earlier } = crashIn(oopsesIn(log));
  assert.deepEqual([report?.kind, end], ["hung task", undefined]);
  assert.equal(earlier[0]?.kind, "page fault");
});

test("a panic about hung tasks is about the first of them, and no other panic is", () => {
  const hung = (task: string): string => `INFO: task ${task} blocked for more than 120 seconds.`;
  const log = [
    hung("kworker/u8:2:51"),
    "task:kworker/u8:2 state:D",
    hung("cat:283"),
    ...panic("hung_task: blocked tasks"),
  ];
  assert.equal(hungPid(crashIn(oopsesIn(log))), 51);
  assert.equal(hungPid(crashIn(oopsesIn(log.slice(0, 3)))), undefined);
  assert.equal(hungPid(crashIn(oopsesIn([hung("cat:283"), ...panic("sysrq triggered crash")]))), undefined);
});

test("a log without reports has no crash", () => {
  assert.deepEqual(crashIn([]), { report: undefined, panic: undefined, earlier: [] });
});

/** What the log is said to end in: kind and title. */
const told = (log: readonly string[], cpu?: number): readonly unknown[] => {
  const { report } = crashIn(oopsesIn(log), { cpu });
  return [report?.kind, report?.title];
};

test("of two simultaneous lockups, the lockup of the panic CPU is reported", () => {
  const log = [
    "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [left:42]",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [right:43]",
    "CPU: 0 PID: 42 Comm: left",
    "CPU: 1 PID: 43 Comm: right",
  ];
  const left = ["soft lockup", log[0]];
  assert.deepEqual(told([...log, ...panic("softlockup: hung tasks")], 0), left);
  assert.deepEqual(told([...log, ...panic("softlockup: hung tasks")], 1), ["soft lockup", log[1]]);
  const [words = "", end = ""] = panic("softlockup: hung tasks");
  // The panic's own report names the CPU where nothing else does.
  assert.deepEqual(told([...log, words, "CPU: 0 PID: 42 Comm: left", end]), left);
});

test("the title of an arm64 oops is its first line, however many lines of the abort follow", () => {
  const first = "Unable to handle kernel paging request at virtual address ffff800080000010";
  const about = Array.from({ length: 14 }, (_, i) => `  line ${i} of the abort`);
  const log = [
    first,
    ...about,
    "Internal error: Oops: 0000000096000046 [#1] SMP",
    END,
    ...panic("Oops: Fatal exception"),
  ];
  assert.deepEqual(told(log), ["page fault", first]);
});

test("a warning that is fatal by panic_on_warn is the cause", () => {
  const warning = "WARNING: CPU: 1 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110";
  for (const words of ["panic_on_warn set ...", "kernel: panic_on_warn set ..."])
    assert.deepEqual(told([CUT, warning, "RIP: 0010:x", ...panic(words)]), ["warning", warning]);
  assert.equal(told(panic("panic_on_warn set ..."))[0], "warning");
  const kasan = "BUG: KASAN: slab-use-after-free in acme_poll+0x77a/0x900 [acme]";
  assert.deepEqual(told([kasan, ...panic("KASAN: panic_on_warn set ...")]), ["memory corruption", kasan]);
});

test("a bare ud2 and other exceptions have the name that the kernel printed", () => {
  for (const title of ["invalid opcode: 0000 [#1] PREEMPT SMP NOPTI", "Oops: invalid opcode: 0000 [#1] SMP"])
    assert.deepEqual(told([title, "RIP: 0010:x", END, ...panic("Fatal exception")]), ["invalid opcode", title]);
  const segment = "stack segment: 0000 [#1] SMP NOPTI";
  assert.equal(told([segment, END, ...panic("Fatal exception")])[1], segment);
});

test("the death of init is reported with its exit code, unless an oops of init led to it", () => {
  const words = "Attempted to kill init! exitcode=0x0000000b";
  const oops = ["BUG: kernel NULL pointer dereference, address: 0000000000000008", "CPU: 0 PID: 169 Comm: insmod", END];
  const death = ["init killed", `Kernel panic - not syncing: ${words}`];
  assert.deepEqual(told(panic(words)), death);
  assert.deepEqual(told([...oops, ...panic(words)]), death);
  const own = oops.map((line) => line.replace("PID: 169", "PID: 1"));
  assert.deepEqual(told([...own, ...panic(words)]), ["NULL pointer dereference", oops[0]]);
});

test("a fault on an address out of a freed object is a use after free", () => {
  const headlines = [
    "general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b83: 0000 [#1] PREEMPT SMP",
    "Unable to handle kernel paging request at virtual address 6b6b6b6b6b6b6bdb",
  ];
  for (const headline of headlines) {
    const [kind, title] = told([headline, END, ...panic("Fatal exception")]);
    assert.equal(kind, "use after free");
    assert.ok(String(title).startsWith(headline) && /use after free/.test(String(title)), String(title));
  }
});

test("text printed after the panic is not its cause", () => {
  const first = "BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6";
  const log = [
    first,
    END,
    ...panic("Fatal exception"),
    "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 x+0x1",
    ...panic("again"),
  ];
  assert.deepEqual(told(log), ["page fault", first]);
});

test("a panic that an old oops did not cause is reported alone", () => {
  const log = ["BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6", END, ...panic("Fatal exception")];
  const { report, earlier } = crashIn(oopsesIn(log), { isRecent: () => false });
  assert.deepEqual([report?.kind, earlier.length], ["panic", 1]);
});

test("the first task that khungtaskd reports before its panic is the task of the crash", () => {
  const hung = (pid: number): string[] => [
    `INFO: task sh:${pid} blocked for more than 6 seconds.`,
    "Call Trace:",
    " <TASK>",
    " schedule+0x5a/0xd0",
    " </TASK>",
  ];
  const warning = ["WARNING: CPU: 0 PID: 7 at mm/slub.c:10 check_it+0x1/0x20"];
  const log = [...hung(170), ...warning, ...hung(177), ...hung(180), ...panic("hung_task: blocked tasks")];
  const { report, earlier } = crashIn(oopsesIn(log));
  assert.match(report?.title ?? "", /^INFO: task sh:177 /);
  assert.deepEqual(
    earlier.map(({ title }) => /sh:\d+/.exec(title)?.[0]),
    ["sh:170"],
  );
});
