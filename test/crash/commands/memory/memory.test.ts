/** Commands about memory on the real crash that ships with the project, nothing but the dump file given. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Fault } from "../../../../src/base/fault.ts";
import { withFaultRanges } from "../../../../src/crash/commands/memory/kmem/pages.ts";
import { faultText } from "../../../../src/say/piece.ts";
import { identify } from "../../../../src/linux/identify.ts";
import { perCpuVariable } from "../../../../src/kernel/percpu.ts";
import { openSession } from "../../../../src/session/open/open.ts";
import { data, pieces, transcript } from "../../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
const { context, kernel } = session;
after(() => session.close());

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, "").trimEnd();
const ours = (line: string): string => trimmed(transcript(context, line));
const crash = (name: string): string =>
  trimmed(readFileSync(new URL(`../../../golden/sample/${name}.txt`, import.meta.url), "utf8"));

/** Command lines and the file with what crash 8.0.6 printed, with a vmlinux. */
const recorded: readonly (readonly [string, string])[] = [
  ["kmem -s", "kmem-s"],
  ["kmem -z", "kmem-z"],
  ["kmem -n", "kmem-n"],
  ["kmem -f", "kmem-f"],
  ["kmem -v", "kmem-v"],
  ["kmem -h", "kmem-h"],
  ["kmem -S files_cache", "kmem-S-files_cache"],
  ["kmem ffff8ef68526c180", "kmem-task"],
  ["vm", "vm"],
  ["vm -p 139", "vm-p-many"],
  ["vtop ffff8ef68526c180", "vtop-task"],
  ["mach -m", "mach-m"],
];

test("kmem without an option and an address says what is missing", () => {
  for (const line of ["kmem", "kmem -P"]) assert.match(ours(line), /or an address, is missing[\s\S]*Usage:/);
});

for (const [line, name] of recorded)
  test(`${line} prints the same as crash`, () => assert.equal(ours(line), crash(name)));

test("kmem -i computes the same sums as crash", () => {
  const rows = new Map(data(context, "kmem -i").map((row) => [(row as { name: string }).name, (row as { pages: number }).pages])); // prettier-ignore
  assert.deepEqual(
    ["TOTAL MEM", "FREE", "USED", "BUFFERS", "CACHED", "SLAB", "COMMIT LIMIT"].map((name) => rows.get(name)),
    [15444, 7272, 8172, 8, 826, 4408, 7722],
  );
  assert.equal(rows.has("SHARED"), false);
  assert.match(ours("kmem -i=shared"), /^ {7}SHARED {6}630 {7}2\.5 MB {4}4% of TOTAL MEM$/m);
});

test("kmem -I leaves out caches and lists them", () => {
  const all = ours("kmem -s").split("\n");
  const left = ours("kmem -s -I task_struct,files_cache").split("\n");
  assert.deepEqual(
    left.filter((row) => !row.includes("[IGNORED]")),
    all.filter((row) => !/ (task_struct|files_cache)$/.test(row)),
  );
  assert.match(ours("kmem -S -I task_struct task_struct"), /^[0-9a-f]{16} \[IGNORED\] +task_struct$/);
});

test("a fault at a small address shows the address, whatever digits its message has", () => {
  assert.match(ours("rd -u 0"), /^rd: 0: not mapped/);
});

test("kmem -p prints a row for each page and can pause between them", () => {
  const all = pieces(context, "kmem -p");
  assert.equal(all.filter(({ kind }) => kind === "record").length, 32768);
  assert.ok(all.filter(({ kind }) => kind === "progress").length >= 7);
});

test("adjacent pages of structs that cannot be read for the same reason are one line", () => {
  const missing = (address: bigint, message = "not mapped"): Fault => Fault.at("unmapped", address, message);
  const items = [missing(0xffff_ed92_8200_1040n), missing(0xffff_ed92_8200_2000n), missing(0xffff_ed92_8200_3000n), 7, missing(0xffff_ed92_8200_4000n), missing(0xffff_ed92_8200_6000n), missing(0xffff_ed92_8200_7000n, "excluded")]; // prettier-ignore
  const joined = [...withFaultRanges(items, 4096)].map((one) => (one instanceof Fault ? faultText(one) : one));
  assert.deepEqual(joined, [
    "ffffed9282001040 to ffffed9282003fff: not mapped",
    7,
    "ffffed9282004000: not mapped",
    "ffffed9282006000: not mapped",
    "ffffed9282007000: excluded",
  ]);
});

