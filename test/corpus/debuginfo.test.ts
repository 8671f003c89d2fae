/** What DWARF, BTF and other tools say of the same vmlinux must be the same. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { openFile } from "../../src/base/file.ts";
import { type Btf, type BtfOptions, openBtf } from "../../src/debuginfo/btf/btf.ts";
import type { StructType } from "../../src/debuginfo/ctype.ts";
import { sizeOf } from "../../src/debuginfo/ctype.ts";
import { openDwarf } from "../../src/debuginfo/dwarf/dwarf.ts";
import { openElf } from "../../src/elf/elf.ts";
import { elfSymbols } from "../../src/debuginfo/symbols/elfSymbols.ts";
import { storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: no debuginfo was compared", { skip: "no corpus" }, () => {});

/** Structs of one meaning in the whole kernel, with bit-fields, anonymous members, arrays and unions among them. */
const structs = [
  "task_struct", "mm_struct", "vm_area_struct", "page", "file", "inode", "dentry", "super_block", "sock", "sk_buff",
  "net_device", "module", "kmem_cache", "rq", "cfs_rq", "sched_entity", "timer_list", "hrtimer", "work_struct",
  "request_queue", "bio", "device", "cpumask", "irq_desc", "pid", "cred", "signal_struct", "sighand_struct",
  "thread_struct", "thread_info", "pt_regs", "zone", "pglist_data", "mutex", "rw_semaphore", "completion", "list_head",
  "maple_node", "xa_node", "printk_ringbuffer", "printk_info", "tcp_sock", "iphdr", "tcphdr", "bpf_prog", "perf_event",
] as const; // prettier-ignore

const shape = (type: StructType): readonly string[] => [
  `${type.kind} of ${type.size}`,
  ...type.members.map(
    ({ name, type: inner, bitOffset, bitSize }) => `${name ?? ""} @${bitOffset}:${bitSize ?? ""} ${sizeOf(inner)}`,
  ),
];

/** Dimensions of a struct's array members, those of anonymous structs too, by path. */
function* dimensions(struct: StructType, path = "", depth = 0): Generator<[member: string, counts: string]> {
  for (const { name = "", type } of depth < 8 ? struct.members : []) {
    let at = type;
    let counts = "";
    for (;;) {
      if (at.kind === "array") counts += `[${at.count ?? ""}]`;
      if (at.kind === "array") at = at.element;
      else if (at.kind === "pointer" || at.kind === "qualified") at = at.target;
      else break;
    }
    yield [`${path}.${name}`, counts];
    if ((at.kind === "struct" || at.kind === "union") && at.name === undefined)
      yield* dimensions(at, `${path}.${name}`, depth + 1);
  }
}

const hasNm = spawnSync("nm", ["--version"]).status === 0;

for (const family of new Set(storedDumps.map(({ family }) => family))) {
  const vmlinux = vmlinuxOf(family);
  const skip = vmlinux ? false : `no vmlinux of ${family} to be had`;

  test(`${family}: DWARF and BTF give the same structs`, { skip }, (context) => {
    const elf = openElf(openFile(vmlinux!));
    const section = elf.section(".BTF");
    if (!section) return context.skip("this kernel has no BTF");
    const contents = elf.contents(section);
    const btf = openBtf(contents.read(0, contents.size), { pointerSize: elf.wordSize });
    const { types } = openDwarf(elf);
    for (const name of structs) {
      const expected = btf.find("struct", name);
      if (!expected) continue;
      assert.deepEqual(shape(types.find("struct", name) as StructType), shape(expected as StructType), name);
    }
  });

  test(`${family}: arrays of all structs have DWARF's dimensions`, { skip }, (context) => {
    const elf = openElf(openFile(vmlinux!));
    const section = elf.section(".BTF");
    if (!section) return context.skip("this kernel has no BTF");
    const contents = elf.contents(section);
    const { types } = openDwarf(elf);
    const open = (options: BtfOptions): Btf =>
      openBtf(contents.read(0, contents.size), { pointerSize: elf.wordSize, ...options });
    const [flat, btf] = [open({}), open({ declared: () => types })];
    let shaped = 0;
    for (const { kind, name } of flat.names()) {
      if (kind !== "struct" && kind !== "union") continue;
      const [ours, exact] = [btf.find(kind, name), types.find(kind, name)];
      // Some names have several definitions: BTF and DWARF may have met another one first.
      if (ours?.kind !== kind || exact?.kind !== kind || ours.size !== exact.size) continue;
      const expected = new Map(dimensions(exact));
      const before = new Map(dimensions(flat.find(kind, name) as StructType));
      for (const [member, counts] of dimensions(ours)) {
        if (expected.has(member)) assert.equal(counts, expected.get(member), `${name}${member}`);
        if (counts !== before.get(member)) shaped++;
      }
    }
    assert.ok(shaped > 20, `${shaped} arrays were flat`);
  });

  test(`${family}: symbols are nm's`, { skip: skip || (hasNm ? false : "no nm on this machine") }, () => {
    // Mapping symbols are hidden here; undefined ones belong to nobody.
    const theirs = execFileSync("nm", [vmlinux!], { encoding: "utf8", maxBuffer: 1 << 28 })
      .trim().split("\n").filter((line) => !/^ *[Uw] | \$[adtx](\.\d+)?$/.test(line)); // prettier-ignore
    const elf = openElf(openFile(vmlinux!));
    const digits = 2 * elf.wordSize;
    const ours = Array.from(
      elfSymbols(elf).all(),
      ({ address, type, name }) => `${address.toString(16).padStart(digits, "0")} ${type} ${name}`,
    );
    assert.ok(ours.length > 50_000);
    const known = new Set(theirs);
    const all = new Set(ours);
    assert.deepEqual([ours.filter((line) => !known.has(line)), theirs.filter((line) => !all.has(line))], [[], []]);
  });
}
