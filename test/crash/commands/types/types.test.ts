/** struct, p, whatis and list on a toy kernel; on real dumps they are compared with crash in the corpus suite. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toyKernel } from "../../../builders/kernel.ts";
import { data, toyContext, transcript } from "../../../builders/transcript.ts";

const base = 0xffff800000001000n;
const types = `
  struct list_head { struct list_head *next, *prev; };
  struct item { int id; struct list_head node; char name[8]; struct { short a; short b; }; struct item *peer; };
  struct queue { unsigned long length; };
  struct box { int a, b, c, d; };
  struct flags { unsigned int mode : 3; unsigned int busy : 1; unsigned int count; char tag; };
  struct wide { char ${Array.from({ length: 20 }, (_, i) => `m${i}`).join(", ")}; };
  struct box box;
  union word { int i; unsigned char bytes[4]; };
  enum color { RED, GREEN };
  typedef unsigned int u32;
  typedef struct { int counter; } atomic_t;
  struct cpumask { unsigned long bits[1]; };
  struct list_head head;
  struct item first, second;
  struct queue queues;
  u32 numbers[3];
  unsigned long __per_cpu_offset[2];
  unsigned int nr_cpu_ids;
  struct cpumask __cpu_possible_mask;
  const char banner[];
  int start(struct item *item);
`;

function context() {
  const kernel = toyKernel({
    types,
    symbols: {
      head: base,
      first: base + 0x100n,
      second: base + 0x200n,
      numbers: base + 0x300n,
      start: { address: base + 0x400n, type: "T", size: 16 },
      __per_cpu_offset: base + 0x500n,
      nr_cpu_ids: base + 0x520n,
      __cpu_possible_mask: base + 0x530n,
      __per_cpu_start: 0n,
      banner: { address: base + 0x120n, type: "D", size: 4 },
      box: base + 0x800n,
      untyped: { address: base + 0x900n, type: "d", size: 4 },
      "entry.cold": { address: base + 0x420n, type: "t", size: 4 },
      queues: 0x40n,
      __per_cpu_end: 0x1000n,
    },
    memory: [
      ["head", { next: base + 0x108n, prev: base + 0x208n }],
      ["first", { id: 1, node: { next: base + 0x208n, prev: base }, name: "one", a: 5, b: 6, peer: base + 0x200n }],
      ["second", { id: 2, node: { next: base, prev: base + 0x108n }, name: "two" }],
      ["numbers", [1, 2, 3]],
      ["__per_cpu_offset", [base + 0x600n, base + 0x700n]],
      ["nr_cpu_ids", 2],
      ["__cpu_possible_mask", { bits: [3n] }],
      ["struct queue", base + 0x640n, { length: 10n }],
      ["struct queue", base + 0x740n, { length: 20n }],
    ],
  });
  return toyContext(kernel);
}
const said = (line: string): string => transcript(context(), line);

test("struct without an address shows the declaration, with offsets if requested", () => {
  assert.equal(
    said("struct list_head"),
    "struct list_head {\n    struct list_head *next;\n    struct list_head *prev;\n}\nSIZE: 16",
  );
  assert.equal(
    said("struct list_head -o"),
    "struct list_head {\n   [0] struct list_head *next;\n   [8] struct list_head *prev;\n}\nSIZE: 16",
  );
  assert.equal(said("struct list_head.prev -x"), "struct list_head {\n   [0x8] struct list_head *prev;\n}");
  assert.equal(said("struct item.node.prev"), "struct item {\n  [16] struct list_head *node.prev;\n}");
  assert.equal(said("union word"), "union word {\n    int i;\n    unsigned char bytes[4];\n}\nSIZE: 4");
  assert.equal(said("struct atomic_t"), "typedef struct {\n    int counter;\n} atomic_t;\nSIZE: 4");
});

test("a struct with an address is its contents, whole or by member", () => {
  assert.equal(said("struct queue ffff800000001640"), "struct queue {\n  length = 10\n}");
  assert.equal(said("struct item.id,name first"), '  id = 1,\n  name = "one\\000\\000\\000\\000",');
  assert.equal(said("struct item.b first"), "    b = 6");
  assert.equal(said("struct item.node.next -x second"), `  node.next = 0x${base.toString(16)} <head>,`);
  assert.equal(said("struct item.id -l item.node ffff800000001208"), "  id = 2,");
  assert.equal(said("struct item.id first.peer"), "  id = 2,");
  assert.equal(
    said("struct list_head -o ffff800000001000"),
    "struct list_head {\n  [ffff800000001000] struct list_head *next;\n  [ffff800000001008] struct list_head *prev;\n}\nSIZE: 16",
  );
  assert.equal(
    said("struct u32_nothing first"),
    "struct: invalid data structure reference: u32_nothing; no struct or union has this name",
  );
  assert.equal(
    said("struct item.nothing first"),
    'struct: invalid data structure member reference: item.nothing; "struct item" lists the members',
  );
  assert.equal(said("struct item 5"), "struct: 5: not a kernel address");
});

test("struct --table shows the layout with values, holes, padding, bit-fields and cache lines", () => {
  assert.equal(
    said("struct item first --table"),
    [
      "ffff800000001100",
      "OFFSET  SIZE  TYPE              MEMBER  VALUE",
      "     0     4  int               id      1",
      "     4     4                    (hole)",
      "     8    16  struct list_head  node    { next = 0xffff800000001208 <second+8>, prev = …",
      '    24     8  char [8]          name    "one"',
      "    32     4  struct {...}",
      "    32     2  short               a     5",
      "    34     2  short               b     6",
      "    36     4                    (hole)",
      "    40     8  struct item *     peer    0xffff800000001200 <second>",
      "size: 48, members: 5, cache lines of 64 bytes: 1",
      "holes: 2 (8 bytes)",
    ].join("\n"),
  );
  // The second half of the struct is in another cache line only if it does not start one.
  assert.match(said("struct item ffff800000001128 --table"), /\n--- cache line 1 begins at offset 24 ---\n    24/);
  assert.match(
    said("struct item ffff800000001130 --table"),
    /--- cache line 1 begins at offset 16, within the member above/,
  );
  assert.doesNotMatch(said("struct item --table"), /cache line 1/);
  assert.equal(
    said("struct flags --table"),
    [
      "OFFSET     SIZE  TYPE          MEMBER",
      "   0:0   3 bits  unsigned int  mode",
      "   0:3    1 bit  unsigned int  busy",
      "   0:4  28 bits                (hole)",
      "     4        4  unsigned int  count",
      "     8        1  char          tag",
      "     9        3                (padding)",
      "size: 12, members: 4, cache lines of 64 bytes: 1",
      "holes: 0, bit holes: 1 (28 bits), padding: 3 bytes",
    ].join("\n"),
  );
  assert.equal(
    said("struct item.node.prev,id first -o --table"),
    [
      "ffff800000001100",
      "OFFSET  SIZE  TYPE                MEMBER     VALUE",
      "    16     8  struct list_head *  node.prev  0xffff800000001000 <head>",
      "     0     4  int                 id         1",
    ].join("\n"),
  );
});

test("struct --table with members or a count has a row for each struct", () => {
  assert.equal(
    said("struct item.id,name,node first 2 --table").replace(/ *\{.*/g, ""),
    ["ADDRESS           id  name   node", 'ffff800000001100   1  "one"', 'ffff800000001130   0  ""'].join("\n"),
  );
  assert.equal(
    said("struct queue.length queues:a --table"),
    ["CPU  ADDRESS           length", "  0  ffff800000001640      10", "  1  ffff800000001740      20"].join("\n"),
  );
  assert.match(
    said("struct wide first 2 --table"),
    /m15.*\n.*\n.*\n4 more members have no column: name members to select them$/s,
  );
  assert.deepEqual(data(context(), "struct item.id,peer first --table"), [
    { address: "0xffff800000001100", id: 1, peer: "0xffff800000001200" },
  ]);
});