test("members of struct page are shown by name, words of structs among them", () => {
  assert.equal(
    ours("kmem -m flags,_refcount,lru,mapping 526c000"),
    "      PAGE        flags  _refcount  lru  mapping\n" +
      "fffff8d340149b00  000fffffc0000000  0  fffff8d340149a01,dead000000000122  dead000000000400",
  );
  assert.match(ours("kmem -m nothing"), /^kmem: invalid page struct member: nothing/);
});

test("kmem -v, -f and -g with an argument print only that entry", () => {
  assert.match(ours("kmem -v ffffd11f40000010"), /\nffff\w+ +ffff\w+ +ffffd11f40000000 - ffffd11f40005000 +20480$/);
  assert.match(ours("kmem -f 400000"), /400000 is 1st of 1024 pages/);
  assert.equal(ours("kmem -f 526c000"), "");
  assert.match(ours("kmem -g 10200"), /PG_slab +9 +0000200\n +PG_head +16 +0010000$/);
});

test("kmem accepts a symbol as an address and reports an unknown one", () => {
  assert.match(ours("kmem schedule"), /^ffffffff9ba114f0 \(T\) schedule\n\n +PAGE /);
  assert.match(ours("kmem nosuch"), /^kmem: not an address: nosuch\nUsage:/);
  assert.match(ours("kmem -s nosuch"), /^kmem: no slab cache is named nosuch/);
  assert.match(ours("kmem -s ffffffff9ba114f0"), /^kmem: address is not allocated in slab subsystem/);
});

const kinds = (address: bigint): string[] => [...identify(kernel, address)].map(({ kind }) => kind);

test("an address is described by every object that contains it", () => {
  const task = context.task;
  assert.deepEqual(kinds(task.address + 8n), ["slab object", "task", "page", "physical address space"]);
  assert.deepEqual(kinds(task.at("stack").value() + 64n), [
    "task stack",
    "vmalloc area",
    "page",
    "physical address space",
  ]);
  assert.deepEqual(kinds(kernel.symbols.find("init_task")?.address ?? 0n), [
    "symbol",
    "task",
    "page",
    "physical address space",
  ]);
  assert.deepEqual(kinds(0xfffff8d340149b00n), ["page struct", "page", "physical address space"]);
  assert.deepEqual(kinds(0xdead_0000_0000n), []);
  assert.deepEqual(kinds(0xffff_8ef6_8040_0000n), ["free block", "page", "physical address space"]);
  const [area] = identify(kernel, 0x401000n, task);
  assert.equal(area?.kind, "user area");
  const [symbol] = identify(kernel, perCpuVariable(kernel, "runqueues", 1).address + 8n);
  assert.ok(
    symbol?.kind === "per-CPU variable" &&
      symbol.cpu === 1 &&
      symbol.offset === 8 &&
      symbol.symbol.name === "runqueues",
  );
});

test("a module's address is described by its symbol and section", () => {
  const found = [...identify(kernel, 0xffff_ffff_c025_60b8n)];
  const section = found.find(({ kind }) => kind === "module section");
  assert.ok(section?.kind === "module section" && section.section.name === ".init.text");
  assert.ok(found.some(({ kind }) => kind === "vmalloc area"));
});

test("a user address is translated step by step; for an unmapped one the file is shown", () => {
  assert.match(
    ours("vtop 401000"),
    /PGD: \w+ => \w+\n +PUD: .*\n +PMD: .*\n +PTE: .*\n +PAGE: \w+\n[^]*\/bin\/busybox\n/,
  );
  assert.match(
    ours("vtop -c 139 420000"),
    /\(not mapped\)[^]*PTE: \w+ => 0[^]*FILE: \/bin\/workload {2}OFFSET: 20000$/,
  );
  assert.match(ours("vtop 12"), /12 +\(not accessible\)/);
  assert.match(ours("vtop -k 401000"), /not a kernel virtual address/);
});

