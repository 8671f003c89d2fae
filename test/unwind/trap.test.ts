import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arch } from "../../src/arch/arch.ts";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { ppc64le } from "../../src/arch/ppc64le/ppc64le.ts";
import { riscv64 } from "../../src/arch/riscv64/riscv64.ts";
import { isWriteFault, syndromeText } from "../../src/arch/arm64/traps.ts";
import { pageFaultText, selectorText } from "../../src/arch/x86_64/traps.ts";
import { architectures } from "../../src/arch/architectures.ts";
import type { Frame } from "../../src/unwind/frame.ts";
import { trapName, trapOf } from "../../src/unwind/trap.ts";
import { stackKernel } from "../builders/stack.ts";

const named: readonly (readonly [arch: string, handlers: readonly string[], words: string])[] = [
  ["x86_64", ["asm_exc_page_fault", "exc_page_fault"], "page fault"],
  ["x86_64", ["page_fault", "do_page_fault"], "page fault"],
  ["x86_64", ["async_page_fault"], "page fault"],
  ["x86_64", ["asm_exc_general_protection"], "general protection fault"],
  ["x86_64", ["asm_exc_invalid_op"], "invalid opcode"],
  ["x86_64", ["asm_exc_nmi"], "NMI"],
  ["x86_64", ["end_repeat_nmi"], "NMI"],
  ["x86_64", ["asm_sysvec_apic_timer_interrupt"], "interrupt"],
  ["x86_64", ["asm_common_interrupt"], "interrupt"],
  ["x86_64", ["apic_timer_interrupt"], "interrupt"],
  ["x86_64", ["entry_SYSCALL_64_after_hwframe"], "system call"],
  ["x86_64", ["something_new"], "exception"],
  ["arm64", ["el1h_64_irq", "el1h_64_irq_handler"], "interrupt"],
  ["arm64", ["el0t_64_sync", "el0t_64_sync_handler", "el0_svc"], "system call"],
  ["arm64", ["el1h_64_sync", "el1h_64_sync_handler", "el1_abort"], "memory abort"],
  ["arm64", ["el1_sync", "el1_da"], "data abort"],
  ["arm", ["__irq_svc", "generic_handle_arch_irq"], "interrupt"],
  ["arm", ["__entry_text_start", "ksys_write"], "system call"],
  ["s390x", ["ext_int_handler"], "interrupt"],
  ["s390x", ["pgm_check_handler"], "program check"],
];

for (const [arch, handlers, words] of named) {
  test(`${handlers[0]} of ${arch} is a ${words}`, () =>
    assert.equal(
      trapName(
        architectures.find(({ name }) => name === arch)!,
        handlers,
      ),
      words,
    ));
}

test("an x86 page fault's error code is described in words", () => {
  assert.equal(pageFaultText(0n), "read from a page that is not present, kernel mode");
  assert.equal(pageFaultText(2n), "write to a page that is not present, kernel mode");
  assert.equal(pageFaultText(7n), "write to a page that does not allow it, user mode");
  assert.equal(pageFaultText(0x11n), "instruction fetch from a page that does not allow it, kernel mode");
  assert.equal(pageFaultText(0x29n), "read from a page that does not allow it, reserved bit set in a page table, forbidden by a protection key, kernel mode"); // prettier-ignore
});

test("a selector error code names its table", () => {
  assert.equal(selectorText(0n), undefined);
  assert.equal(selectorText(0x6an), "IDT entry 13");
});

test("an arm64 syndrome is described in words", () => {
  assert.equal(syndromeText(0x96000044n), "data abort: write, level 0 translation fault");
  assert.equal(syndromeText(0x9600000fn), "data abort: read, level 3 permission fault");
  assert.equal(syndromeText(0x86000006n), "instruction abort: level 2 translation fault");
  assert.equal(syndromeText(0xf2000800n), "BRK 0x800");
  // Bit 1 is part of the fault status.
  assert.deepEqual([0x96000044n, 0x9600000fn].map(isWriteFault), [true, false]);
  assert.equal(syndromeText(0x56000000n), "SVC");
});

/** `exc_page_fault` with these numbers in its variables; a name without one is optimised out. */
function handler(
  variables: { readonly [name: string]: bigint | undefined },
  entry = "asm_exc_page_fault",
  name = "exc_page_fault",
): Frame {
  const declared = Object.entries(variables).map(([variable, number]) => ({
    name: variable,
    parameter: true,
    type: { kind: "int", name: "unsigned long", size: 8, signed: false, encoding: "int" } as const,
    ranges: [],
    declared: undefined,
    location:
      number === undefined
        ? undefined
        : ({ kind: "constant", bytes: new Uint8Array(new BigUint64Array([number]).buffer) } as const),
  }));
  const place = { function: name, inlined: false, source: undefined, entry: 0n, module: undefined, variables: () => declared }; // prettier-ignore
  const symbol = { name: entry, address: 0n, size: 0, type: "T" };
  return { pc: 1n, sp: 0n, cfa: 0n, registers: new Map(), exact: false, symbol, stack: "task", trap: undefined, caller: undefined, doubt: undefined, places: () => [place] }; // prettier-ignore
}

