import assert from "node:assert/strict";
import { test } from "node:test";
import { findExportedData, findingExportedData } from "../../src/debuginfo/exportedData.ts";
import { BtfBuilder } from "../builders/btf.ts";
import { ImageWriter } from "../builders/image.ts";
import { ToyMemory } from "../builders/memory.ts";

const START = 0xffff_d22c_6d9e_0000n;
const DATA = START + 0x10_0000n;
const PER_CPU = START + 0x20_0000n;
const BTF_AT = 0x3008;
const TABLE_AT = 0x1000;
const NAMES_AT = 0x2000;

/** BTF of a kernel with two per-CPU variables that are exported, and one that is not. */
function kernelBtf(): Uint8Array {
  const btf = new BtfBuilder();
  const int = btf.int("int", 4);
  btf.raw(4, "task_struct", 0, false, 64);
  const variables = ["cpu_number", "cpu_info", "runqueues"].map((name) => btf.variable(name, int));
  btf.raw(
    15,
    ".data..percpu",
    variables.length,
    false,
    0x100,
    variables.flatMap((id, i) => [id, 0x40 * i, 4]),
  );
  return btf.bytes();
}

/** Read-only data with exports at distances, and BTF; `stride` of `struct kernel_symbol`. */
function readOnlyData(stride: 8 | 12, exports: readonly (readonly [name: string, address: bigint])[]): ToyMemory {
  const image = new ImageWriter("little");
  let text = NAMES_AT;
  exports.forEach(([name, address], i) => {
    const at = TABLE_AT + i * stride;
    // The linker lets a name be the end of a longer one.
    image.put(text, `__${name}\0`);
    image.u32(at, Number(BigInt.asUintN(32, address - START - BigInt(at))));
    image.u32(at + 4, text + 2 - at - 4);
    text += name.length + 3;
  });
  image.put(BTF_AT - 0x20, Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0xff));
  image.put(BTF_AT, kernelBtf());
  const memory = new ToyMemory("kernel", { byteOrder: "little", wordSize: 8 });
  memory.poke(START, image.done());
  return memory;
}

const exports = [
  ["jiffies", DATA],
  ["cpu_info", PER_CPU + 0x40n],
  ["init_task", DATA + 0x100n],
  ["init_net", DATA + 0x200n],
  ["cpu_number", PER_CPU],
] as const;

test("BTF is found by its header, exported data by the shape of its table, per-CPU data by both", () => {
  for (const stride of [8, 12] as const) {
    // The last page of the range is not in the dump.
    const found = findExportedData(readOnlyData(stride, exports), START, START + 0x8000n, () => undefined);
    assert.equal(found.btf?.find("struct", "task_struct")?.kind, "struct");
    for (const [name, address] of exports) assert.equal(found.symbols.get(name)?.address, address, name);
    assert.equal(found.symbols.get("runqueues")?.address, PER_CPU + 0x80n);
  }
});

test("exported data is also found if entries of the table are pointers, as on 32-bit arm", () => {
  for (const stride of [8, 12] as const) {
    const start = 0xc100_0000n;
    const image = new ImageWriter("little");
    const places = ["jiffies", "avenrun", "init_task", "init_net", "loops_per_jiffy"].map((name, i) => {
      const text = NAMES_AT + 32 * i;
      image.put(text, `${name}\0`);
      image.u32(TABLE_AT + i * stride, Number(start) + 0x10_0000 + 64 * i);
      image.u32(TABLE_AT + i * stride + 4, Number(start) + text);
      return [name, start + 0x10_0000n + BigInt(64 * i)] as const;
    });
    const memory = new ToyMemory("kernel", { byteOrder: "little", wordSize: 4 });
    memory.poke(start, image.done());
    const { symbols } = findExportedData(memory, start, start + 0x4000n, () => undefined);
    assert.deepEqual([...symbols.values()].map(({ name, address }) => [name, address]).sort(), places.toSorted());
  }
});

test("if exports contradict BTF, the location of per-CPU data is unknown", () => {
  const moved = exports.map(([name, address]) => [name, name === "cpu_info" ? address + 8n : address] as const);
  const { symbols } = findExportedData(readOnlyData(12, moved), START, START + 0x8000n, () => undefined);
  assert.equal(symbols.get("init_net")?.address, DATA + 0x200n);
  assert.equal(symbols.get("runqueues"), undefined);
});

test("read-only data without BTF and exports gives no symbols", () => {
  const memory = new ToyMemory("kernel", { byteOrder: "little", wordSize: 8 });
  const { btf, symbols } = findExportedData(memory, START, START + 0x8000n, () => undefined);
  assert.equal(btf, undefined);
  assert.equal(symbols.size, 0);
});

test("the search of read-only data can pause at each MiB", () => {
  const memory = readOnlyData(12, []);
  const job = findingExportedData(memory, START, START + 0x400000n, () => undefined);
  let steps = 0;
  while (!job.next().done) steps++;
  assert.equal(steps, 6, "4 MiB are read, the BTF lies in the first of them, and the symbols are searched last");
});
