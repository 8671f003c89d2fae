import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { UsageError } from "../../../src/base/usageError.ts";
import { evaluate } from "../../../src/model/expression/evaluate.ts";
import { formatValue, lineText } from "../../../src/model/format.ts";
import { typeName } from "../../../src/model/typeName.ts";
import { toyKernel } from "../../builders/kernel.ts";

const TYPES = `
  typedef int pid_t;
  typedef unsigned long size_t;
  enum state { BOOTING, RUNNING = 2 };
  struct node { struct node *next; int value; };
  struct task { pid_t pid; unsigned flags : 3; int wide : 9; unsigned char small; struct node node; struct { int x; } list[3]; struct node *chain; };
  struct task init_task;
  enum state system_state;
  unsigned long jiffies;
  int table[4];
  void schedule(int);`;

const kernel = toyKernel({
  types: TYPES,
  symbols: {
    init_task: 0xffff_8000_0000_1000n,
    system_state: 0xffff_8000_0000_2000n,
    jiffies: 0xffff_8000_0000_2008n,
    table: 0xffff_8000_0000_2010n,
    schedule: { address: 0xffff_8000_0000_3000n, type: "T" },
    untyped: 0xffff_8000_0000_2010n,
    "mystery.isra.0": { address: 0xffff_8000_0000_3100n, type: "t" },
  },
  memory: [
    [
      "init_task",
      {
        pid: 42,
        flags: 5,
        wide: -3,
        small: 200,
        node: { value: 9 },
        list: [{ x: 1 }, { x: 2 }, { x: 3 }],
        chain: 0x5000n,
      },
    ],
    ["struct node", 0x5000n, { next: 0x5000n, value: 77 }],
    ["system_state", 2],
    ["jiffies", 100],
    ["table", [10, 20, 30, 40]],
  ],
});

const shown = (text: string): string =>
  Array.from(formatValue(evaluate(kernel, text), { top: true }), lineText).join("\n");

