import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { openBtf, type Btf } from "../../../src/debuginfo/btf/btf.ts";
import { openDistilledBase } from "../../../src/debuginfo/btf/btfBase.ts";
import { bare, sizeOf, type CType, type EnumType, type StructType } from "../../../src/debuginfo/ctype.ts";
import { BtfBuilder } from "../../builders/btf.ts";

const struct = (btf: Btf, name: string): StructType => btf.find("struct", name) as StructType;
const member = (type: StructType, name: string) => type.members.find((at) => at.name === name)!;

const SIGNED = 1;
const BOOL = 4;

for (const order of ["little", "big"] as const) {
  test(`a ${order}-endian struct has its members, through pointers back to itself`, () => {
    const b = new BtfBuilder({ order });
    const int = b.int("int", 4, SIGNED);
    const node = int + 1;
    b.struct("node", 16, [
      ["next", node + 1, 0],
      ["value", int, 64],
    ]);
    b.pointer(node);
    const btf = openBtf(b.bytes());
    const type = struct(btf, "node");
    assert.equal(type.size, 16);
    assert.deepEqual(
      type.members.map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize]),
      [
        ["next", 0, undefined],
        ["value", 64, undefined],
      ],
    );
    const next = member(type, "next").type;
    assert.equal(next.kind, "pointer");
    assert.equal(next.kind === "pointer" && next.target, type);
    assert.equal(sizeOf(next), 8);
  });
}

test("pointers have the width that the caller passes", () => {
  const b = new BtfBuilder();
  b.typedef("handle", b.pointer(0));
  assert.equal(sizeOf(openBtf(b.bytes(), { pointerSize: 4 }).find("typedef", "handle")!), 4);
});

test("integers know sign, bool and char", () => {
  const b = new BtfBuilder();
  b.int("unsigned char", 1);
  b.int("_Bool", 1, BOOL);
  b.int("long int", 8, SIGNED);
  const btf = openBtf(b.bytes());
  assert.deepEqual(btf.find("int", "unsigned char"), { kind: "int", name: "unsigned char", size: 1, signed: false, encoding: "char" }); // prettier-ignore
  assert.deepEqual(btf.find("int", "_Bool"), { kind: "int", name: "_Bool", size: 1, signed: false, encoding: "bool" });
  assert.deepEqual(btf.find("int", "long int"), { kind: "int", name: "long int", size: 8, signed: true, encoding: "int" }); // prettier-ignore
});

test("a bit-field has its size, by kind_flag or, before it, by its integer", () => {
  const b = new BtfBuilder();
  const int = b.int("unsigned int", 4);
  const threeBits = b.int("unsigned int", 4, 0, 3, 2);
  b.struct("flagged", 4, [["a", int, (5 << 24) | 7], ["b", int, 0]], true); // prettier-ignore
  b.struct("older", 4, [["a", threeBits, 8], ["b", int, 32]]); // prettier-ignore
  const btf = openBtf(b.bytes());
  const bits = (type: StructType) => type.members.map(({ bitOffset, bitSize }) => [bitOffset, bitSize]);
  assert.deepEqual(bits(struct(btf, "flagged")), [[7, 5], [0, undefined]]); // prettier-ignore
  assert.deepEqual(bits(struct(btf, "older")), [[10, 3], [32, undefined]]); // prettier-ignore
});

test("enums are signed where marked, 64-bit where wide, and by their values in kernels that never marked them", () => {
  const older = new BtfBuilder();
  older.enumeration("unmarked", 4, [["MINUS", -1]]);
  const marked = new BtfBuilder();
  marked.enumeration("plain", 4, [["ALL", -1]]);
  marked.enumeration("signed", 4, [["MINUS", -1]], true);
  marked.enum64("wide", [["HIGH", 1n << 40n]]);
  marked.enum64("below", [["LOW", -2n]], true);
  const values = (btf: Btf, name: string) => (btf.find("enum", name) as EnumType).values.map(({ value }) => value);
  assert.deepEqual(values(openBtf(older.bytes()), "unmarked"), [-1n]);
  const btf = openBtf(marked.bytes());
  assert.deepEqual(values(btf, "plain"), [0xffffffffn]);
  assert.deepEqual(values(btf, "signed"), [-1n]);
  assert.deepEqual(values(btf, "wide"), [1n << 40n]);
  assert.deepEqual(values(btf, "below"), [-2n]);
});

test("a complete struct is preferred over its declaration, whichever comes first", () => {
  const b = new BtfBuilder();
  b.forward("later");
  b.struct("later", 8, []);
  b.struct("earlier", 8, []);
  b.forward("earlier");
  b.forward("never");
  b.forward("variant", true);
  const btf = openBtf(b.bytes());
  assert.equal(struct(btf, "later").size, 8);
  assert.equal(struct(btf, "earlier").size, 8);
  assert.equal(struct(btf, "never").incomplete, true);
  assert.equal(btf.find("struct", "variant"), undefined);
  assert.equal(btf.find("union", "variant")?.kind, "union");
  assert.equal(btf.find("struct", "absent"), undefined);
});

test("arrays count, and an array without a count is flexible", () => {
  const b = new BtfBuilder();
  const char = b.int("char", 1, SIGNED);
  b.typedef("comm", b.array(char, char, 16));
  b.typedef("tail", b.array(char, char, 0));
  const btf = openBtf(b.bytes());
  assert.equal(sizeOf(btf.find("typedef", "comm")!), 16);
  const tail = bare(btf.find("typedef", "tail")!);
  assert.equal(tail.kind === "array" && tail.count, undefined);
});

