import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../../../../src/arch/arm/arm.ts";
import { arm64 } from "../../../../../src/arch/arm64/arm64.ts";
import type { Arch } from "../../../../../src/arch/arch.ts";
import { cpuExceptionFrames } from "../../../../../src/crash/commands/tasks/bt/exceptionFrames.ts";
import { registerLines } from "../../../../../src/crash/commands/tasks/bt/registers.ts";
import { lineText } from "../../../../../src/say/piece.ts";
import { toyKernel } from "../../../../builders/kernel.ts";

const at = (page: number): bigint => 0xffff_8880_0000_0000n + BigInt(page * 0x1000);

const shown = (arch: Arch, link: string): string =>
  registerLines(toyKernel({ arch }), new Map([["pc", 0x1000n], [link, 0x2000n], ["sp", 0x3000n]])).map(lineText).join("\n"); // prettier-ignore

test("the link register has the name that its architecture uses", () => {
  assert.match(shown(arm, "lr"), /\blr : \[<00002000>\]/);
  assert.match(shown(arm64, "x30"), /\bLR: 0000000000002000\b/);
});

test("bt -E names the stacks of a machine as its kernel does", () => {
  const kernel = toyKernel({
    types: `union thread_union { char stack[16384]; };
      struct paca_struct { void *emergency_sp; void *nmi_emergency_sp; void *mc_emergency_sp; };
      struct paca_struct **paca_ptrs; void *hardirq_ctx[1]; void *softirq_ctx[1]; unsigned int nr_cpu_ids;`,
    symbols: { paca_ptrs: at(1), nr_cpu_ids: at(5) },
    memory: [
      ["paca_ptrs", at(2)],
      ["unsigned long", at(2), at(3)],
      ["struct paca_struct", at(3), { emergency_sp: at(20), nmi_emergency_sp: at(30), mc_emergency_sp: at(40) }],
      ["nr_cpu_ids", 1],
    ],
  });
  const titles = [...cpuExceptionFrames(kernel, [0])].flatMap(({ kind, ...piece }) =>
    kind === "text" && "lines" in piece ? piece.lines.map(lineText).filter((line) => line.startsWith("CPU")) : [],
  );
  assert.deepEqual(
    titles,
    ["emergency_sp", "nmi_emergency_sp", "mc_emergency_sp"].map((name) => `CPU 0 ${name} EXCEPTION STACK:`),
  );
});
