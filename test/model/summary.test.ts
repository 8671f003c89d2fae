import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { summary, type SummaryOptions } from "../../src/model/summary.ts";
import { type ToyValue, toyKernel } from "../builders/kernel.ts";

const TYPES = `
  typedef unsigned char u8; typedef long long ktime_t; typedef unsigned dev_t; typedef unsigned short umode_t;
  typedef struct { int counter; } atomic_t;
  typedef struct { atomic_t refs; } refcount_t;
  typedef struct { unsigned val; } kuid_t;
  struct list_head { struct list_head *next, *prev; };
  struct hlist_head { struct list_head *first; };
  struct hlist_node { struct hlist_node *next, **pprev; };
  struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right, *rb_left; };
  struct cpumask { unsigned long bits[2]; };
  typedef struct cpumask cpumask_t;
  typedef struct { unsigned long sig[1]; } sigset_t;
  typedef struct { u8 b[16]; } uuid_t;
  struct work_struct { unsigned long data; struct list_head entry; void (*func)(struct work_struct *); };
  struct mutex { struct { long counter; } owner; struct list_head wait_list; };
  typedef struct raw_spinlock { struct { union { atomic_t val; u8 locked; }; } raw_lock; } raw_spinlock_t;
  typedef struct spinlock { union { struct raw_spinlock rlock; }; } spinlock_t;
  struct timespec64 { long long tv_sec; long tv_nsec; };
  enum state { RUNNING, DEAD };
  struct task { long first; enum state state; int pid; char comm[16]; struct list_head tasks; struct task *parent; long rest[20]; };
  struct opaque;`;

const ADDRESS = 0xffff_8880_0000_1000n;
const symbols = { schedule: { address: 0xffff_ffff_8100_0000n, type: "T" }, nr_cpu_ids: 0xffff_ffff_8200_0000n };

function shown(type: string, value: ToyValue, options: SummaryOptions = {}): string {
  const kernel = toyKernel({
    types: TYPES,
    symbols,
    memory: [
      [type, ADDRESS, value],
      ["unsigned", symbols.nr_cpu_ids, 100],
    ],
  });
  return summary(kernel.object(type, ADDRESS), options);
}

const rows: readonly (readonly [string, ToyValue, string])[] = [
  ["char [16]", "init", '"init"'],
  ["u8", 200, "200"],
  ["char", 65, "65 'A'"],
  ["enum state", 1, "DEAD"],
  ["atomic_t", 3, "3"],
  ["refcount_t", { refs: 7 }, "7"],
  ["kuid_t", { val: 1000 }, "1000"],
  ["ktime_t", 1_500_000_000n, "1.500000000 s"],
  ["ktime_t", -1n, "-0.000000001 s"],
  ["struct timespec64", { tv_sec: 2, tv_nsec: 5 }, "2.000000005 s"],
  ["dev_t", (8 << 20) | 1, "8:1"],
  ["umode_t", 0o100644, "0100644"],
  ["cpumask_t", { bits: [0b10001111n, 0n] }, "0-3,7"],
  ["struct cpumask", { bits: [~0n, ~0n] }, "0-99"],
  ["cpumask_t", { bits: [0n, 0n] }, "none"],
  ["sigset_t", { sig: [0b100000010n] }, "2,9"],
  ["struct list_head", { next: ADDRESS, prev: ADDRESS }, "empty"],
  ["struct list_head", { next: 0x10n }, "→ 0x10"],
  ["struct list_head", {}, "NULL"],
  ["struct hlist_head", {}, "empty"],
  ["struct hlist_node", {}, "not hashed"],
  ["struct rb_node", { __rb_parent_color: ADDRESS }, "in no tree"],
  ["struct rb_node", { __rb_parent_color: 0x2001n }, "parent 0x2000"],
  ["struct work_struct", { func: symbols.schedule.address }, "schedule"],
  ["struct mutex", {}, "unlocked"],
  [
    "struct mutex",
    { owner: { counter: 0xffff888000002001n } },
    "held by 0xffff888000002000, which is not in a list of tasks",
  ],
  ["spinlock_t", {}, "unlocked"],
  ["spinlock_t", { rlock: { raw_lock: { val: { counter: 1 } } } }, "locked"],
  ["void (*)(int)", symbols.schedule.address, "0xffffffff81000000 <schedule>"],
  ["uuid_t", { b: Uint8Array.from({ length: 16 }, (_, i) => i) }, "00010203-0405-0607-0809-0a0b0c0d0e0f"],
  ["int [3]", [1, 2, 3], "{1, 2, 3}"],
  ["struct list_head [4]", [], "[4]"],
  ["const char *", "text", '0xffffffff70000000 "text"'],
];
for (const [type, value, wanted] of rows) {
  test(`${type} is summarized as ${wanted}`, () => {
    assert.equal(shown(type, value), wanted);
  });
}

