import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../src/base/bytes.ts";
import * as linux from "../../../src/linux/module/module.ts";
import { moduleSymbols } from "../../../src/linux/module/moduleSymbols.ts";
import type { Obj } from "../../../src/model/object.ts";
import { toyKernel, type Toy, type ToyKernel, type ToyValue } from "../../builders/kernel.ts";

const MODULE = 0xffff_ffff_c000_1000n;
const CORE = 0xffff_ffff_c001_0000n;
const INIT = 0xffff_ffff_c002_0000n;
const HEAD = 0xffff_ffff_8100_0000n;

/** `struct module` as kernels from 4.5 to 6.3 have it. */
const layoutTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct module_layout { void *base; unsigned int size; unsigned int text_size; };
  struct attribute { const char *name; };
  struct bin_attribute { struct attribute attr; void *private; };
  struct module_sect_attr { struct bin_attribute battr; unsigned long address; };
  struct module_sect_attrs { unsigned int nsections; struct module_sect_attr attrs[4]; };
  struct mod_kallsyms { void *symtab; unsigned int num_symtab; char *strtab; char *typetab; };
  struct module { int state; struct list_head list; char name[56]; struct module_layout core_layout;
    struct module_layout init_layout; struct module_sect_attrs *sect_attrs; void *percpu; unsigned long taints;
    struct mod_kallsyms *kallsyms; };
  struct list_head modules;`;

/** The same since 6.4, with section attributes as since 6.14. */
const memTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct module_memory { void *base; unsigned int size; };
  struct attribute { const char *name; };
  struct bin_attribute { struct attribute attr; void *private; };
  struct attribute_group { struct bin_attribute **bin_attrs; };
  struct module_sect_attrs { struct attribute_group grp; struct bin_attribute attrs[4]; };
  struct module { int state; struct list_head list; char name[56]; struct module_memory mem[7];
    struct module_sect_attrs *sect_attrs; };
  struct list_head modules;`;

function kernelWith(
  types: string,
  module: Record<string, ToyValue>,
  memory: Toy["memory"] = [],
): { kernel: ToyKernel; module: Obj } {
  const list = toyKernel({ types }).object("struct module", 0n).at("list").address;
  const kernel = toyKernel({
    types,
    symbols: { modules: HEAD },
    memory: [["modules", { next: MODULE + list }], ["struct module", MODULE, { name: "ext4", list: { next: HEAD }, ...module }], ...memory], // prettier-ignore
  });
  return { kernel, module: kernel.object("struct module", MODULE) };
}

const withLayout = (more: Record<string, ToyValue> = {}, memory: Toy["memory"] = []) =>
  kernelWith(
    layoutTypes,
    {
      core_layout: { base: CORE, size: 0x3000, text_size: 0x1000 },
      init_layout: { base: INIT, size: 0x1000, text_size: 0x800 },
      ...more,
    },
    memory,
  );

test("a module can have one core and one init range", () => {
  const { kernel, module } = withLayout();
  assert.deepEqual([...linux.modules(kernel)].map(linux.moduleName), ["ext4"]);
  assert.deepEqual(linux.moduleRanges(module), [
    { kind: "core", base: CORE, size: 0x3000, textSize: 0x1000 },
    { kind: "init", base: INIT, size: 0x1000, textSize: 0x800 },
  ]);
  assert.equal(linux.moduleSize(module), 0x3000);
  assert.equal(linux.moduleBase(module), CORE);
});

test("a module can have memory in several ranges", () => {
  const mem = [{ base: CORE, size: 0x2000 }, { base: CORE + 0x10000n, size: 0x1000 }, { base: 0n, size: 0 }, { base: CORE + 0x20000n, size: 0x400 }]; // prettier-ignore
  const { module } = kernelWith(memTypes, { mem });
  assert.deepEqual(
    linux.moduleRanges(module).map(({ kind, size, textSize }) => [kind, size, textSize]),
    [
      ["text", 0x2000, 0x2000],
      ["data", 0x1000, 0],
      ["ro_after_init", 0x400, 0],
    ],
  );
  assert.equal(linux.moduleSize(module), 0x3400);
});

