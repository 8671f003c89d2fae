import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { Registers } from "../../src/arch/arch.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { plainCall } from "../builders/orc.ts";
import { cfiRow, IRQ_STACK, putWords, stackKernel, TASK, TASK_STACK, THREAD_SIZE } from "../builders/stack.ts";

const TEXT = 0xffffffff81000000n;
const SP = TASK_STACK + 0x1000n;
const noRule = { ...plainCall, spRegister: "undefined", spOffset: 0, type: "undefined" } as const;
const end = { ...noRule, type: "end" } as const;
const regs = { ...plainCall, spOffset: 0, type: "regs", signal: true } as const;

/** inner, called by middle, called by a thread function that is where its stack ends. */
const functions = {
  inner: { address: TEXT, frame: 0x10 },
  middle: { address: TEXT + 0x100n, frame: 0x20 },
  thread: { address: TEXT + 0x200n, frame: 0 },
  ret_from_fork: { address: TEXT + 0x300n, orc: end },
};
const IN_INNER = TEXT + 0x20n;
const IN_MIDDLE = TEXT + 0x130n;
const IN_THREAD = TEXT + 0x240n;
const IN_FORK = TEXT + 0x310n;

function from(kernel: ToyKernel, registers: { readonly [name: string]: bigint }): Stack {
  const start: Registers = new Map(Object.entries({ cs: 0x10n, ...registers }));
  return unwind(kernel, savedCursor(kernel, start), { task: kernel.object("struct task_struct", TASK) });
}

const names = (stack: Stack): (string | undefined)[] => stack.frames.map(({ symbol }) => symbol?.name);

test("a chain of calls is followed to the start of the thread", () => {
  const kernel = stackKernel(functions);
  putWords(kernel, SP, 0n, 0n, IN_MIDDLE, 0n, 0n, 0n, 0n, IN_THREAD, IN_FORK);
  const stack = from(kernel, { rip: IN_INNER, rsp: SP });
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap, undefined);
  assert.deepEqual(
    stack.frames.map(({ pc, sp, cfa, exact, stack }) => ({ pc, sp, cfa, exact, stack })),
    [
      { pc: IN_INNER, sp: SP, cfa: SP + 0x18n, exact: true, stack: "task" },
      { pc: IN_MIDDLE, sp: SP + 0x18n, cfa: SP + 0x40n, exact: false, stack: "task" },
      { pc: IN_THREAD, sp: SP + 0x40n, cfa: SP + 0x48n, exact: false, stack: "task" },
      { pc: IN_FORK, sp: SP + 0x48n, cfa: undefined, exact: false, stack: "task" },
    ],
  );
});

test("a stack leads out of the thunk of an indirect call, whatever the thunk has pushed", () => {
  const thunk = TEXT + 0x400n;
  const kernel = stackKernel({ ...functions, __x86_indirect_thunk_array: { address: thunk, orc: end } });
  const rest = [IN_MIDDLE, 0n, 0n, 0n, 0n, IN_THREAD, IN_FORK] as const;
  const expected = ["__x86_indirect_thunk_array", "middle", "thread", "ret_from_fork"];
  for (const pushed of [[], [thunk + 5n], [TEXT]]) {
    putWords(kernel, SP, ...pushed, ...rest);
    assert.deepEqual(names(from(kernel, { rip: thunk, rsp: SP })), expected, String(pushed));
  }
});

test("a return address belongs to the function that called, even where the call was its last instruction", () => {
  const kernel = stackKernel(functions);
  const afterMiddle = TEXT + 0x200n; // middle ended in a call that never returns
  putWords(kernel, SP, 0n, 0n, afterMiddle, 0n, 0n, 0n, 0n, IN_FORK);
  assert.deepEqual(names(from(kernel, { rip: IN_INNER, rsp: SP })), ["inner", "middle", "ret_from_fork"]);
});

/** Writes `struct pt_regs`. */
function putRegs(kernel: ToyKernel, address: bigint, values: { readonly [member: string]: bigint }): void {
  kernel.put("struct pt_regs", address, values);
}

