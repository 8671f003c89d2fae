import assert from "node:assert/strict";
import { test } from "node:test";
import type { Registers } from "../../../src/arch/arch.ts";
import { viewOf } from "../../../src/base/bytes.ts";
import { cpuNotes } from "../../../src/linux/sched/cpu.ts";
import { bitmapBits, cpuList, onlineCpus, possibleCpus } from "../../../src/kernel/cpumask.ts";
import { perCpuVariable } from "../../../src/kernel/percpu.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { stackAddress, toyTasks, type ToyMachine } from "../../builders/tasks.ts";

const CRASH_NOTES = 0xffff_8880_5000_0000n;
const PER_CPU = 0xffff_8880_1000_0000n;

const registers = (rip: bigint, rsp: bigint): Registers =>
  new Map([
    ["rip", rip],
    ["rsp", rsp],
  ]);

/** A toy's NT_PRSTATUS payload: rip and rsp. */
const payload = (values: Registers): Uint8Array => {
  const bytes = new Uint8Array(16);
  viewOf(bytes).setBigUint64(0, values.get("rip") ?? 0n, true);
  viewOf(bytes).setBigUint64(8, values.get("rsp") ?? 0n, true);
  return bytes;
};
const prstatus = (desc: Uint8Array) => ({
  pid: undefined,
  registers: registers(viewOf(desc).getBigUint64(0, true), viewOf(desc).getBigUint64(8, true)),
});

/** `struct elf_note` as crash_save_cpu() writes it. */
function noteBytes(desc: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + 8 + desc.length + 12);
  const view = viewOf(bytes);
  view.setUint32(0, 5, true);
  view.setUint32(4, desc.length, true);
  view.setUint32(8, 1, true);
  bytes.set(new TextEncoder().encode("CORE\0"), 12);
  bytes.set(desc, 20);
  return bytes;
}

function kernelWith(machine: ToyMachine, fileNotes: readonly Registers[], saved: readonly (Registers | undefined)[]) {
  return toyTasks({
    ...machine,
    more: {
      arch: { name: "x86_64", byteOrder: "little", wordSize: 8, prstatus },
      parts: { cpuNotes: fileNotes.map((note) => ({ registers: note, pid: undefined })) },
      symbols: { crash_notes: CRASH_NOTES },
      memory: [
        ["unsigned long", CRASH_NOTES, 0x500n],
        ...saved.map((values, cpu) => {
          const bytes = values ? noteBytes(payload(values)) : new Uint8Array(12);
          return ["char [64]", PER_CPU + BigInt(cpu) * 0x1000n + 0x500n, bytes] as const;
        }),
      ],
    },
  });
}

const bound = (kernel: ReturnType<typeof kernelWith>) =>
  cpuNotes(kernel).map(({ cpu, registers: values }) => [cpu, values.get("rip")]);

test("a note belongs to the CPU whose crash_notes hold the same registers, whatever the order in the file", () => {
  const [a, b, c] = [registers(0xan, 1n), registers(0xbn, 2n), registers(0xcn, 3n)];
  const machine = { cpus: [0, 0, 0, 0], tasks: [] };
  // CPU 1 did not answer: the file has three notes for four CPUs.
  assert.deepEqual(bound(kernelWith(machine, [c, a, b], [a, undefined, b, c])), [
    [0, 0xan],
    [2, 0xbn],
    [3, 0xcn],
  ]);
});

test("without notes of the CPUs, a note belongs to the CPU whose stack contains its stack pointer", () => {
  const machine = { cpus: [5, 6], tasks: [{ pid: 5, comm: "a" }, { pid: 6, comm: "b" }] }; // prettier-ignore
  const onA = registers(0xan, stackAddress(5) + 0x100n);
  const onB = registers(0xbn, stackAddress(6) + 0x100n);
  assert.deepEqual(bound(kernelWith(machine, [onB, onA], [])), [
    [0, 0xan],
    [1, 0xbn],
  ]);
});

test("if nothing else identifies the CPU of a note, as for user space in a dump by QEMU, the order in the file does", () => {
  const user = [registers(0x401000n, 0x7fff_0000n), registers(0x402000n, 0x7fff_1000n)];
  assert.deepEqual(bound(kernelWith({ cpus: [0, 0], tasks: [] }, user, [])), [
    [0, 0x401000n],
    [1, 0x402000n],
  ]);
});

test("a kdump note that no CPU claims stays unbound", () => {
  const [a, stray] = [registers(0xan, 1n), registers(0xdn, 9n)];
  assert.deepEqual(bound(kernelWith({ cpus: [0, 0], tasks: [] }, [stray, a], [a, undefined])), [[0, 0xan]]);
});

test("CPU masks are read word by word in the target's own order", () => {
  for (const byteOrder of ["little", "big"] as const) {
    const kernel = toyKernel({
      arch: { name: "s390x", byteOrder, wordSize: 8 },
      memory: [
        ["unsigned long", 0x1000n, 0x8000_0000_0000_0001n],
        ["unsigned long", 0x1008n, 6n],
      ],
    });
    assert.deepEqual(bitmapBits(kernel, 0x1000n, 67), [0, 63, 65, 66]);
    assert.deepEqual(bitmapBits(kernel, 0x1000n, 64), [0, 63]);
  }
});

test("CPU lists are written as the kernel writes them", () => {
  assert.equal(cpuList([0, 1, 2, 3, 7]), "0-3,7");
  assert.equal(cpuList([5]), "5");
  assert.equal(cpuList([]), "");
});

test("a kernel without SMP has CPU 0 and no per-CPU offsets", () => {
  const kernel = toyKernel({
    types: "int counter;",
    symbols: { init_task: 1n, counter: 0x1000n },
    memory: [["counter", 42]],
  });
  assert.deepEqual(possibleCpus(kernel), [0]);
  assert.equal(perCpuVariable(kernel, "counter", 0).number(), 42);
});

test("unknown CPUs are left undefined", () => {
  assert.throws(() => onlineCpus(toyKernel()), { message: "no symbol __cpu_online_mask" });
});