test("a struct is summarized by its identifying members, then by its first members, within a width", () => {
  assert.equal(
    shown("struct task", { pid: 1, comm: "init", first: 5 }),
    '{pid = 1, comm = "init", first = 5, state = RUNNING, tasks = NULL, parent = 0x0, …}',
  );
  assert.equal(shown("struct task", { pid: 1, comm: "init", first: 5 }, { width: 30 }), '{pid = 1, comm = "init", …}');
});

test("a pointer to such a struct has the same summary", () => {
  const kernel = toyKernel({ types: TYPES });
  kernel.put("struct task", 0x5000n, { pid: 9, comm: "sh" });
  assert.equal(summary(kernel.value("struct task *", 0x5000n)), '0x5000 {pid = 9, comm = "sh", …}');
  assert.equal(summary(kernel.value("struct task *", 0x9000n)), "0x9000");
});

test("a struct with one member is summarized as that member", () => {
  const types = "struct action { void *handler; unsigned long flags; }; struct k_action { struct action sa; };";
  const kernel = toyKernel({ types: `${TYPES}${types}` });
  kernel.put("struct k_action", 0x5000n, { sa: { handler: 0n, flags: 4 } });
  assert.equal(summary(kernel.object("struct k_action", 0x5000n)), "{handler = 0x0, flags = 4}");
});

test("a NULL pointer has no further summary", () => {
  assert.equal(summary(toyKernel({ types: TYPES }).value("struct task *", 0n)), "0x0");
});

test("hexadecimal is for numbers", () => {
  assert.equal(shown("atomic_t", 255, { radix: 16 }), "0xff");
});

test("an unreadable object is a fault; the fault of a member is inline", () => {
  const kernel = toyKernel({ types: TYPES });
  assert.throws(() => summary(kernel.object("atomic_t", 0x5000n)), Fault);
  assert.throws(() => summary(kernel.object("struct list_head", 0x5000n)), Fault);
  kernel.put("long", 0x5ff8n, 3);
  assert.match(
    summary(kernel.object("struct task", 0x5ff8n), { width: 200 }),
    /first = 3, state = <page excluded from dump>/,
  );
});

test("bits of a big-endian mask are counted within its longs", () => {
  const kernel = toyKernel({ arch: { name: "s390x", byteOrder: "big", wordSize: 8 }, types: TYPES });
  kernel.put("struct cpumask", 0x1000n, { bits: [0b101n, 1n] });
  assert.equal(summary(kernel.object("struct cpumask", 0x1000n)), "0,2,64");
});

test("a long with an address is in hexadecimal, also inside other types; other numbers are not", () => {
  const options = { isAddress: (word: bigint) => word >= 0xffff_8880_0000_0000n && word < 0xffff_8890_0000_0000n };
  assert.equal(shown("long", -0x7780_0000_0000n + 0x41n, options), "0xffff888000000041");
  assert.equal(shown("unsigned long", 0xffff_8880_0000_0040n, options), "0xffff888000000040");
  assert.match(shown("struct task", { first: 0xffff_8880_0000_0041n }, options), /first = 0xffff888000000041/);
  for (const [type, value, text] of [
    ["long", -22, "-22"],
    ["int", -1, "-1"],
    ["unsigned long", 4096, "4096"],
  ] as const)
    assert.equal(shown(type, value, options), text);
  assert.equal(shown("long", -0x7780_0000_0000n), String(-0x778000000000));
});