test("an exception's registers belong to the interrupted frame, which is looked up by its exact pc", () => {
  const kernel = stackKernel({ ...functions, asm_exc_page_fault: { address: TEXT + 0x400n, orc: regs } });
  const trapRegs = SP + 0x18n;
  putWords(kernel, SP, 0n, 0n, TEXT + 0x410n);
  // It stood on the very first instruction of middle: its own frame is not made yet.
  putRegs(kernel, trapRegs, { ip: TEXT + 0x100n, sp: SP + 0x200n, cs: 0x10n, bx: 7n, orig_ax: 0xffffffffffffffffn });
  putWords(kernel, SP + 0x200n, 0n, 0n, 0n, 0n, IN_FORK);
  const stack = from(kernel, { rip: IN_INNER, rsp: SP });
  assert.deepEqual(names(stack), ["inner", "asm_exc_page_fault", "middle", "ret_from_fork"]);
  const interrupted = stack.frames[2]!;
  assert.equal(interrupted.exact, true);
  assert.equal(interrupted.trap?.type, "page fault");
  assert.equal(interrupted.trap.address, trapRegs);
  assert.equal(interrupted.trap.registers.get("rbx"), 7n);
  assert.equal(interrupted.registers.get("rbx"), 7n);
  assert.equal(stack.frames[1]!.trap, undefined);
});

test("a system call from user space ends the stack with the user's registers", () => {
  const kernel = stackKernel({
    ...functions,
    entry_SYSCALL_64: { address: TEXT + 0x400n, orc: { ...regs, signal: false } },
  });
  const userRegs = TASK_STACK + THREAD_SIZE - 168n;
  putWords(kernel, userRegs - 0x18n, 0n, 0n, TEXT + 0x410n);
  putRegs(kernel, userRegs, { ip: 0x401000n, sp: 0x7ffc0000n, cs: 0x33n, orig_ax: 1n });
  const stack = from(kernel, { rip: IN_INNER, rsp: userRegs - 0x18n });
  assert.deepEqual(names(stack), ["inner", "entry_SYSCALL_64"]);
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap?.type, "system call");
  assert.equal(stack.userTrap.user, true);
  assert.equal(stack.userTrap.registers.get("rip"), 0x401000n);
});

test("a CPU that ran user code has no kernel frames", () => {
  const stack = from(stackKernel(functions), { rip: 0x401000n, rsp: 0x7ffc0000n, cs: 0x33n });
  assert.deepEqual(stack.frames, []);
  assert.equal(stack.userTrap?.registers.get("rsp"), 0x7ffc0000n);
});

test("the interrupt stack leads back to the task's stack, by the sp saved at its top", () => {
  const kernel = stackKernel({
    ...functions,
    on_irq_stack: { address: TEXT + 0x400n, orc: { ...plainCall, spRegister: "spIndirect", spOffset: 8 } },
  });
  const top = IRQ_STACK + THREAD_SIZE - 8n;
  putWords(kernel, top - 0x18n, 0n, 0n, TEXT + 0x410n, SP);
  putWords(kernel, SP, IN_FORK);
  const stack = from(kernel, { rip: IN_INNER, rsp: top - 0x18n });
  assert.deepEqual(
    stack.frames.map(({ symbol, sp, stack }) => [symbol?.name, sp, stack]),
    [
      ["inner", top - 0x18n, "irq"],
      ["on_irq_stack", top, "irq"],
      ["ret_from_fork", SP + 8n, "task"],
    ],
  );
});

test("the registers pushed by the processor suffice to continue", () => {
  const kernel = stackKernel({
    ...functions,
    asm_exc_nmi: { address: TEXT + 0x400n, orc: { ...regs, type: "regsPartial" } },
  });
  putWords(kernel, SP, IN_MIDDLE, 0x10n, 0x246n, SP + 0x100n, 0x18n);
  putWords(kernel, SP + 0x100n, 0n, 0n, 0n, 0n, IN_FORK);
  const stack = from(kernel, { rip: TEXT + 0x400n, rsp: SP });
  assert.deepEqual(names(stack), ["asm_exc_nmi", "middle", "ret_from_fork"]);
  assert.equal(stack.frames[1]!.trap?.type, "NMI");
  assert.equal(stack.frames[1]!.trap.address, undefined);
});