test("ptov takes physical addresses and per-CPU offsets", () => {
  assert.equal(ours("ptov 1000000"), "VIRTUAL           PHYSICAL\nffff8ef681000000  1000000");
  assert.match(ours("ptov b0c0:0-1"), /\[0\] {2}ffff8ef685a0b0c0\n {2}\[1\] {2}ffff8ef685b0b0c0$/);
});

test("pte names the bits of an entry", () => {
  assert.match(ours("pte 8000000001000063"), /1000000 {2}\(PRESENT\|RW\|ACCESSED\|DIRTY\|NX\)$/);
  assert.match(ours("pte 0"), /\(no mapping\)$/);
});

test("vm -R finds areas by address, flags and file, and prints nothing for tasks without any", () => {
  assert.equal(ours("vm -R busybox").match(/\/bin\/busybox$/gm)?.length, 5);
  assert.match(ours("vm -R 401000"), /\n401000 +\w+$/);
  assert.equal(ours("vm -R no-such-file"), "");
  const [, , whole] = ours("vm").split("\n");
  assert.equal(ours(`vm -R ${whole?.split(" ")[0]}`), ours("vm").split("\n").slice(0, 3).join("\n"));
  assert.match(ours("vm -f 8100073"), /\(READ\|WRITE\|MAYREAD\|MAYWRITE\|MAYEXEC\|ACCOUNT\|SOFTDIRTY\)$/);
});

test("a search finds numbers, masked numbers and text in every scope", () => {
  const init = kernel.symbols.find("init_task")?.address.toString(16);
  const found = ours("search init_task").split("\n");
  assert.ok(found.length > 20 && found.every((line) => line.endsWith(`: ${init} (init_task)`)));
  assert.ok(ours("search -K init_task").split("\n").length < found.length);
  assert.match(ours("search -t init_task"), /^PID: \d+ +TASK: ffff/);
  assert.match(ours('search -p -c "Kernel panic - not syncing"'), /^[0-9a-f]+: Kernel panic - not syncing/m);
  const [first = ""] = found;
  const at = first.slice(0, 16);
  assert.match(ours(`search -s ${at} -l 8 -m ffff ${init?.slice(0, -4)}0000`), new RegExp(`^${at}: ${init}`));
  assert.match(ours(`search -s ${at} -l 8 -w ${init?.slice(8)}`), new RegExp(`^${at}: `));
  assert.equal(ours(`search -s ${at} -l 8 -x 1 init_task`).split("\n").length, 3);
  assert.match(ours("search -x 1 -c foo"), /^search: -x option is not allowed with -c/);
});

test("a search of stacks refuses options for other memory, because it searches whole stacks", () => {
  for (const option of ["-p", "-u", "-s init_task", "-l 100"])
    assert.match(ours(`search -t ${option} dead4ead`), /^search: -t and -\w exclude each other/, option);
});

test("a search without a match reports its progress", () => {
  const all = pieces(context, "search -p 123456789abcdef1");
  assert.ok(all.length > 100 && all.every(({ kind }) => kind === "progress"));
});