test("qualifiers are kept and type tags left out", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, SIGNED);
  const tagged = b.raw(18, "user", 0, false, int);
  b.typedef("t", b.constant(tagged));
  const type = openBtf(b.bytes()).find("typedef", "t");
  assert.equal(type?.kind === "typedef" && type.target.kind, "qualified");
  assert.deepEqual(bare(type!), { kind: "int", name: "int", size: 4, signed: true, encoding: "int" });
});

test("functions and per-CPU variables are found by name and not taken for types", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, SIGNED);
  b.function("printk", b.functionType(int, [["fmt", b.pointer(int)], ["", 0]])); // prettier-ignore
  b.variable("cpu_number", int);
  const btf = openBtf(b.bytes());
  const printk = btf.function("printk");
  assert.ok(printk?.kind === "function" && printk.variadic);
  assert.deepEqual(printk.parameters.map(({ name }) => name), ["fmt"]); // prettier-ignore
  assert.equal(bare(btf.variable("cpu_number")!).kind, "int");
  assert.equal(btf.variable("printk"), undefined);
  assert.deepEqual([...btf.names()], [{ kind: "int", name: "int" }]);
});

function kernelBtf(): { btf: Btf; task: number; int: number } {
  const b = new BtfBuilder();
  const int = b.int("int", 4, SIGNED);
  const task = b.struct("task_struct", 4, [["pid", int, 0]]);
  return { btf: openBtf(b.bytes()), task, int };
}

test("a module's split BTF continues the kernel's ids and strings", () => {
  const kernel = kernelBtf();
  const b = new BtfBuilder({ base: kernel.btf });
  b.struct("mine", 12, [["task", b.pointer(kernel.task), 0], ["count", kernel.int, 64]]); // prettier-ignore
  b.raw(8, 1, 0, false, kernel.int); // a typedef whose name is a string of the base: "int"
  const module = openBtf(b.bytes(), { base: kernel.btf });
  const task = member(struct(module, "mine"), "task").type;
  assert.equal(task.kind === "pointer" && task.target, struct(kernel.btf, "task_struct"));
  assert.equal(module.find("typedef", "int")?.kind, "typedef");
  assert.equal(module.find("struct", "task_struct"), undefined, "the base's own types are asked of the base");
});

test("a distilled base finds its types by name in the running kernel, and keeps what the kernel lacks", () => {
  const kernel = kernelBtf();
  const distilled = new BtfBuilder();
  distilled.struct("gone", 24, []);
  const task = distilled.forward("task_struct");
  const base = openDistilledBase(distilled.bytes(), kernel.btf);
  const b = new BtfBuilder({ base });
  b.struct("mine", 32, [["task", b.pointer(task), 0], ["gone", 1, 64]]); // prettier-ignore
  const mine = struct(openBtf(b.bytes(), { base }), "mine");
  const pointer = member(mine, "task").type;
  assert.equal(pointer.kind === "pointer" && pointer.target, struct(kernel.btf, "task_struct"));
  assert.equal(sizeOf(member(mine, "gone").type), 24);
});

test("a kind of a later kernel is stepped over where the layout section tells its size", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, SIGNED);
  b.raw(20, "", 2, false, int, [1, 2, 3, 4, 5]);
  b.typedef("after", int);
  const layout = Array.from({ length: 21 }, (_, kind): [number, number] => (kind === 20 ? [4, 8] : [0, 0]));
  assert.equal(openBtf(b.bytes(layout)).find("typedef", "after")?.kind, "typedef");
  assert.throws(() => openBtf(b.bytes()), fault("corrupt", /unknown kind 20/));
});

const fault = (kind: string, message: RegExp) => (error: unknown) => error instanceof Fault && error.kind === kind && message.test(error.message); // prettier-ignore

test("a broken blob is a fault", () => {
  const b = new BtfBuilder();
  b.struct("s", 4, [["m", 77, 0]]);
  const bytes = b.bytes();
  assert.throws(() => openBtf(new Uint8Array(3)), fault("truncated", /header/));
  assert.throws(() => openBtf(bytes.subarray(0, bytes.length - 1)), fault("truncated", /exceed its size/));
  assert.throws(() => openBtf(bytes.with(0, 0)), fault("corrupt", /magic/));
  assert.throws(() => openBtf(bytes.with(bytes.length - 1, 65)), fault("corrupt", /string has no end/));
  assert.throws(() => openBtf(bytes.with(28, 9)), fault("corrupt", /exceeds the type section/));
  assert.throws(() => member(struct(openBtf(bytes), "s"), "m").type, fault("corrupt", /no type 77/));
});

test("tags in a circle are a fault, not an endless loop", () => {
  const b = new BtfBuilder();
  b.raw(18, "a", 0, false, 2);
  b.raw(18, "b", 0, false, 1);
  const btf = openBtf(b.bytes());
  assert.throws(() => btf.type(1), fault("corrupt", /more than 64 type tags/));
});

test("flipped bytes end in an answer or a fault", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, SIGNED);
  const s = b.struct("s", 8, [["a", int, 0], ["b", b.pointer(1), 32]], true); // prettier-ignore
  b.enumeration("e", 4, [["X", 1]]);
  b.enum64("f", [["Y", 1n]]);
  b.function("g", b.functionType(s, [["p", int]]));
  const good = b.bytes();
  let answers = 0;
  for (let at = 0; at < good.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff, (good[at] ?? 0) ^ 1]) {
      try {
        const btf = openBtf(good.with(at, value));
        for (const { kind, name } of btf.names()) visit(btf.find(kind, name));
        visit(btf.function("g"));
        answers++;
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    }
  }
  assert.ok(answers > 0);
});

function visit(type: CType | undefined): void {
  if (type?.kind === "struct" || type?.kind === "union") for (const { type: inner } of type.members) sizeOf(inner);
  else if (type?.kind === "enum") void type.values;
  else if (type?.kind === "function") void [type.parameters, type.returns];
}