test("rbp is restored if a rule saved it, and used if a rule is relative to it", () => {
  const kernel = stackKernel({
    ...functions,
    saves: { address: TEXT + 0x400n, orc: { ...plainCall, spOffset: 16, bpRegister: "prevSp", bpOffset: -16 } },
    counts: {
      address: TEXT + 0x500n,
      orc: { ...plainCall, spRegister: "bp", spOffset: 16, bpRegister: "prevSp", bpOffset: -16 },
    },
  });
  putWords(kernel, SP, SP + 0x80n, TEXT + 0x510n);
  putWords(kernel, SP + 0x80n, 42n, IN_FORK);
  const stack = from(kernel, { rip: TEXT + 0x410n, rsp: SP, rbp: 1n });
  assert.deepEqual(names(stack), ["saves", "counts", "ret_from_fork"]);
  assert.deepEqual(
    stack.frames.map(({ registers }) => registers.get("rbp")),
    [1n, SP + 0x80n, 42n],
  );
});

test("call frame information adds callee-saved registers if it finds the same frame as ORC", () => {
  const row = cfiRow(0x18, { rip: { kind: "offset", offset: -8 }, rbx: { kind: "offset", offset: -16 } });
  const agreeing = { ...functions, inner: { ...functions.inner, cfi: row } };
  const other = {
    ...functions,
    inner: { ...functions.inner, cfi: { ...row, cfa: { kind: "register", register: 7, offset: 0x28 } } as const },
  };
  for (const [code, rbx] of [
    [agreeing, 99n],
    [other, undefined],
  ] as const) {
    // prettier-ignore
    const kernel = stackKernel(code);
    putWords(kernel, SP, 0n, 99n, IN_MIDDLE, 0n, 0n, 0n, 0n, IN_FORK, 0n, 0n);
    const stack = from(kernel, { rip: IN_INNER, rsp: SP, rbx: 1n, r12: 12n, rcx: 3n });
    const registers = stack.frames[1]!.registers;
    assert.equal(registers.get("rbx"), rbx);
    assert.equal(registers.get("r12"), rbx && 12n, "a register that no rule names is the caller's");
    assert.equal(registers.get("rcx"), undefined, "a call may change it");
  }
});

test("without ORC call frame information is followed", () => {
  const row = cfiRow(0x18, { rip: { kind: "offset", offset: -8 } });
  const kernel = stackKernel({ inner: { address: TEXT, cfi: row }, last: { address: TEXT + 0x100n, cfi: cfiRow(8, { rip: { kind: "undefined" } }) } }); // prettier-ignore
  putWords(kernel, SP, 0n, 0n, TEXT + 0x110n);
  const stack = from(kernel, { rip: IN_INNER, rsp: SP });
  assert.deepEqual(names(stack), ["inner", "last"]);
  assert.equal(stack.fault, undefined);
});

test("a call of a NULL pointer shows who called", () => {
  const kernel = stackKernel(functions);
  putWords(kernel, SP, IN_MIDDLE, 0n, 0n, 0n, 0n, IN_FORK);
  const stack = from(kernel, { rip: 0n, rsp: SP });
  assert.deepEqual(names(stack), [undefined, "middle", "ret_from_fork"]);
  assert.equal(stack.frames[1]!.doubt, undefined);
});

test("code without any rule is passed by its frame pointer, with doubt", () => {
  const kernel = stackKernel({ ...functions, generated: { address: TEXT + 0x400n } });
  putWords(kernel, SP + 0x40n, 0n, IN_FORK);
  const stack = from(kernel, { rip: TEXT + 0x410n, rsp: SP, rbp: SP + 0x40n });
  assert.deepEqual(names(stack), ["generated", "ret_from_fork"]);
  assert.equal(stack.frames[1]!.doubt, "frame pointer");
});

test("for an incomplete stack the place and the reason are reported, and its frames are kept", () => {
  const kernel = stackKernel({ ...functions, generated: { address: TEXT + 0x400n, orc: noRule } });
  putWords(kernel, SP, 0n, 0n, TEXT + 0x410n, 0n);
  const stack = from(kernel, { rip: IN_INNER, rsp: SP });
  assert.deepEqual(names(stack), ["inner", "generated"]);
  assert.equal(stack.fault?.address, TEXT + 0x410n);
  assert.match(stack.fault.message, /past 0xffffffff81000410: no unwinding rule/);
});