test("kmem -S -a finds the objects of full slabs, as many as the cache counts; JSON of kmem -S reports omitted slabs", () => {
  const [cache] = data(context, "kmem -s dentry") as { allocated: number; total: number; slabs: number }[];
  const slabs = (line: string) =>
    data(context, line).filter(
      (row): row is { slab: string; allocated: number; total: number } => "slab" in Object(row),
    );
  const sum = (line: string, key: "allocated" | "total"): number => slabs(line).reduce((all, one) => all + one[key], 0);
  const all = "kmem -S -a dentry";
  assert.deepEqual(cache, {
    ...cache,
    slabs: slabs(all).length,
    allocated: sum(all, "allocated"),
    total: sum(all, "total"),
  });
  const shown = slabs("kmem -S dentry").length;
  assert.ok(shown < (cache?.slabs ?? 0));
  const said = pieces(context, "kmem -S dentry").find(({ kind }) => kind === "omission");
  assert.deepEqual(said, {
    kind: "omission",
    sentence: `${sum("kmem -S dentry", "total")} of ${cache?.total} objects: ${(cache?.slabs ?? 0) - shown} slabs are on none of the lists that are walked, probably because full slabs are not on a list.`,
    all: { title: "All objects", line: all },
    lines: [],
  });
  assert.equal(
    pieces(context, all).some(({ kind }) => kind === "omission"),
    false,
  );
  assert.match(ours("kmem -s -a dentry"), /^kmem: -a requires -S/);
});

const first = (line: string, key: string): unknown =>
  data(context, line).find((row) => typeof row === "object" && row !== null && key in row);

test("--json of memory is data: sizes in bytes, C values of 64 bits as decimal strings, null for what is absent", () => {
  assert.deepEqual(first("vm 1", "mm"), {
    mm: "0xffff8ef683c56400",
    pgd: "0xffff8ef685202000",
    rss: 1843200,
    totalVm: 2314240,
  });
  assert.deepEqual(first("kmem -z", "min"), {
    node: 0,
    zone: 0,
    address: "0xffff8ef685e9d000",
    name: "DMA",
    spanned: 4095,
    present: 3998,
    min: 67,
    low: 83,
    high: 99,
  });
  assert.deepEqual(first("rd init_task 2", "units"), {
    address: "0xffffffff9ca1aa40",
    units: ["16384", "0"],
    text: ".@..............",
  });
  assert.deepEqual(first("rd -32 -d init_task 1", "units"), {
    address: "0xffffffff9ca1aa40",
    units: [16384],
    text: ".@..",
  });
  assert.deepEqual(first("ptov 20:", "virtual"), { cpu: 0, offset: "32", virtual: "0xffff8ef685a00020" });
  assert.deepEqual(first("vtop 1000", "virtual"), {
    virtual: "0x0000000000001000",
    physical: null,
    pageBytes: null,
    steps: [],
    swap: null,
    swapOffset: null,
    file: null,
    fileOffset: null,
  });
  assert.deepEqual(first("kmem -m _mapcount,lru", "lru"), {
    page: "0xfffff8d340000000",
    _mapcount: { counter: -1 },
    lru: { next: "0xfffff8d340000008", prev: "0xfffff8d340000008" },
  });
});

test("for a page of a file that is not in memory the file and the offset are shown", () => {
  const away = data(context, "vm -p 139") as readonly { file?: unknown; physical?: unknown; fileOffset?: unknown }[];
  const one = away.find(({ file, physical }) => typeof file === "string" && physical === null);
  assert.equal(typeof one?.fileOffset, "number");
});

test("every key of a memory record is declared, and so is in docs/json.md", () => {
  const lines = [
    "kmem -f",
    "kmem -F",
    "kmem -g",
    "kmem -h",
    "kmem -i",
    "kmem -n",
    "kmem -o",
    "kmem -s",
    "kmem -S files_cache",
  ];
  lines.push(
    "kmem -v",
    "kmem -V",
    "kmem -z",
    "vm -p 1",
    "swap",
    "search init_task",
    "rd init_task",
    "pte 67",
    "vtop 401000",
  );
  lines.push("ptob 1", "ptov 1000", "btop 1000", "files 1", "files -c 1", "fuser /", "ipcs -M", "mount -f -i");
  for (const line of lines) {
    for (const piece of pieces(context, line)) {
      if (piece.kind !== "record") continue;
      assert.ok(piece.fields, line);
      const declared = Object.entries(piece.fields).flatMap(([key, { screenOnly }]) => (screenOnly ? [] : [key]));
      assert.deepEqual(Object.keys(piece.data as object).sort(), declared.sort(), line);
    }
  }
});
