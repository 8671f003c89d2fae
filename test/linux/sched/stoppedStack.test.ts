/** What bt shows of a CPU that went on after its registers had been saved. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import type { OrcEntry } from "../../../src/debuginfo/source.ts";
import { stoppedStack } from "../../../src/linux/sched/stoppedStack.ts";
import { plainCall } from "../../builders/orc.ts";
import { stackAddress, taskAddress, toyTasks } from "../../builders/tasks.ts";

const TEXT = 0xffffffff81000000n;
const OTHER_STACK = 0xffffc90000080000n;
const PER_CPU = 0xffff_8880_1000_0000n;

const noRule = { ...plainCall, spRegister: "undefined", spOffset: 0, type: "undefined" } as const;
const functions: readonly (readonly [name: string, orc: OrcEntry])[] = [
  ["machine_kexec", { ...plainCall, spOffset: 0x18 }],
  ["asm_exc_double_fault", { ...plainCall, spOffset: 0, type: "regs", signal: true }],
  ["lab_deep", { ...plainCall, spOffset: 0x18 }],
  ["ret_from_fork", { ...noRule, type: "end" }],
];
const at = (name: string): bigint => TEXT + BigInt(functions.findIndex(([one]) => one === name)) * 0x100n + 0x20n;
const orc = (pc: bigint): OrcEntry | undefined => functions[Number((pc - TEXT) >> 8n)]?.[1];

test("an oops that calls crash_kexec() leaves its frames on the stack of its exception: they lead to what it saved", () => {
  const sp = stackAddress(7) - 0x10n;
  const saved = new Map([["rip", at("lab_deep")], ["rsp", sp], ["cs", 0x10n]]); // prettier-ignore
  const kernel = toyTasks({
    cpus: [7],
    tasks: [{ pid: 7, comm: "insmod" }],
    more: {
      arch: x86_64,
      types: `struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss; };`,
      symbols: {
        hardirq_stack_ptr: 0x800n,
        ...Object.fromEntries(functions.map(([name]) => [name, { address: at(name) - 0x20n, size: 0x100, type: "T" }])),
      },
      parts: {
        cpuNotes: [{ registers: saved, pid: undefined }],
        code: {
          scopes: () => [],
          lineRange: () => undefined,
          statement: () => undefined,
          cfi: () => undefined,
          orc,
          callSite: () => undefined,
          isText: (pc) => orc(pc) !== undefined,
          bias: () => 0n,
        },
      },
      memory: [
        ["unsigned long", PER_CPU + 0x800n, OTHER_STACK + 0x4000n - 8n],
        ["char [16384]", OTHER_STACK, new Uint8Array(16384)],
        ["unsigned long", OTHER_STACK + 0x3000n, at("machine_kexec")],
        ["unsigned long", OTHER_STACK + 0x3018n, at("asm_exc_double_fault")],
        ["struct pt_regs", OTHER_STACK + 0x3020n, { ip: at("lab_deep"), sp, cs: 0x10n }],
        ["unsigned long", stackAddress(7), at("ret_from_fork")],
      ],
    },
  });
  const { frames, fault } = stoppedStack(kernel, kernel.object("struct task_struct", taskAddress(7)));
  assert.equal(fault, undefined);
  assert.deepEqual(
    frames.map(({ symbol, stack }) => [symbol?.name, stack]),
    [
      ["machine_kexec", "irq"],
      ["asm_exc_double_fault", "irq"],
      ["lab_deep", "task"],
      ["ret_from_fork", "task"],
    ],
  );
});
