import assert from "node:assert/strict";
import { test } from "node:test";
import { type FormatOptions, formatMember, formatValue, lineText } from "../../src/model/format.ts";
import { type ToyValue, toyKernel } from "../builders/kernel.ts";

const TYPES = `
  struct list_head { struct list_head *next, *prev; };
  enum state { RUNNING, STOPPED = 3, DEAD = 7 };
  enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };
  typedef unsigned char u8;
  struct lock { };
  struct thing {
    int pid; unsigned low : 3, high : 5; u8 small; char letter; bool ready;
    char comm[8]; const char *title; u8 *bytes; void (*fn)(int); struct list_head list;
    union { long word; struct { int a, b; }; };
    enum state state; enum flags flags; struct lock lock;
    short table[3]; struct { int x; } pairs[2]; char *names[2]; int grid[2][2]; u8 tail[];
  };
  struct list_head modules;
  long wide[300]; char text[300];`;

const ADDRESS = 0xffff_8880_0000_1000n;

function shown(type: string, value: ToyValue, options: FormatOptions = {}): string {
  const kernel = toyKernel({ types: TYPES, memory: [[type, ADDRESS, value]], symbols: SYMBOLS });
  return text(formatValue(kernel.object(type, ADDRESS), options));
}
const text = (lines: ReturnType<typeof formatValue>): string => Array.from(lines, lineText).join("\n");

const SYMBOLS = {
  modules: { address: 0xffff_ffff_8200_0000n, size: 16 },
  schedule: { address: 0xffff_ffff_8100_0000n, size: 0x100, type: "T" },
};

test("a struct is printed as gdb prints it", () => {
  const value = {
    pid: -1,
    low: 5,
    high: 9,
    small: 15,
    letter: 65,
    ready: true,
    comm: "init",
    fn: 0xffff_ffff_8100_0010n,
    list: { next: 0xffff_ffff_8200_0008n, prev: 0xdead000000000100n },
    a: 1,
    b: 2,
    state: 3,
    flags: 6,
    table: [1, -2, 3],
    pairs: [{ x: 1 }, { x: 2 }],
    grid: [
      [1, 2],
      [3, 4],
    ],
  };
  assert.equal(
    shown("struct thing", value),
    `{
  pid = -1,
  low = 5,
  high = 9,
  small = 15 '\\017',
  letter = 65 'A',
  ready = true,
  comm = "init\\000\\000\\000",
  title = 0x0,
  bytes = 0x0,
  fn = 0xffffffff81000010 <schedule+16>,
  list = {
    next = 0xffffffff82000008 <modules+8>,
    prev = 0xdead000000000100
  },
  {
    word = 8589934593,
    {
      a = 1,
      b = 2
    }
  },
  state = STOPPED,
  flags = (WRITE | EXECUTE),
  lock = {<No data fields>},
  table = {1, -2, 3},
  pairs = {{
      x = 1
    }, {
      x = 2
    }},
  names = {0x0, 0x0},
  grid = {{1, 2}, {3, 4}},
  tail = 0xffff888000001078 ""
}`,
  );
});

test("hexadecimal shows every integer as it is in memory, and leaves text and enumerators unchanged", () => {
  const lines = shown("struct thing", { pid: -1, low: 5, small: 15, ready: 1, comm: "init", state: 7 }, { radix: 16 });
  for (const line of [
    "pid = 0xffffffff,",
    "low = 0x5,",
    "small = 0xf,",
    "ready = 0x1,",
    'comm = "init\\000\\000\\000",',
    "state = DEAD,",
  ])
    assert.ok(lines.includes(`  ${line}\n`), line);
});

const scalars: readonly (readonly [string, ToyValue, string])[] = [
  ["enum state", 5, "5"],
  ["enum flags", 0, "0"],
  ["enum flags", 9, "(READ | unknown: 0x8)"],
  ["enum flags", 8, "(unknown: 0x8)"],
  ["bool", 0, "false"],
  ["u8", 200, "200 '\\310'"],
  ["char", -56, "-56 '\\310'"],
  ["char", 39, "39 '\\''"],
  ["char", 10, "10 '\\n'"],
  ["char [4]", new Uint8Array([255, 0, 0, 0]), '"\\377\\000\\000"'],
  ["char [4]", "abcd", '"abcd"'],
  ["char [4]", 'a"\\', '"a\\"\\\\"'],
  ["char [8]", "žluť", '"žluť\\000"'],
  ["char [8]", new Uint8Array([0, 0x30, 0x31, 0x41, 0x32, 0xff, 0x33, 10]), '"\\000\\060\\061A2\\3773\\n"'],
  ["unsigned long", 0xffff_ffff_ffff_ffffn, "18446744073709551615"],
  ["const char *", "text", '0xffffffff70000000 "text"'],
  ["struct list_head *", 0x10, "0x10"],
  ["__int128", -5, "-5"],
];
for (const [type, value, wanted] of scalars) {
  test(`${type} shows ${wanted}`, () => {
    assert.equal(shown(type, value), wanted);
  });
}

