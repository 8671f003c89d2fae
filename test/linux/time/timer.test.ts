/** The timer wheel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { timerBases, wheelTimers } from "../../../src/linux/time/timer.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const timerTypes = (bases: number): string => `
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  struct timer_list { struct hlist_node entry; unsigned long expires; void (*function)(struct timer_list *); };
  struct timer_base { unsigned long clk; struct hlist_head vectors[4]; };
  struct timer_base timer_bases[${bases}];`;

test("two timer bases are BASE_STD and BASE_DEF, three are the local, the global and the deferrable one", () => {
  const names = (count: number): string[] => {
    const kernel = toyKernel({ types: timerTypes(count), symbols: { timer_bases: at(1) } });
    return timerBases(kernel, 0).map(({ name }) => name);
  };
  assert.deepEqual(names(2), ["BASE_STD", "BASE_DEF"]);
  assert.deepEqual(names(3), ["BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"]);
});

test("timers of a wheel are listed bucket by bucket", () => {
  const kernel = toyKernel({
    types: timerTypes(1),
    symbols: { timer_bases: at(1) },
    memory: [
      ["timer_bases", [{ vectors: [{ first: at(3) }, {}, { first: at(2) }, {}] }]],
      ["struct timer_list", at(2), { expires: 7 }],
      ["struct timer_list", at(3), { expires: 5, entry: { next: at(4) } }],
      ["struct timer_list", at(4), { expires: 6 }],
    ],
  });
  const [base] = timerBases(kernel, 0);
  assert.deepEqual(
    [...wheelTimers(base!.base)].map((timer) => timer.at("expires").number()),
    [5, 6, 7],
  );
});