test("the module that contains an address is found", () => {
  const { kernel } = withLayout();
  assert.equal(linux.moduleAt(kernel, CORE + 0x2fffn)?.address, MODULE);
  assert.equal(linux.moduleAt(kernel, INIT)?.address, MODULE);
  assert.equal(linux.moduleAt(kernel, CORE + 0x3000n), undefined);
});

const SECTIONS = MODULE + 0x1000n;

test("sections are read from counted attributes, and per-CPU data too", () => {
  const { module } = withLayout({ sect_attrs: SECTIONS, percpu: 0x5000n }, [
    ["struct module_sect_attrs", SECTIONS, { nsections: 2, attrs: [{ battr: { attr: { name: ".text" } }, address: CORE }, { battr: { attr: { name: ".data" } }, address: CORE + 0x2000n }] }], // prettier-ignore
  ]);
  assert.deepEqual(
    [...linux.moduleSections(module)],
    [
      { name: ".text", address: CORE },
      { name: ".data", address: CORE + 0x2000n },
      { name: ".data..percpu", address: 0x5000n },
    ],
  );
});

test("sections are read from a NULL-terminated group of attributes", () => {
  const pointers = SECTIONS + 0x800n;
  const { kernel, module } = kernelWith(memTypes, { sect_attrs: SECTIONS }, [
    [
      "struct module_sect_attrs",
      SECTIONS,
      { grp: { bin_attrs: pointers }, attrs: [{ attr: { name: ".text" }, private: CORE }] },
    ],
  ]);
  kernel.put("void *[2]", pointers, [module.at("sect_attrs").at("attrs[0]").address, 0n]);
  assert.deepEqual([...linux.moduleSections(module)], [{ name: ".text", address: CORE }]);
});

test("a section count out of all bounds is damage", () => {
  const { module } = withLayout({ sect_attrs: SECTIONS }, [
    ["struct module_sect_attrs", SECTIONS, { nsections: 0xffff_ffff }],
  ]);
  assert.throws(() => [...linux.moduleSections(module)], { kind: "corrupt" });
});

test("a module's BTF is the copy in the kernel, and while the module loads the one in its file", () => {
  const types = `${memTypes.replace("sect_attrs; };", "sect_attrs; unsigned int btf_data_size; void *btf_data; };")}
    struct btf { void *data; unsigned int data_size; };
    struct btf_module { struct list_head list; struct module *module; struct btf *btf; };
    struct list_head btf_modules;`;
  const [HEAD_OF_BTF, ENTRY, BTF] = [HEAD + 0x1000n, MODULE + 0x2000n, MODULE + 0x3000n];
  const over = (next: bigint) => {
    const memory: Toy["memory"] = [
      ["modules", { next: HEAD }],
      ["btf_modules", { next }],
      ["struct btf_module", ENTRY, { list: { next: HEAD_OF_BTF }, module: MODULE, btf: BTF }],
      ["struct btf", BTF, { data: 0x7000n, data_size: 300 }],
      ["struct module", MODULE, { name: "ext4", btf_data: 0x9000n, btf_data_size: 200 }],
    ];
    const kernel = toyKernel({ types, symbols: { modules: HEAD, btf_modules: HEAD_OF_BTF }, memory });
    return linux.moduleBtf(kernel.object("struct module", MODULE))?.btf;
  };
  assert.deepEqual(over(ENTRY), { address: 0x7000n, size: 300 });
  assert.deepEqual(over(HEAD_OF_BTF), { address: 0x9000n, size: 200 });
  assert.deepEqual(over(0n), { address: 0x7000n, size: 300 }); // a head that is damaged: by its other word
});

test("the build ID is read from the module's own note", () => {
  const note = new Uint8Array(36);
  viewOf(note).setUint32(0, 4, true);
  viewOf(note).setUint32(4, 20, true);
  note.fill(0xab, 16);
  const { module } = withLayout({ sect_attrs: SECTIONS }, [
    ["struct module_sect_attrs", SECTIONS, { nsections: 1, attrs: [{ battr: { attr: { name: ".note.gnu.build-id" } }, address: CORE }] }], // prettier-ignore
    ["char [36]", CORE, note],
  ]);
  assert.equal(linux.moduleBuildId(module), "ab".repeat(20));
});

interface Sym {
  readonly name: string;
  readonly value: bigint;
  readonly type: string;
  readonly section?: number;
  readonly size?: number;
}

const SYMTAB = MODULE + 0x4000n;

