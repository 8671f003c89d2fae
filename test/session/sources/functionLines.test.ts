import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionsOf } from "../../../src/session/sources/functionLines.ts";

const ranges = (text: string, name: string) => definitionsOf(text, name).map(({ first, last }) => [first, last]);

test("a definition is found, its declaration and its calls are not", () => {
  const text = "int f(int);\n\nint g(void)\n{\n\treturn f(1);\n}\n\nint\nf(int a)\n{\n\tif (a) {\n\t}\n}\n";
  assert.deepEqual(ranges(text, "f"), [[9, 13]]);
  assert.deepEqual(ranges(text, "g"), [[3, 6]]);
  assert.deepEqual(ranges(text, "h"), []);
});

test("arguments may continue on further lines, and the body may be on one line", () => {
  const text =
    "static inline struct a *get(struct b *b,\n\t\t\t\t int c)\n{\n}\nint one(void) { return 1; }\nint two(void);\n";
  assert.deepEqual(ranges(text, "get"), [[1, 4]]);
  assert.deepEqual(ranges(text, "one"), [[5, 5]]);
});

test("each definition of a function that depends on the configuration is found", () => {
  const text = "#ifdef A\nvoid f(void)\n{\n}\n#else\nvoid f(void)\n{\n\tg();\n}\n#endif\n";
  assert.deepEqual(ranges(text, "f"), [
    [2, 4],
    [6, 9],
  ]);
});

test("a system call is found by the macro that defines it", () => {
  const text =
    "SYSCALL_DEFINE1(sync_all, int, fd)\n{\n}\nSYSCALL_DEFINE3(sync, int, fd,\n\tint, b, int, c)\n{\n\treturn 0;\n}\n";
  assert.deepEqual(ranges(text, "__do_sys_sync"), [[4, 8]]);
  assert.deepEqual(ranges(text, "__x64_sys_sync_all"), [[1, 3]]);
});

test("the macro of a compat system call defines another function than that of the native one", () => {
  const text = "SYSCALL_DEFINE1(ioctl, int, fd)\n{\n}\nCOMPAT_SYSCALL_DEFINE1(ioctl, int, fd)\n{\n}\n";
  assert.deepEqual(ranges(text, "__x64_sys_ioctl"), [[1, 3]]);
  assert.deepEqual(ranges(text, "__ia32_compat_sys_ioctl"), [[4, 6]]);
});

test("a name that is a prefix of another is not taken for it", () => {
  assert.deepEqual(ranges("int panic_on(void)\n{\n}\nvoid nmi_panic(int a)\n{\n}\nvoid panic(void)\n{\n}\n", "panic"), [
    [7, 9],
  ]);
});

test("a hostile file costs linear time", () => {
  const started = performance.now();
  definitionsOf(`${`a ${" ".repeat(380)}f (\n`.repeat(20_000)}`, "f");
  definitionsOf(`}\n${"int f(void)\n{\n".repeat(50_000)}`, "f");
  definitionsOf(`int f(${"a,".repeat(1 << 20)}`, "f");
  assert.ok(performance.now() - started < 3000);
});
