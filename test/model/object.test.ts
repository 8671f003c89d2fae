import { derived } from "../../src/model/derived.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { toyKernel } from "../builders/kernel.ts";

const TASK = `
  struct list_head { struct list_head *next, *prev; };
  struct mm { unsigned long pgd; };
  struct task {
    int pid;
    unsigned flags : 3, mode : 5;
    signed char nice : 4;
    char comm[16];
    const char *title;
    struct mm *mm;
    union { int a; struct { short low, high; }; };
    struct list_head tasks;
    long times[3];
  };`;

const task = (value: object = {}) =>
  toyKernel({ types: TASK, memory: [["struct task", 0x1000n, { ...value }]] }).object("struct task", 0x1000n);

test("members are read through pointers, as -> does", () => {
  const kernel = toyKernel({
    types: TASK,
    memory: [
      ["struct task", 0x1000n, { mm: 0x2000n }],
      ["struct mm", 0x2000n, { pgd: 0xabcn }],
    ],
  });
  assert.equal(kernel.object("struct task", 0x1000n).at("mm.pgd").value(), 0xabcn);
  assert.equal(kernel.object("struct task", 0x1000n).at("mm->pgd").address, 0x2000n);
});

test("members of anonymous structs and unions are members of the struct around them", () => {
  const at = task({ a: 0x00050003 });
  assert.equal(at.at("high").value(), 5n);
  assert.equal(at.at("low").value(), 3n);
  assert.equal(at.has("high"), true);
  assert.equal(at.has("middle"), false);
  assert.equal(at.has("mm.pgd"), true);
});

test("integers have the sign of their type", () => {
  assert.equal(task({ pid: -2 }).at("pid").value(), -2n);
  assert.equal(
    task({ times: [-1, 0, 7] })
      .at("times[0]")
      .value(),
    -1n,
  );
});

for (const byteOrder of ["little", "big"] as const) {
  test(`bit-fields are cut out on a ${byteOrder}-endian machine`, () => {
    const kernel = toyKernel({ arch: { name: "toy", byteOrder, wordSize: 8 }, types: TASK });
    kernel.put("struct task", 0x1000n, { flags: 5, mode: 17, nice: -3 });
    const at = kernel.object("struct task", 0x1000n);
    assert.deepEqual([at.at("flags").value(), at.at("mode").value(), at.at("nice").value()], [5n, 17n, -3n]);
  });
}

test("text is read from arrays up to the NUL and through pointers", () => {
  const at = task({ comm: "insmod", title: "a title" });
  assert.equal(at.at("comm").text(), "insmod");
  assert.equal(at.at("title").text(), "a title");
});

test("the container of a member is found by its offset", () => {
  const at = task({ pid: 7 });
  const again = at.at("tasks").containerOf("struct task", "tasks");
  assert.equal(again.address, 0x1000n);
  assert.equal(again.at("pid").number(), 7);
});

test("pointer arithmetic uses the size of the target, and wraps at the word size of the machine", () => {
  const kernel = toyKernel({ arch: { name: "arm", byteOrder: "little", wordSize: 4 }, types: TASK });
  const pointer = kernel.value("struct mm *", 0xffff_fffcn);
  assert.equal(pointer.index(1).address, 0n);
  assert.equal(pointer.size, 4);
});

test("an unreadable page is a fault that names the address", () => {
  const at = toyKernel({ types: TASK }).object("struct task", 0x5000n);
  assert.throws(
    () => at.at("pid").value(),
    (error) => error instanceof Fault && error.kind === "excluded" && error.address === 0x5000n,
  );
});

test('a member that a type does not have is a fault of the kind "unknown"', () => {
  const unknown = (error: unknown): boolean => error instanceof Fault && error.kind === "unknown";
  assert.throws(() => task().at("nosuch"), unknown);
  assert.throws(() => task().at("pid").index(1), unknown);
  assert.throws(() => task().value(), unknown);
  assert.throws(() => toyKernel().object("struct nosuch", 0n), unknown);
});

test("no memory is allocated for an impossible size", () => {
  const at = toyKernel({ types: "struct big { char all[4000000000]; };" }).object("struct big", 0x1000n);
  assert.throws(
    () => at.bytes(),
    (error) => error instanceof Fault && error.kind === "corrupt",
  );
});

test("a derived fact is computed once, a fault like a value", () => {
  const kernel = toyKernel();
  let runs = 0;
  const fails = (): never => {
    runs++;
    throw Fault.of("corrupt", "broken");
  };
  const fact = derived("fact", fails);
  assert.throws(() => fact(kernel), /broken/);
  assert.throws(() => fact(kernel), /broken/);
  assert.equal(runs, 1);
});