const trapWith = (variables: { readonly [name: string]: bigint | undefined }) =>
  trapOf(stackKernel({}), {
    registers: new Map([["cs", 0x10n]]),
    ptRegs: undefined,
    handlers: [handler(variables)],
    fromLog: () => ({ errorCode: 0n, faultAddress: 0xbadn }),
  });

test("the error code and the address are read from the handler's variables", () => {
  const trap = trapWith({ error_code: 2n, address: 0x10n });
  assert.equal(trap.errorCode, 2n);
  assert.equal(trap.errorText, "write to a page that is not present, kernel mode");
  assert.equal(trap.faultAddress, 0x10n);
});

test("data that the variables do not have is taken from the kernel's report", () => {
  const trap = trapWith({ error_code: 2n, address: undefined });
  assert.equal(trap.errorCode, 2n);
  assert.equal(trap.faultAddress, 0xbadn);
});

/** What x86 and arm64 handlers of an exception have in their variables, of which the address may be an older one's. */
const stale = (arch: Arch, entry: string, name: string, errorCode: bigint): bigint | undefined =>
  trapOf(stackKernel({}, { arch }), {
    registers: new Map([
      ["cs", 0x10n],
      ["pstate", 5n],
    ]),
    ptRegs: undefined,
    handlers: [handler({ error_code: errorCode, address: 0x5eaeb0n }, entry, name)],
  }).faultAddress;

test("an exception that is not about an address has none, even if CR2 or FAR still contain one", () => {
  assert.equal(stale(x86_64, "asm_exc_invalid_op", "exc_invalid_op", 0n), undefined);
  assert.equal(stale(x86_64, "asm_exc_divide_error", "do_error_trap", 0n), undefined);
  assert.equal(stale(x86_64, "asm_exc_double_fault", "exc_double_fault", 0n), undefined);
  assert.equal(stale(arm64, "el1h_64_sync", "el1_dbg", 0xf2000800n), undefined);
  // An external abort that says that FAR is not valid.
  assert.equal(stale(arm64, "el1h_64_sync", "el1_abort", 0x96000410n), undefined);
});

test("a page fault, an arm64 abort and a hit guard page have the address that they were about", () => {
  assert.equal(stale(x86_64, "asm_exc_page_fault", "exc_page_fault", 0n), 0x5eaeb0n);
  assert.equal(stale(x86_64, "handle_stack_overflow", "exc_double_fault", 0n), 0x5eaeb0n);
  assert.equal(stale(arm64, "el1h_64_sync", "el1_abort", 0x96000044n), 0x5eaeb0n);
});

test("exceptions of riscv64 and ppc64le have their cause and address in the saved registers", () => {
  const details = (arch: Arch, saved: Record<string, bigint>): unknown =>
    arch.exceptionDetails?.(new Map(Object.entries(saved)));
  assert.deepEqual(details(riscv64, { cause: 15n, badaddr: 0x20n }), { errorCode: 15n, faultAddress: 0x20n });
  assert.equal(details(riscv64, { cause: 3n, badaddr: 0n }), undefined);
  assert.equal(riscv64.errorText?.("page fault", 13n), "read from a page that is not mapped or does not allow it");
  assert.deepEqual([13n, 15n].map((cause) => riscv64.isWriteFault?.(cause)), [false, true]); // prettier-ignore
  const storage = { trap: 0x300n, dar: 0x20n, dsisr: 0x42000000n };
  assert.deepEqual(details(ppc64le, storage), { errorCode: 0x42000000n, faultAddress: 0x20n });
  assert.deepEqual(details(ppc64le, { ...storage, trap: 0x381n }), { errorCode: undefined, faultAddress: 0x20n });
  assert.equal(details(ppc64le, { ...storage, trap: 0x700n }), undefined);
  const text = (code: bigint): string | undefined => ppc64le.errorText?.("data storage fault", code);
  assert.equal(text(0x42000000n), "write to a page that is not mapped");
  assert.equal(text(0x08000000n), "read from a page that does not allow it");
  assert.equal(text(0n), undefined);
  assert.equal(ppc64le.errorText?.("alignment fault", 0x42000000n), undefined);
});