test("a top-level pointer or function is printed with its type, a char * is not", () => {
  assert.equal(shown("struct list_head *", 0x10, { top: true }), "(struct list_head *) 0x10");
  assert.equal(
    shown("void (*)(int)", 0xffff_ffff_8100_0000n, { top: true }),
    "(void (*)(int)) 0xffffffff81000000 <schedule>",
  );
  assert.equal(shown("const char *", "text", { top: true }), '0xffffffff70000000 "text"');
  assert.equal(shown("u8 *", "text", { top: true }), '(u8 *) 0xffffffff70000000 "text"');
});

test("long arrays and strings end in dots at the limit", () => {
  assert.equal(shown("long [300]", [1, 2, 3], { limit: 4 }), "{1, 2, 3, 0...}");
  assert.match(shown("char [300]", "x".repeat(299)), /^"x{256}"\.\.\.$/);
  assert.match(shown("const char *", "y".repeat(300)), /^0xffffffff70000000 "y{256}"\.\.\.$/);
});

test("text can be printed up to its first NUL", () => {
  assert.equal(shown("char [8]", "ab", { stopAtNull: true }), '"ab"');
});

test("an array of unknown length is the address of its first element", () => {
  assert.equal(shown("long []", [7]), "0xffff888000001000");
});

test("a value that cannot be read is replaced by a fault", () => {
  const kernel = toyKernel({ types: TYPES });
  kernel.put("int", 0x1ffcn, 42);
  const lines = text(formatValue(kernel.object("struct thing", 0x1ffcn)));
  assert.match(lines, /^ {2}pid = 42,$/m);
  assert.match(lines, /^ {2}low = <page excluded from dump>,$/m);
  assert.match(lines, /^ {2}comm = <page excluded from dump>,$/m);
  assert.match(lines, /^ {2}table = \{<page excluded from dump> <repeats 3 times>\},$/m);
});

test("the readable part of an array on two pages is shown", () => {
  const kernel = toyKernel({ types: TYPES });
  kernel.put("long [2]", 0x1ff0n, [1, 2]);
  assert.equal(
    text(formatValue(kernel.object("long [4]", 0x1ff0n))),
    "{1, 2, <page excluded from dump> <repeats 2 times>}",
  );
});

test("a string that extends into a missing page is shown up to that page", () => {
  const kernel = toyKernel();
  kernel.put("char [4]", 0x1ffcn, "abcd");
  assert.equal(text(formatValue(kernel.value("char *", 0x1ffcn))), '0x1ffc "abcd"<page excluded from dump>');
});

test("a string literal is shown without a symbol, a part of a variable with one", () => {
  const types = "char command[64];";
  const symbols = { linux_banner: 0xffff_ffff_8200_0000n, command: 0xffff_ffff_8300_0000n };
  const kernel = toyKernel({ types, symbols });
  kernel.put("char [64]", 0xffff_ffff_8200_0100n, "PCI");
  kernel.put("char [64]", 0xffff_ffff_8300_0000n, "quiet");
  assert.equal(text(formatValue(kernel.value("char *", 0xffff_ffff_8200_0100n))), '0xffffffff82000100 "PCI"');
  assert.equal(
    text(formatValue(kernel.value("char *", 0xffff_ffff_8300_0001n))),
    '0xffffffff83000001 <command+1> "uiet"',
  );
  assert.equal(
    text(formatValue(kernel.value("void *", 0xffff_ffff_8200_0100n))),
    "0xffffffff82000100 <linux_banner+256>",
  );
});

test("a single member has the same indentation as in the whole struct", () => {
  const kernel = toyKernel({ types: TYPES, memory: [["struct thing", ADDRESS, { pid: 1, b: 7 }]] });
  const member = (path: string): string => text(formatMember(kernel.object("struct thing", ADDRESS), path));
  assert.equal(member("pid"), "  pid = 1,");
  assert.equal(member("b"), "      b = 7,");
  assert.equal(member("list.next"), "  list.next = 0x0,");
  assert.equal(member("list"), "  list = {\n    next = 0x0,\n    prev = 0x0\n  },");
});

test("lines contain the addresses, symbols and faults that a face can link", () => {
  const kernel = toyKernel({ types: TYPES, symbols: SYMBOLS });
  const [line] = formatValue(kernel.value("void (*)(int)", SYMBOLS.schedule.address));
  assert.deepEqual(line, [
    { as: "address", text: "0xffffffff81000000", address: SYMBOLS.schedule.address },
    " ",
    { as: "symbol", text: "<schedule>", address: SYMBOLS.schedule.address },
  ]);
});

test("arrays can be printed with one element per line", () => {
  assert.equal(
    shown(
      "int [2][2]",
      [
        [1, 2],
        [3, 4],
      ],
      { arrayLines: true },
    ),
    "{\n  {\n    1,\n    2\n  },\n  {\n    3,\n    4\n  }\n}",
  );
  assert.equal(
    shown("struct list_head [300]", [], { arrayLines: true, limit: 1 }),
    "{\n  {\n    next = 0x0,\n    prev = 0x0\n  }...\n}",
  );
});