test("list --table has a row for each element, and what is broken comes after the rows", () => {
  assert.equal(
    said("list item.node -s item.id,name -H head --table"),
    ["ADDRESS           id  name", 'ffff800000001100   1  "one"', 'ffff800000001200   2  "two"', ""]
      .join("\n")
      .trimEnd(),
  );
  const broken = said("list item.node -s item.id 0xffff800000001208 --table");
  assert.match(broken, /^ADDRESS +id\n/);
  assert.match(said("list -H head --table"), /--table needs the members of the columns: -s struct.member/);
});

test("several structs follow each other, of a negative count the last is at the address", () => {
  assert.equal(
    said("struct queue ffff800000001640 2"),
    "struct queue {\n  length = 10\n}\n\nstruct queue {\n  length = 0\n}",
  );
  assert.equal(said("struct queue.length ffff800000001648 -c -2"), "  length = 10\n\n  length = 0");
});

test("a pointer member is shown with the object it points to, raw bytes with their text", () => {
  assert.equal(
    said("struct item.peer,id -p first").split("\n").slice(0, 3).join("\n"),
    "  struct item *peer = 0xffff800000001200\n  -> {\n       id = 2,",
  );
  assert.equal(
    said("struct queue -r ffff800000001640"),
    "ffff800000001640:  000000000000000a                    ........",
  );
});

