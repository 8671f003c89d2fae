/** Commands that need little of a kernel: numbers, text, symbols, memory, the session itself. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Parsed } from "../../../src/crash/language/command.ts";
import { commands } from "../../../src/crash/commands.ts";
import { refresh } from "../../../src/crash/commands/console/refresh.ts";
import { mod } from "../../../src/crash/commands/system/mod.ts";
import { parseOptions } from "../../../src/crash/language/parse.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { contextNow, data, toyContext, transcript } from "../../builders/transcript.ts";

const context = () =>
  toyContext(
    toyKernel({
      types: "typedef unsigned long word; char banner[24]; unsigned long words[6];",
      symbols: { banner: 0xffff800000001000n, words: 0xffff800000002fd0n },
      memory: [
        ["banner", "Linux version 6.1\n"],
        ["words", [1n, 0xffff800000002fd8n, 0x6c6c6f48n, 0n, 0xfffffffffffffffen]],
      ],
      vmcoreinfo: { PAGESIZE: "4096" },
    }),
  );
const said = (line: string): string => transcript(context(), line);

test("eval shows a value in four bases, with its unit, its sign and its bits", () => {
  assert.equal(
    said("eval -b 3k"),
    `hexadecimal: c00  (3KB)
    decimal: 3072
      octal: 6000
     binary: ${"110000000000".padStart(64, "0")}
   bits set: 11 10`,
  );
  assert.match(
    said("eval ffffffff81000000 - 100"),
    /^hexadecimal: ffffffff80ffff9c\n +decimal: 18446744071578845084 {2}\(-2130706532\)/,
  );
});

test("eval evaluates operators by precedence, symbols, and numbers that can only be hexadecimal", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["2 + 3 * 4", "e"],
    ["(2 + 3) * 4", "14"],
    ["(ff | 1000)", "3ff"],
    ["(1 << 32)", "100000000"],
    ["(1 << 64)", "0"],
    ["~0", "ffffffffffffffff"],
    ["-5 + 6", "1"],
    ["10 % 4 ^ 1", "3"],
    ["words + 8", "ffff800000002fd8"],
    ["1g", "40000000"],
  ];
  for (const [expression, value] of cases) {
    assert.equal(/^hexadecimal: (\w+)/.exec(said(`eval ${expression}`))?.[1], value, expression);
  }
  for (const wrong of ["1 -", "foo", "(1", "1 2", "1 / 0", "(".repeat(500)])
    assert.match(said(`eval ${wrong}`), /^eval: /, wrong);
});

test("btop and ptob convert addresses to pages and back, each with its own number base", () => {
  assert.equal(said("btop 1000000 1fff"), "1000000: 1000\n1fff: 1");
  assert.equal(said("ptob 1000 0x10"), "3e8: 3e8000\n10: 10000");
  assert.match(said("btop zz"), /^btop: invalid input: "zz"/);
});

test("ascii shows a word of memory as text", () => {
  assert.equal(said("ascii 62696c2f7273752f"), "62696c2f7273752f: /usr/lib");
  assert.equal(said("ascii 6c"), "000000000000006c: l<NUL><NUL><NUL><NUL><NUL><NUL><NUL>");
  assert.match(said("ascii"), /^ {2}0 \| NUL DLE {2}SP {2}0 {3}@ {3}P {3}` {3}p/m);
});

test("rd shows words, their text, and stops at the first that is not there", () => {
  const at = "ffff800000002fd0";
  assert.equal(
    said("rd words 3"),
    `${at}:  0000000000000001 ffff800000002fd8   ........./......\n${at.slice(0, -2)}e0:  000000006c6c6f48                    Holl....`,
  );
  assert.equal(said("rd -x words"), `${at}:  0000000000000001`);
  assert.equal(
    said("rd -8 words+16 4"),
    `${at.slice(0, -2)}e0:  48 6f 6c 6c                                       Holl`,
  );
  assert.equal(said("rd -32 -N words+16"), `${at.slice(0, -2)}e0:  486f6c6c                              lloH`);
  assert.equal(said("rd -x -N words"), `${at}:  0000000000000001`);
  assert.equal(said("rd -d words+32"), `${at.slice(0, -2)}f0:               -2`);
  assert.equal(said("rd -s words+8"), `${at.slice(0, -2)}d8:  words+8`);
  assert.equal(said("rd -R -x words+8 2"), `${at}:  0000000000000001 ffff800000002fd8`);
  assert.equal(said(`rd -x -e ${at.slice(0, -2)}e0 words`), `${at}:  0000000000000001 ffff800000002fd8`);
  assert.equal(said("rd -a banner"), "ffff800000001000:  Linux version 6.1");
  assert.match(said("rd words 8"), /\nrd: ffff800000003000: .*$/);
});

test("rd reports invalid arguments", () => {
  for (const line of ["rd", "rd words x", "rd -8s words", "rd -e words words", "rd words 0", "rd -p words"]) {
    assert.match(said(line), /^rd: /, line);
  }
});

test("sym finds symbols by name, by address and by part of a name", () => {
  assert.equal(said("sym banner"), "ffff800000001000 (D) banner");
  assert.equal(said("sym ffff800000001004"), "ffff800000001004 (D) banner+4");
  assert.equal(said("sym -q ann"), "ffff800000001000 (D) banner");
  assert.equal(said("sym -q xyz"), "(none found)");
  assert.match(said("sym 10"), /^sym: invalid address: 10; it is in no symbol of the kernel or a module$/);
  assert.deepEqual(data(context(), "sym banner"), [
    {
      address: "0xffff800000001000",
      type: "D",
      name: "banner",
      offset: undefined,
      module: undefined,
      file: undefined,
      line: undefined,
    },
  ]);
});

test("an alias is defined, shown and deleted", () => {
  const mine = context();
  assert.equal(
    transcript(mine, 'alias kp "p words | head -1"'),
    "ORIGIN   ALIAS    COMMAND\nruntime  kp       p words | head -1",
  );
  assert.match(transcript(mine, "alias"), /^builtin {2}px {7}p -x$[\s\S]*^runtime {2}kp/m);
  assert.equal(transcript(mine, "alias px"), "ORIGIN   ALIAS    COMMAND\nbuiltin  px       p -x");
  assert.equal(transcript(mine, 'alias kp ""'), "alias deleted: kp");
  assert.match(transcript(mine, "alias kp"), /alias does not exist: kp/);
});

test("set shows and changes variables, also several at once, and refuses invalid values", () => {
  const mine = context();
  assert.equal(transcript(mine, "set radix 16"), "output radix: 16 (hex)");
  assert.equal(contextNow(mine).radix, 16);
  assert.equal(
    transcript(mine, "set print_max 10 hash off"),
    "print_max: 10\nhash: off\n  no effect here: lists are always checked",
  );
  assert.equal(transcript(mine, "set print_max"), "print_max: 10");
  assert.match(transcript(mine, "set -v"), /^ +print_max: 10$/m);
  assert.equal(transcript(mine, "set radix 8"), 'set: radix takes 10 | 16 | dec | hex, not "8"');
});

test("exit ends the session, repeat runs a command once", () => {
  const mine = context();
  assert.equal(
    transcript(mine, "repeat -1 btop 1000"),
    "1000: 1\nrepeat: a dump does not change; the command ran once",
  );
  assert.equal(mine.ended, false);
  transcript(mine, "q");
  assert.equal(contextNow(mine).ended, true);
});

test("refresh asks the front end to read anew what changes, and nothing of a dump", () => {
  const mine = context();
  assert.equal(
    transcript(mine, "refresh"),
    "refresh: a dump does not change: refresh is for running kernels and guests",
  );
  const live = mine.with({ session: { ...mine.session, live: "running" } });
  assert.deepEqual([...refresh.run(live, parseOptions(refresh, ""))], [{ kind: "changed", change: { refresh: true } }]);
});

test("in a read-only session a command runs only if its declaration permits it", () => {
  const reading = Object.assign(context(), { onlyReads: true });
  const refusal = /this session only reads the dump/;
  const silent = commands().filter(({ readsOnly }) => readsOnly === undefined);
  assert.deepEqual(
    silent.map(({ name }) => name),
    ["extend", "wr"],
  );
  for (const line of [
    "extend x.mjs",
    "wr words 1",
    "rd -r file words",
    "repeat rd -r file words",
    "dev -v 0 file",
    "set error file",
    "set scroll off error file",
  ])
    assert.match(transcript(reading, line), refusal, line);
  assert.match(transcript(reading, "rd words"), /^ffff800000002fd0: {2}0000000000000001/);
  const parsed = (line: string): Parsed => parseOptions(mod, line);
  assert.deepEqual(
    [" -t", " -s ext4", " -s ext4 /home/x.ko", " -S", " -S /home"].map((line) =>
      (mod.readsOnly as (args: Parsed) => boolean)(parsed(line)),
    ),
    [true, true, false, true, false],
  );
});

test("a command that copies to files decides by its arguments whether it only reads", () => {
  const folder = "src/crash/commands";
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const textOf = (file: string): string => readFileSync(`${folder}/${file}`, "utf8");
  const writers = files.filter((file) => /copyToFile\(context/.test(textOf(file)) && !file.endsWith("copyToFile.ts"));
  // The folder of a command holds its parts.
  const owners = writers.map((file) => file.split("/").at(-2));
  assert.deepEqual(owners.sort(), ["dev", "rd"]);
  for (const owner of owners)
    assert.equal(typeof commands().find(({ name }) => name === owner)?.readsOnly, "function", owner);
});

test("the manual page of an alias is that of its command", () => {
  assert.match(said("help px"), /NAME\n {2}p - /);
  const mine = context();
  transcript(mine, 'alias errors "log | grep -i error"');
  assert.match(transcript(mine, "help errors"), /NAME\n {2}log - /);
  assert.match(said("help nothing"), /no command "nothing"/);
});

test("mach leaves out a property whose line in VMCOREINFO is damaged", () => {
  const kernel = toyKernel({ vmcoreinfo: { PAGESIZE: "4096", "NUMBER(MODULES_VADDR)": "stolen" } });
  assert.doesNotMatch(transcript(toyContext(kernel), "mach"), /MODULES BASE/);
});

test("a command that takes only options refuses any other word, which it would ignore", () => {
  for (const line of ["log foo", "swap foo", "health foo", "analyze foo", "mach foo", "bpf foo", "report foo"])
    assert.match(said(line), /^\w+: invalid argument: foo; the command takes only options\nUsage:/, line);
});

test("rd -a says where a long text continues", () => {
  const kernel = toyKernel({
    symbols: { long: 0xffff800000001000n },
    memory: [["unsigned char", 0xffff800000001000n, Buffer.alloc(70_000, "x")]],
  });
  assert.match(
    transcript(toyContext(kernel), "rd -a long"),
    /\nthe text continues after 65536 bytes: give a count to see more$/,
  );
});
