import assert from "node:assert/strict";
import { test } from "node:test";
import { loongarch64 } from "../../src/arch/loongarch64/loongarch64.ts";
import { generatedCode } from "../../src/unwind/generatedCode.ts";
import { savedCursor, switchedOut } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { IRQ_STACK, putWords, stackKernel, TASK, TASK_STACK, THREAD_SIZE } from "../builders/stack.ts";

const TEXT = 0xffffffff80220000n;
const DATA = 0xffffffff81000000n;
const HANDLERS = 0xffffffff81b50000n;
const CPU_HANDLERS = 0xffffffff863e0000n;
const REGS = TASK_STACK + THREAD_SIZE - 0x180n;
const USER = 7n;

const controls = "orig_a0 csr_era csr_badvaddr csr_crmd csr_prmd csr_euen csr_ecfg csr_estat".split(" ");
const saved = ["reg01", "reg03", ...Array.from({ length: 10 }, (_, i) => `reg${i + 22}`)];
const types = `
  struct pt_regs { unsigned long regs[32]; unsigned long ${controls.join(", ")}; };
  union thread_union { unsigned char stack[16384]; };
  struct thread_struct { unsigned long ${saved.join(", ")}; };
  struct task_struct { void *stack; struct thread_struct thread; };
`;
const functions = {
  handle_syscall: { address: TEXT },
  do_syscall: { address: TEXT + 0x100n },
  sys_pause: { address: TEXT + 0x200n },
  handle_vint: { address: TEXT + 0x300n },
  do_vint: { address: TEXT + 0x400n },
  handle_loongarch_irq: { address: TEXT + 0x500n },
  kthread: { address: TEXT + 0x600n },
  ret_from_kernel_thread: { address: TEXT + 0x700n },
  stop_this_cpu: { address: TEXT + 0x900n },
  exception_table: { address: DATA },
  irq_stack: { address: DATA + 0x1000n },
  pcpu_handlers: { address: DATA + 0x2000n },
  exception_handlers: { address: HANDLERS, size: 0x10000 },
};
const asmEntry = { ret_from_kernel_thread_asm: { address: TEXT + 0x800n } };

/** `addi.d sp, sp, -64` and `st.d ra, sp, 56`: the prologue of all functions of this kernel. */
const PROLOGUE = 0x29c0e061_02ff0063n;
const FRAME = 64n;

const offset = (register: string): bigint =>
  register.startsWith("r") ? BigInt(register.slice(1)) * 8n : 256n + BigInt(controls.indexOf(register) * 8);

/** @param entries functions of entry code besides the ones above */
function kernelWith(entries: { readonly [name: string]: { address: bigint } } = asmEntry): ToyKernel {
  const kernel = stackKernel({ ...functions, ...entries }, { arch: loongarch64, types });
  for (const { address } of Object.values(functions)) putWords(kernel, address, PROLOGUE, ...new Array<bigint>(31).fill(0n)); // prettier-ignore
  putWords(kernel, DATA, ...new Array<bigint>(64).fill(functions.handle_syscall.address));
  putWords(kernel, DATA + 0x1000n, IRQ_STACK);
  putWords(kernel, DATA + 0x2000n, CPU_HANDLERS);
  putWords(kernel, TASK_STACK, ...new Array<bigint>(0x800).fill(0n));
  putWords(kernel, IRQ_STACK, ...new Array<bigint>(0x800).fill(0n));
  return kernel;
}

function putRegisters(kernel: ToyKernel, at: bigint, registers: { readonly [name: string]: bigint }): void {
  for (const [name, value] of Object.entries(registers)) putWords(kernel, at + offset(name), value);
}

/** Stores the return address of a function whose frame is at `sp`. */
const putReturn = (kernel: ToyKernel, sp: bigint, ra: bigint): void => putWords(kernel, sp + 56n, ra);

const described = ({ frames, userTrap, fault }: Stack): string[] => [
  ...frames.map(
    ({ symbol, trap, doubt }) =>
      `${trap ? `(${trap.type}) ` : ""}${symbol?.name ?? "?"}${doubt === undefined ? "" : "?"}`,
  ),
  ...(userTrap ? [`${userTrap.type} from user mode at ${userTrap.registers.get("pc")?.toString(16) ?? ""}`] : []),
  ...(fault ? [fault.message] : []),
];

const from = (kernel: ToyKernel, registers: { readonly [name: string]: bigint }): string[] =>
  described(
    unwind(kernel, savedCursor(kernel, new Map(Object.entries(registers))), {
      task: kernel.object("struct task_struct", TASK),
    }),
  );

