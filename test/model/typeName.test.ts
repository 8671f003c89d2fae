import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { CType } from "../../src/debuginfo/ctype.ts";
import { declare, typeName } from "../../src/model/typeName.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernel = toyKernel({
  types: "struct list_head { struct list_head *next, *prev; }; typedef int pid_t; enum state { RUNNING, DEAD = 7 };",
});

/** Each is spelt as gdb spells it: read and written back, it is the same text. */
const spellings = [
  "int",
  "unsigned long",
  "long long",
  "signed char",
  "struct list_head",
  "enum state",
  "pid_t",
  "struct list_head *",
  "struct list_head **",
  "const char *",
  "const char * const *",
  "volatile unsigned int",
  "char * const",
  "char [16]",
  "char *[4]",
  "char (*)[65]",
  "unsigned long [3][4]",
  "int []",
  "void (*)(void)",
  "int (*)(struct list_head *, const char *, ...)",
  "void (struct list_head *)",
  "int (*(*)(int))(char)",
  "void (*[8])(int)",
];
for (const text of spellings) {
  test(`${text} is read and spelt alike`, () => {
    assert.equal(typeName(kernel.types.named(text)), text);
  });
}

const aliases: readonly (readonly [string, string])[] = [
  ["long unsigned int", "unsigned long"],
  ["unsigned", "unsigned int"],
  ["unsigned long int long", "unsigned long long"],
  ["short int", "short"],
  ["int unsigned", "unsigned int"],
  ["char const *", "const char *"],
  ["struct list_head __rcu *", "struct list_head *"],
  ["int(*)(int fd, char *name)", "int (*)(int, char *)"],
  ["bool", "_Bool"],
];
for (const [text, name] of aliases) {
  test(`${text} means ${name}`, () => {
    assert.equal(typeName(kernel.types.named(text)), name);
  });
}

test("a declaration has the name at its place in C syntax", () => {
  const declared = (type: string, name: string): string => declare(kernel.types.named(type), name);
  assert.equal(declared("struct list_head *", "next"), "struct list_head *next");
  assert.equal(declared("char [16]", "comm"), "char comm[16]");
  assert.equal(declared("int (*)(void)", "fn"), "int (*fn)(void)");
  assert.equal(declared("char * const", "name"), "char * const name");
  assert.equal(declared("void (*[8])(int)", "table"), "void (*table[8])(int)");
  assert.equal(declared("const unsigned long", "limit"), "const unsigned long limit");
});

test("types have the sizes of C", () => {
  const size = (name: string): number => kernel.object(name, 0n).size;
  assert.deepEqual(
    ["char [16]", "struct list_head *", "unsigned long [3][4]", "int (*[8])(void)"].map(size),
    [16, 8, 96, 64],
  );
});

for (const text of [
  "struct nosuch *",
  "nosuch_t",
  "long char",
  "struct",
  "int foo bar",
  "int [",
  "int (*",
  "",
  "short long",
  "int [99999999999999999999]",
]) {
  test(`"${text}" is no type`, () => {
    assert.throws(
      () => kernel.types.named(text),
      (error) => error instanceof Fault && error.kind === "unknown",
    );
  });
}

test("a type that contains itself ends in dots", () => {
  const loop: { kind: "pointer"; size: number; target: CType } = { kind: "pointer", size: 8, target: { kind: "void" } };
  loop.target = loop;
  assert.match(typeName(loop), /^\.\.\. \*+$/);
});

test("brackets without end are refused, not followed", () => {
  assert.throws(() => kernel.types.named(`int ${"(*".repeat(5000)}`), /nested levels/);
});
