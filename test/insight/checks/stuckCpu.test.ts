/** CPUs with interrupts off whose clock stands still. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayBeTickless } from "../../../src/insight/checks/stuckCpu.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const AT = 0xffff_8880_3000_0000n;

const kernel = (mask: ToyValue, running = 1, type = "struct cpumask cpumask_var_t[1]") =>
  toyKernel({
    types: `struct cpumask { unsigned long bits[1]; }; typedef ${type};
      bool tick_nohz_full_running; cpumask_var_t tick_nohz_full_mask; unsigned int nr_cpu_ids; unsigned long elsewhere;`,
    symbols: {
      tick_nohz_full_running: AT,
      tick_nohz_full_mask: AT + 8n,
      nr_cpu_ids: AT + 16n,
      elsewhere: AT + 24n,
    },
    memory: [
      ["tick_nohz_full_running", running],
      ["tick_nohz_full_mask", mask],
      ["nr_cpu_ids", 4],
      ["elsewhere", 4n],
    ],
  });

test("only a CPU of nohz_full= may have had no tick", () => {
  assert.equal(mayBeTickless(kernel([{ bits: [4n] }]), 2), true);
  assert.equal(mayBeTickless(kernel([{ bits: [4n] }]), 1), false);
  assert.equal(mayBeTickless(kernel([{ bits: [4n] }], 0), 2), false);
  assert.equal(mayBeTickless(toyKernel({ types: "" }), 2), false);
});

test("a mask behind a pointer is followed; one that cannot be read leaves the doubt", () => {
  assert.equal(mayBeTickless(kernel(AT + 24n, 1, "struct cpumask *cpumask_var_t"), 2), true);
  assert.equal(mayBeTickless(kernel(AT + 24n, 1, "struct cpumask *cpumask_var_t"), 1), false);
  assert.equal(mayBeTickless(kernel(0x10n, 1, "struct cpumask *cpumask_var_t"), 1), true);
});
