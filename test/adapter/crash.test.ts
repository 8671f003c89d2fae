/** What kind of crash a log ends in: the kernel's own words for each, and the panic that came of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crashIn } from "../../src/adapter/crash.ts";
import { oopsesIn } from "../../src/linux/oops.ts";

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
    /list_debug/,
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
  test(`a ${kind} is told as one, with the panic it led to`, () => {
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

test("a log without reports tells of no crash", () => {
  assert.deepEqual(crashIn([]), { report: undefined, panic: undefined, earlier: [] });
});