/** A task in a system call; returns the stack pointer of sys_pause(). */
function inSystemCall(kernel: ToyKernel): bigint {
  putRegisters(kernel, REGS, { csr_era: 0x120021088n, csr_prmd: USER });
  putReturn(kernel, REGS - FRAME, TEXT + 0xecn);
  putReturn(kernel, REGS - 2n * FRAME, TEXT + 0x154n);
  return REGS - 2n * FRAME;
}
const SYSTEM_CALL = ["sys_pause", "do_syscall", "handle_syscall", "system call from user mode at 120021088"];

test("a sleeping task is followed by the prologues of its functions to the user's registers", () => {
  const kernel = kernelWith();
  const sp = inSystemCall(kernel);
  kernel.put("struct task_struct", TASK, { stack: TASK_STACK, thread: { reg01: TEXT + 0x220n, reg03: sp } });
  const task = kernel.object("struct task_struct", TASK);
  assert.deepEqual(described(unwind(kernel, switchedOut(kernel, task), { task })), SYSTEM_CALL);
});

for (const [whose, start] of [
  ["all CPUs", HANDLERS],
  ["one CPU", CPU_HANDLERS],
] as const)
  // prettier-ignore
  test(`an interrupt on its own stack leads to the task's, through the vector of ${whose}`, () => {
    const kernel = kernelWith();
    const sp = inSystemCall(kernel);
    const interrupted = sp - 0x200n;
    putRegisters(kernel, interrupted, { r3: sp, csr_era: TEXT + 0x220n, csr_prmd: 4n });
    // do_vint() keeps its own sp in s0 while it is on the interrupt stack.
    putReturn(kernel, interrupted - FRAME, start + 70n * 0x200n + 0x158n);
    const top = IRQ_STACK + THREAD_SIZE - 16n;
    putReturn(kernel, top - FRAME, TEXT + 0x44cn);
    const pc = TEXT + 0x540n;
    const name = start === HANDLERS ? "exception_handlers" : "handle_vint";
    assert.deepEqual(from(kernel, { pc, sp: top - FRAME, s0: interrupted - FRAME }), [
      "handle_loongarch_irq",
      "do_vint",
      name,
      "(interrupt) sys_pause",
      ...SYSTEM_CALL.slice(1),
    ]);
  });

test("code at a vector is a copy of the function for its exception", () => {
  const kernel = kernelWith();
  const copied = (at: bigint): string | undefined => generatedCode(kernel, CPU_HANDLERS + at)?.symbol.name;
  assert.deepEqual([0n, 63n * 0x200n, 64n * 0x200n, 78n * 0x200n].map(copied), ["handle_syscall", "handle_syscall", "handle_vint", undefined]); // prettier-ignore
});

test("a CPU's note without a pc begins where the latest call returns to, which is said", () => {
  const kernel = kernelWith();
  const sp = inSystemCall(kernel);
  putReturn(kernel, sp - FRAME, TEXT + 0x220n);
  const [first, ...others] = from(kernel, { ra: TEXT + 0x950n, sp: sp - FRAME });
  assert.deepEqual([first, ...others], ["stop_this_cpu", ...SYSTEM_CALL]);
});

for (const [kind, entries, entry] of [
  ["in assembly code that calls a C function", asmEntry, "ret_from_kernel_thread_asm"],
  ["in assembly code alone", {}, undefined],
] as const)
  test(`a kernel thread ends ${kind}, where its saved registers are empty`, () => {
    const kernel = kernelWith(entries);
    putReturn(kernel, REGS - 2n * FRAME, TEXT + 0x728n);
    if (entry === undefined) {
      kernel.put("struct task_struct", TASK, { stack: TASK_STACK, thread: { reg01: TEXT + 0x650n, reg03: REGS - FRAME } }); // prettier-ignore
      putReturn(kernel, REGS - FRAME, TEXT + 0x728n);
    } else {
      kernel.put("struct task_struct", TASK, { stack: TASK_STACK, thread: { reg01: TEXT + 0x650n, reg03: REGS - 2n * FRAME } }); // prettier-ignore
      putReturn(kernel, REGS - FRAME, TEXT + 0x810n);
    }
    const task = kernel.object("struct task_struct", TASK);
    const expected = ["kthread", "ret_from_kernel_thread", ...(entry === undefined ? [] : [entry])];
    assert.deepEqual(described(unwind(kernel, switchedOut(kernel, task), { task })), expected);
  });