function withSymbols(...symbols: readonly Sym[]): { module: Obj } {
  const symtab = new Uint8Array(symbols.length * 24);
  let strtab = "\0";
  for (const [i, { name, value, section = 1, size = 0 }] of symbols.entries()) {
    const view = viewOf(symtab);
    view.setUint32(i * 24, strtab.length, true);
    view.setUint16(i * 24 + 6, section, true);
    view.setBigUint64(i * 24 + 8, value, true);
    view.setBigUint64(i * 24 + 16, BigInt(size), true);
    strtab += `${name}\0`;
  }
  const types = symbols.map(({ type }) => type).join("");
  return withLayout({ kallsyms: SECTIONS }, [
    [
      "struct mod_kallsyms",
      SECTIONS,
      { symtab: SYMTAB, num_symtab: symbols.length, strtab: SYMTAB + 0x1000n, typetab: SYMTAB + 0x2000n },
    ],
    [`char [${symtab.length}]`, SYMTAB, symtab],
    [`char [${strtab.length}]`, SYMTAB + 0x1000n, new TextEncoder().encode(strtab)],
    [`char [${types.length}]`, SYMTAB + 0x2000n, new TextEncoder().encode(types)],
  ]);
}

const shown = (symbol: ReturnType<ReturnType<typeof moduleSymbols>["at"]>) =>
  symbol && `${symbol.type} ${symbol.name} ${symbol.size} ${symbol.module}`;

test("a module's symbols are found by address and by name", () => {
  const { module } = withSymbols(
    { name: "printk", value: HEAD, type: "U", section: 0 },
    { name: "ext4_open", value: CORE + 0x100n, type: "t", size: 0x40 },
    { name: "ext4_read", value: CORE, type: "T" },
    { name: "ext4_init", value: INIT, type: "t" },
  );
  const symbols = moduleSymbols(module);
  assert.equal(shown(symbols.at(CORE + 0xffn)), "T ext4_read 256 ext4");
  assert.equal(shown(symbols.at(CORE + 0x120n)), "t ext4_open 64 ext4");
  assert.equal(shown(symbols.at(INIT + 5n)), "t ext4_init 4096 ext4");
  assert.equal(symbols.at(CORE - 1n), undefined);
  assert.equal(symbols.named("ext4_open")[0]?.address, CORE + 0x100n);
  assert.deepEqual(symbols.named("printk"), [], "undefined symbols are others' symbols");
  assert.deepEqual(
    [...symbols.all()].map(({ name }) => name),
    ["ext4_read", "ext4_open", "ext4_init"],
  );
});

test("marks of the assembler are not symbols, and of equal addresses a global function is preferred", () => {
  const { module } = withSymbols(
    { name: "local", value: CORE, type: "t" },
    { name: "exported", value: CORE, type: "T" },
    { name: "$x", value: CORE + 8n, type: "t" },
    { name: "$xrv64i2p1_m2p0", value: CORE + 8n, type: "t" },
    { name: "", value: CORE + 16n, type: "t" },
  );
  assert.equal(moduleSymbols(module).at(CORE + 20n)?.name, "exported");
});

test("a missing name is found missing by one read of the module's string table, without decoding names", () => {
  const many = Array.from({ length: 150 }, (_, i) => ({ name: `ext4_fn${i}`, value: CORE + BigInt(i), type: "t" }));
  const { module } = withSymbols(...many);
  const { memory } = module.kernel;
  const symbols = moduleSymbols(module);
  let decoded = 0;
  const cString = memory.cString.bind(memory);
  Object.assign(memory, { cString: (at: bigint, limit?: number) => (decoded++, cString(at, limit)) });
  for (let i = 0; i < 100; i++) assert.deepEqual(symbols.named(`nosuch${i}`), []);
  assert.ok(decoded < 5, `${decoded} names decoded`);
  assert.equal(symbols.named("ext4_fn149")[0]?.address, CORE + 149n);
});

test("a module without its symbol table has no symbols and reports why", () => {
  const { module } = withLayout({ kallsyms: 0xdead_0000n });
  const symbols = moduleSymbols(module);
  assert.equal(symbols.at(CORE), undefined);
  assert.deepEqual(symbols.named("x"), []);
  assert.equal(symbols.fault?.kind, "excluded");
});