test("a return address outside any code is shown and named as the end", () => {
  const kernel = stackKernel(functions);
  putWords(kernel, SP, 0n, 0n, 0xffffffffc0001234n, 0n);
  const stack = from(kernel, { rip: IN_INNER, rsp: SP });
  assert.equal(stack.frames.at(-1)?.pc, 0xffffffffc0001234n);
  assert.match(stack.fault?.message ?? "", /not in known code/);
});

test("a stack page that is not in the dump is the fault", () => {
  const kernel = stackKernel(functions);
  const stack = from(kernel, { rip: IN_INNER, rsp: TASK_STACK + 0x3000n });
  assert.deepEqual(names(stack), ["inner"]);
  assert.equal(stack.fault?.kind, "excluded");
});

test("a stack that turns back on itself ends", () => {
  const kernel = stackKernel({
    ...functions,
    loop: { address: TEXT + 0x400n, orc: { ...plainCall, spRegister: "bp", spOffset: 16 } },
  });
  putWords(kernel, SP, TEXT + 0x410n, TEXT + 0x410n, TEXT + 0x410n);
  const stack = from(kernel, { rip: TEXT + 0x410n, rsp: SP + 8n, rbp: SP - 8n });
  assert.ok(stack.fault instanceof Fault);
  assert.match(stack.fault.message, /falls from|frames have the stack pointer/);
  assert.ok(stack.frames.length < 20);
});

test("a traced function's caller is found in ftrace's return stack", () => {
  const kernel = stackKernel({ ...functions, return_to_handler: { address: TEXT + 0x400n, orc: noRule } });
  putWords(kernel, SP, 0n, 0n, TEXT + 0x400n, 0n, 0n, 0n, 0n, IN_FORK);
  const traced = (retp: bigint): Stack => {
    kernel.put("struct task_struct", TASK, { stack: TASK_STACK, ret_stack: 0xffff888000200000n });
    kernel.put("struct ftrace_ret_stack", 0xffff888000200000n, { ret: 1n, retp: SP + 0x1000n });
    kernel.put("struct ftrace_ret_stack", 0xffff888000200018n, { ret: IN_MIDDLE, retp });
    return from(kernel, { rip: IN_INNER, rsp: SP });
  };
  assert.deepEqual(names(traced(SP + 0x10n)), ["inner", "return_to_handler", "middle", "ret_from_fork"]);
  const lost = traced(SP + 0x18n);
  assert.deepEqual(names(lost), ["inner", "return_to_handler"]);
  assert.match(lost.fault?.message ?? "", /tracing replaced the return address/);
});

test("a probed function's caller is found in the return hook", () => {
  const kernel = stackKernel({ ...functions, arch_rethook_trampoline: { address: TEXT + 0x400n, orc: noRule } });
  putWords(kernel, SP, 0n, 0n, TEXT + 0x400n, 0n, 0n, 0n, 0n, IN_FORK);
  kernel.put("struct task_struct", TASK, { stack: TASK_STACK, rethooks: { first: 0xffff888000300008n } });
  kernel.put("struct rethook_node", 0xffff888000300000n, { ret_addr: IN_MIDDLE, frame: SP + 0x10n });
  assert.deepEqual(names(from(kernel, { rip: IN_INNER, rsp: SP })), [
    "inner",
    "arch_rethook_trampoline",
    "middle",
    "ret_from_fork",
  ]);
});

test("a stack that overflowed into its guard page is still the task's", () => {
  const kernel = stackKernel(functions);
  const sp = TASK_STACK - 0x10n;
  putWords(kernel, TASK_STACK, IN_MIDDLE, 0n, 0n, 0n, 0n, IN_THREAD, IN_FORK);
  const stack = from(kernel, { rip: IN_INNER, rsp: sp });
  assert.deepEqual(names(stack), ["inner", "middle", "thread", "ret_from_fork"]);
  assert.deepEqual(new Set(stack.frames.map((frame) => frame.stack)), new Set(["task"]));
});