test("a list of CPUs chooses copies of a per-CPU struct or variable", () => {
  assert.equal(
    said("struct queue.length queues:a"),
    "[0]: ffff800000001640\n  length = 10\n[1]: ffff800000001740\n  length = 20",
  );
  assert.equal(said("p queues:1"), "per_cpu(queues, 1) = $1 = {\n  length = 20\n}");
  assert.equal(said("p queues:1.length"), "per_cpu(queues, 1).length = $1 = 20");
  assert.equal(said("p queues:a.length"), "per_cpu(queues, 0).length = $1 = 10\nper_cpu(queues, 1).length = $2 = 20");
  assert.match(said("p &queues:1"), /^&per_cpu\(queues, 1\) = \$1 = \(struct queue \*\) 0xffff800000001740/);
  assert.match(said("struct queue queues:1.length"), /nothing may follow the list of CPUs/);
  assert.equal(
    said("p queues"),
    "PER-CPU DATA TYPE:\n  struct queue queues;\nPER-CPU ADDRESSES:\n  [0]: ffff800000001640\n  [1]: ffff800000001740",
  );
  assert.equal(said("p queues:5"), "p: invalid cpu number 5: this system has 0,1");
  assert.match(
    said("p numbers:1"),
    /^numbers is not per-CPU: the list of CPUs is ignored\nnumbers = \$1 =\n \{1, 2, 3\}$/,
  );
  // Of a name that nothing has it is not said what kind of variable it is.
  assert.doesNotMatch(said("p nowhere:1"), /per-CPU/);
});

test("p prints expressions as gdb does and numbers the values", () => {
  const mine = context();
  assert.equal(transcript(mine, "p first.id + 1"), "$1 = 2");
  assert.equal(transcript(mine, "p first.id"), "$2 = 1");
  assert.equal(transcript(mine, "p $1 * 10"), "$3 = 20");
  assert.equal(transcript(mine, "p numbers"), "numbers = $4 =\n {1, 2, 3}");
  assert.equal(transcript(mine, "p &second"), "$5 = (struct item *) 0xffff800000001200 <second>");
  assert.equal(transcript(mine, "px numbers[2] + 15"), "$6 = 0x12");
  assert.equal(transcript(mine, "p/x 16"), "$7 = 0x10");
  assert.equal(transcript(mine, "p (enum color)1"), "$8 = GREEN");
  assert.equal(transcript(mine, "p start"), "start = $9 =\n {int (struct item *)} 0xffff800000001400 <start>");
  assert.match(transcript(mine, "p nothing"), /^p: .*nothing/);
  assert.match(transcript(mine, "p"), /^p: an expression is missing\nUsage:/);
});

test("programs get values as data: numbers, text, addresses, enumerators", () => {
  assert.deepEqual(data(context(), "p first"), [
    {
      expression: "first",
      type: "struct item",
      value: {
        id: 1,
        node: { next: "0xffff800000001208", prev: "0xffff800000001000" },
        name: "one",
        a: 5,
        b: 6,
        peer: "0xffff800000001200",
      },
    },
  ]);
  assert.deepEqual(data(context(), "p (enum color)1"), [
    { expression: "(enum color)1", type: "enum color", value: "GREEN" },
  ]);
});