/** Expression, type, value: what gdb prints for them. */
const values: readonly (readonly [string, string, string])[] = [
  ["1", "int", "1"],
  ["4294967296", "long", "4294967296"],
  ["2147483648", "long", "2147483648"],
  ["0x80000000", "unsigned int", "2147483648"],
  ["1ull", "unsigned long long", "1"],
  ["0777", "int", "511"],
  ["0b101", "int", "5"],
  ["'a'", "char", "97 'a'"],
  ["'\\377'", "char", "-1 '\\377'"],
  ["-1", "int", "-1"],
  ["~0UL", "unsigned long", "18446744073709551615"],
  ["!0", "int", "1"],
  ["-7 / 2", "int", "-3"],
  ["-7 % 3", "int", "-1"],
  ["1 + 2 * 3", "int", "7"],
  ["(1 + 2) * 3", "int", "9"],
  ["10 - 4 - 3", "int", "3"],
  ["1 << 31", "int", "-2147483648"],
  ["1UL << 63", "unsigned long", "9223372036854775808"],
  ["1 << 32", "int", "0"],
  ["-8 >> 1", "int", "-4"],
  ["0xf0 & 0x3c | 1 ^ 3", "int", "50"],
  ["-1 > 1u", "int", "1"],
  ["-1L > 1u", "int", "0"],
  ["(char)1 + (char)2", "int", "3"],
  ["1u - 2", "unsigned int", "4294967295"],
  ["1 == 1 && 2 < 3 || 1 / 0", "int", "1"],
  ["0 && 1 / 0", "int", "0"],
  ["1 ? 2 : 3", "int", "2"],
  ["0 ? 1 : 0 ? 2 : 3", "int", "3"],
  ["(unsigned char)300", "unsigned char", "44 ','"],
  ["(int)3000000000", "int", "-1294967296"],
  ["(bool)5", "_Bool", "true"],
  ["(short)-1", "short", "-1"],
  ["sizeof(struct task)", "unsigned long", "48"],
  ["sizeof init_task.list", "unsigned long", "12"],
  ["sizeof(*init_task.chain->next)", "unsigned long", "16"],
  ["sizeof(*(struct task *)0)", "unsigned long", "48"],
  ['sizeof("abc")', "unsigned long", "4"],
  ["init_task.pid", "pid_t", "42"],
  ["init_task.flags + 1", "int", "6"],
  ["init_task.wide", "int", "-3"],
  ["init_task.small", "unsigned char", "200 '\\310'"],
  ["init_task.list[1].x", "int", "2"],
  ["init_task.chain->next->value", "int", "77"],
  ["(*init_task.chain).value", "int", "77"],
  ["init_task.chain[0].value", "int", "77"],
  ["table[2]", "int", "30"],
  ["*table", "int", "10"],
  ["*(table + 3)", "int", "40"],
  ["&table[3] - table", "long", "3"],
  ["table[0]@2", "int [2]", "{10, 20}"],
  ["&init_task.node", "struct node *", "(struct node *) 0xffff800000001008 <init_task+8>"],
  ["&init_task.node + 1", "struct node *", "(struct node *) 0xffff800000001018 <init_task+24>"],
  ["1 + &init_task.node", "struct node *", "(struct node *) 0xffff800000001018 <init_task+24>"],
  ["&((struct task *)0)->node", "struct node *", "(struct node *) 0x8"],
  ["(long)&((struct task *)0)->node", "long", "8"],
  ["(struct node *)0x5000 == init_task.chain", "int", "1"],
  ["!init_task.chain", "int", "0"],
  ["((struct node *)0x5000)->value", "int", "77"],
  ["container_of(&init_task.node, struct task, node)->pid", "pid_t", "42"],
  [
    "container_of(&init_task.node.value, struct task, node.value)",
    "struct task *",
    "(struct task *) 0xffff800000001000 <init_task>",
  ],
  ["system_state", "enum state", "RUNNING"],
  ["system_state == RUNNING", "int", "1"],
  ["RUNNING + 1", "unsigned int", "3"],
  ["(enum state)0", "enum state", "BOOTING"],
  ["jiffies * 2", "unsigned long", "200"],
  ["schedule", "void (int)", "{void (int)} 0xffff800000003000 <schedule>"],
  ["&schedule", "void (*)(int)", "(void (*)(int)) 0xffff800000003000 <schedule>"],
  ["*schedule", "void (int)", "{void (int)} 0xffff800000003000 <schedule>"],
  ["(unsigned long)schedule", "unsigned long", "18446603336221208576"],
  ["'mystery.isra.0'", "void ()", "{void ()} 0xffff800000003100 <mystery.isra.0>"],
  ["&untyped", "void *", "(void *) 0xffff800000002010 <untyped>"],
  ["(int)untyped", "int", "10"],
  ['"abc"', "char [4]", '"abc"'],
  ["*(struct node *)0x5000", "struct node", "{\n  next = 0x5000,\n  value = 77\n}"],
];
for (const [text, type, value] of values) {
  test(`${text} is ${value.replaceAll("\n", " ")}`, () => {
    assert.equal(shown(text), value);
    assert.equal(typeName(evaluate(kernel, text).type), type);
  });
}

