import assert from "node:assert/strict";
import { test } from "node:test";
import { i386 } from "../../../../../src/arch/i386/i386.ts";
import { cpuWheels } from "../../../../../src/crash/commands/devices/timer/wheel.ts";
import { toyKernel } from "../../../../builders/kernel.ts";

const at = (page: number): bigint => 0xc000_0000n + BigInt(page * 0x1000);

test("timers are in the order in which they expire, also when jiffies wrap around", () => {
  const kernel = toyKernel({
    arch: i386,
    types: `
      struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
      struct hlist_head { struct hlist_node *first; };
      struct timer_list { struct hlist_node entry; unsigned long expires; void (*function)(struct timer_list *); };
      struct timer_base { unsigned long clk; struct hlist_head vectors[1]; };
      struct timer_base timer_bases[1];`,
    symbols: { timer_bases: at(1) },
    memory: [
      ["timer_bases", [{ vectors: [{ first: at(2) }] }]],
      ["struct timer_list", at(2), { expires: 5, entry: { next: at(3) } }],
      ["struct timer_list", at(3), { expires: 0xffff_fffen }],
    ],
  });
  const rows = [...cpuWheels(kernel, 0, 0xffff_fff0n)].flatMap((piece) =>
    piece.kind === "record" ? [piece.data] : [],
  );
  assert.deepEqual(
    rows.map((row) => (row as { timeToExpire: string }).timeToExpire),
    ["14", "21"],
  );
});