test("whatis declares types and symbols, and searches structs by size and by member", () => {
  assert.equal(said("whatis u32"), "typedef unsigned int u32;\nSIZE: 4");
  assert.equal(said("whatis first"), "struct item first;");
  assert.equal(said("whatis item.name"), "struct item {\n  [24] char name[8];\n}");
  assert.equal(said("whatis first.name"), "char [8]");
  assert.equal(said("whatis box"), "struct box box;");
  assert.match(said("whatis struct box"), /^struct box \{\n/);
  assert.equal(said("whatis untyped"), "<data variable, no debug info> untyped;");
  assert.equal(said("whatis entry.cold"), "<text variable, no debug info> entry.cold;");
  assert.match(
    said("whatis item.nothing"),
    /^whatis: invalid data structure member reference: item\.nothing; "struct item" lists the members$/,
  );
  assert.equal(said("whatis start"), "int start(struct item *);");
  assert.equal(
    said("whatis -o struct list_head"),
    "struct list_head {\n   [0] struct list_head *next;\n   [8] struct list_head *prev;\n}\nSIZE: 16",
  );
  assert.equal(said("whatis -r 8"), "SIZE  TYPE\n   8  cpumask\n   8  queue");
  assert.equal(said("whatis -r 16-99 -m list_head"), "SIZE  TYPE\n  16  list_head\n  48  item");
  assert.equal(said("whatis -r 4000"), "(none found)");
  assert.match(said("whatis nothing"), /^whatis: cannot resolve: nothing\nUsage:/);
});

test("a list is followed from its head, from an element, and by plain pointers", () => {
  assert.equal(said("list -H head item.node"), "ffff800000001100\nffff800000001200");
  assert.equal(said("list -H head"), "ffff800000001108\nffff800000001208");
  assert.equal(said("list -r -H head -o item.node"), "ffff800000001200\nffff800000001100");
  assert.equal(said("list item.node -h first"), "ffff800000001100\nffff800000001200\nffff800000000ff8");
  assert.equal(said("list -o item.peer first"), "ffff800000001100\nffff800000001200");
  assert.equal(said("list -H head item.node -s item.id"), "ffff800000001100\n  id = 1,\nffff800000001200\n  id = 2,");
  assert.equal(
    said("list -H head item.node -S item.name,id"),
    'ffff800000001100\n  name = "one"\n  id = 1\nffff800000001200\n  name = "two"\n  id = 2',
  );
  assert.equal(said("list -H head -e ffff800000001208"), "ffff800000001108");
  assert.deepEqual(data(context(), "list -H head item.node -S item.id"), [
    { address: "0xffff800000001100", id: 1 },
    { address: "0xffff800000001200", id: 2 },
  ]);
});

test("a list with missing elements reports that after the elements found", () => {
  const damaged = context();
  const { kernel } = damaged;
  // The first element's link skips the second.
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base + 0x108n, { next: base, prev: base });
  assert.match(
    transcript(damaged, "list -H head"),
    /^ffff800000001108\nlist: ffff800000001108: list is damaged here: it leads to 0xffff800000001000, whose back pointer is 0xffff800000001208/,
  );
  assert.equal(
    transcript(damaged, "list -r -H head").split("\n").at(-1),
    "list: ffff800000001208: list is damaged here: it leads to 0xffff800000001108, whose back pointer is 0xffff800000001000", // prettier-ignore
  );
});

test("a list that loops, is broken or is empty reports that after the elements found", () => {
  const looping = context();
  const { kernel } = looping;
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base + 0x208n, { next: base + 0x108n });
  assert.match(
    transcript(looping, "list -H head"),
    /^ffff800000001108\nffff800000001208\nlist: ffff800000001108: duplicate list entry/,
  );
  assert.match(
    transcript(looping, "list -B -H head"),
    /\nlist: the list loops: the loop begins at 0xffff800000001108 and has 2 elements$/,
  );
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base + 0x308n, { next: base + 0x108n });
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base + 0x408n, { next: base + 0x308n });
  assert.match(
    transcript(looping, "list -B ffff800000001408"),
    /^ffff800000001408\n.*: the loop begins at 0xffff800000001108 and has 2 elements$/s,
  );
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base + 0x208n, { next: 0xffff900000000000n });
  assert.match(
    transcript(looping, "list -H head"),
    /^ffff800000001108\nffff800000001208\nffff900000000000\nlist: ffff900000000000: /,
  );
  (kernel as ReturnType<typeof toyKernel>).put("struct list_head", base, { next: base });
  assert.equal(transcript(looping, "list -H head"), "(empty)");
});

test("list reports contradictory options", () => {
  for (const line of [
    "list",
    "list -h -H head",
    "list -O 8 head",
    "list -l 8 head",
    "list -s item -S item head",
    "list a.b c d",
  ]) {
    assert.match(said(line), /^list: /, line);
  }
});