/** Expression, what the message says, the column it points at. */
const mistakes: readonly (readonly [string, RegExp, number])[] = [
  ["(1 + 2", /expected \) at column 7, not the end/, 6],
  ["1 +", /expected an expression at column 4/, 3],
  ["1 2", /expected an operator or the end at column 3, not 2/, 2],
  ["table[1", /expected \] at column 8/, 7],
  ["init_task.", /expected a member's name at column 11/, 10],
  ["init_task.nosuch", /struct task has no member nosuch, at column 11/, 10],
  ["jiffies.x", /unsigned long has no members/, 8],
  ["nosuch + 1", /no symbol nosuch at column 1/, 0],
  ["1 / 0", /division by zero at column 3/, 2],
  ["1 << -1", /shift by -1/, 2],
  ["&1", /& requires an object in memory/, 0],
  ["&init_task.flags", /& requires an object in memory/, 0],
  ["*init_task", /\* requires a pointer, not struct task/, 0],
  ["*(void *)0x5000", /cast it/, 0],
  ["init_task + 1", /arithmetic requires a number, not struct task/, 10],
  ["&table[0] * 2", /does not work on pointers/, 10],
  ["jiffies[0]", /\[\] requires an array or a pointer/, 7],
  ["untyped", /type of the symbol at column 1 is not known/, 0],
  ["1 + untyped", /type of the symbol at column 5 is not known/, 4],
  ["1 + 1.5", /1\.5\.\.\. at column 5 is not an integer/, 4],
  ["08", /not an octal number/, 0],
  ["1 + 99999999999999999999", /does not fit in 64 bits, at column 5/, 4],
  ["a = 1", /expected an operator or the end at column 3, not =/, 2],
  ["table; 1", /unexpected|expected/, 5],
  ["1 $", /expected an operator/, 2],
  ["(struct task)1", /int cannot be cast to struct task/, 0],
  ["init_task ? 1 : 2", /struct task is not a number/, 0],
  ["", /expected an expression at column 1/, 0],
];
for (const [text, message, position] of mistakes) {
  test(`"${text}" is the user's mistake`, () => {
    assert.throws(
      () => evaluate(kernel, text),
      (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        assert.equal(error.position, position);
        return true;
      },
    );
  });
}

test("a type that this kernel does not have is a fault, with its place", () => {
  const unknown: readonly (readonly [text: string, message: RegExp])[] = [
    ["(struct nosuch *)0", /no struct nosuch in this kernel's types, at column 2$/],
    ["1 + sizeof(struct nosuch)", /no struct nosuch in this kernel's types, at column 12$/],
    ["(nosuch_t)1", /no type nosuch_t in this kernel's types, at column 2$/],
    ["(nosuch_t **)jiffies", /no type nosuch_t in this kernel's types, at column 2$/],
  ];
  for (const [text, message] of unknown)
    assert.throws(
      () => evaluate(kernel, text),
      (error) => error instanceof Fault && error.kind === "unknown" && message.test(error.message),
      text,
    );
});

test("memory that cannot be read is a fault with its address", () => {
  assert.throws(
    () => evaluate(kernel, "*(int *)0x9000 + 1"),
    (error) => error instanceof Fault && error.address === 0x9000n,
  );
});

test("a scope's names and registers go before the kernel's, and hide types", () => {
  const scope = (name: string) =>
    ({
      pid_t: kernel.value("int", 5n),
      $rip: kernel.value("unsigned long", 0x1000n),
      jiffies: kernel.value("int", 1n),
    })[name];
  assert.equal(evaluate(kernel, "(pid_t) + 1", scope).value(), 6n);
  assert.equal(evaluate(kernel, "$rip + jiffies", scope).value(), 0x1001n);
});

test("an int of a 32-bit machine is as wide as its long", () => {
  const arm = toyKernel({ arch: { name: "arm", byteOrder: "little", wordSize: 4 }, types: "long size;" });
  const type = (text: string): string => typeName(evaluate(arm, text).type);
  assert.deepEqual(
    [type("3000000000"), type("0xffffffff"), type("sizeof(long)"), type("1L + 1LL")],
    ["long long", "unsigned int", "unsigned long", "long long"],
  );
  assert.equal(evaluate(arm, "sizeof(long)").value(), 4n);
});

for (const [what, text] of [
  ["parentheses", "(".repeat(100_000)],
  ["a sum", `1${"+1".repeat(100_000)}`],
  ["indexes", `table${"[0]".repeat(100_000)}`],
  ["signs", `${"-".repeat(100_000)}1`],
  ["conditions", `${"1?".repeat(100_000)}1`],
] as const) {
  test(`endless ${what} are refused`, () => {
    assert.throws(() => evaluate(kernel, text), UsageError);
  });
}
