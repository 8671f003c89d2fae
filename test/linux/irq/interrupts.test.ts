/** Interrupts, in the shapes that kernels give them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { irqs, irqNames } from "../../../src/linux/irq/irq.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const irqTypes = `
  struct irqaction { struct irqaction *next; const char *name; };
  struct irq_desc { struct irqaction *action; };`;

test("interrupts are found in an array if the kernel has no sparse ones", () => {
  const kernel = toyKernel({
    types: `${irqTypes} struct irq_desc irq_desc[2]; int nr_irqs;`,
    symbols: { irq_desc: at(1), nr_irqs: at(2) },
    memory: [
      ["irq_desc", [{ action: at(3) }, {}]],
      ["nr_irqs", 2],
      ["struct irqaction", at(3), { next: at(4), name: "timer" }],
      ["struct irqaction", at(4), {}],
    ],
  });
  assert.deepEqual(
    [...irqs(kernel)].map(({ number, desc }) => [number, irqNames(desc)]),
    [
      [0, ["timer", ""]],
      [1, []],
    ],
  );
});

test("a chain of irqactions that loops ends with a fault", () => {
  const kernel = toyKernel({
    types: irqTypes,
    memory: [
      ["struct irq_desc", at(1), { action: at(2) }],
      ["struct irqaction", at(2), { next: at(2), name: "x" }],
    ],
  });
  assert.throws(() => irqNames(kernel.object("struct irq_desc", at(1))), /more than 1024 irqactions/);
});
