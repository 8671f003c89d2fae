import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuHrtimers } from "../../../../../src/crash/commands/devices/timer/hrtimers.ts";
import { toyKernel } from "../../../../builders/kernel.ts";

const at = (page: number): bigint => 0xffff_8880_0000_0000n + BigInt(page * 0x1000);

const types = `
  struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right; struct rb_node *rb_left; };
  struct rb_root { struct rb_node *rb_node; };
  struct timerqueue_head { struct rb_root head; };
  struct timerqueue_node { struct rb_node node; long long expires; };
  struct hrtimer { struct timerqueue_node node; long long _softexpires; void (*function)(void); };
  struct hrtimer_clock_base { unsigned int index; struct timerqueue_head active; char pad[4096]; long long offset; };
  struct hrtimer_cpu_base { struct hrtimer_clock_base clock_base[1]; };
  struct hrtimer_cpu_base hrtimer_bases;`;

/** Returns the records of a CPU's only timer, and of its clock's time. @param offset of the clock; undefined: unreadable */
const rows = (offset?: bigint) => {
  const kernel = toyKernel({
    types,
    symbols: { hrtimer_bases: at(1) },
    memory: [
      ["unsigned int", at(1), 0],
      ["struct timerqueue_head", at(1) + 8n, { head: { rb_node: at(5) } }],
      ...(offset === undefined ? [] : [["long long", at(1) + 4112n, offset] as const]),
      ["struct hrtimer", at(5), { node: { expires: 1500n }, _softexpires: 1400n }],
    ],
  });
  return [...cpuHrtimers(kernel, 0, 1000n)].flatMap((piece) => (piece.kind === "record" ? [piece.data] : []));
};

test("the time to expiry is that of the timer's clock, and a fault if the clock cannot be read", () => {
  assert.equal((rows(200n)[0] as { timeToExpire_ns: string }).timeToExpire_ns, "300");
  assert.match(JSON.stringify((rows()[0] as { timeToExpire_ns: unknown }).timeToExpire_ns), /"fault"/);
});
