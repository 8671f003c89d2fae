/** Loaded modules. */
import { attempt, Fault } from "../../base/fault.ts";
import { viewOf } from "../../base/bytes.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { moduleList } from "./moduleList.ts";

/** Maximum number of loaded modules; distributions contain about 5,000. */
const MAX_MODULES = 1 << 15;

/** Yields the loaded modules, `struct module`, newest first. @throws Fault where the list breaks */
export function* modules(kernel: Kernel): Generator<Obj<"struct module">, void, void> {
  let count = 0;
  for (const module of listEntries(kernel, moduleList(kernel), "struct module", "list")) {
    if (++count > MAX_MODULES)
      throw Fault.at("corrupt", module.address, `list of modules has more than ${MAX_MODULES} entries`);
    yield module;
  }
}

/** Returns the name of a module. @throws Fault */
export const moduleName = (module: Obj<"struct module">): string => module.at("name").text();

/** A contiguous memory range of a module. */
export interface ModuleRange {
  /** Name from `enum mod_mem_type` since v6.4; older kernels have one core and one init range. */
  readonly kind:
    "text" | "data" | "rodata" | "ro_after_init" | "init_text" | "init_data" | "init_rodata" | "core" | "init";
  readonly base: bigint;
  /** Size in bytes. */
  readonly size: number;
  /** Size of the code at the start of the range, in bytes. */
  readonly textSize: number;
}

/** enum mod_mem_type, include/linux/module.h */
const MOD_MEM_TYPES = ["text", "data", "rodata", "ro_after_init", "init_text", "init_data", "init_rodata"] as const;

/** Returns the memory ranges of a module; init ranges only while it is being initialized. @throws Fault */
export function moduleRanges(module: Obj<"struct module">): ModuleRange[] {
  const all = module.has("mem") ? memRanges(module) : layoutRanges(module);
  return all.filter(({ base, size }) => base !== 0n && size > 0);
}

/**
 * Returns the ranges since Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory") (in
 * v6.4).
 */
function memRanges(module: Obj<"struct module">): ModuleRange[] {
  return MOD_MEM_TYPES.map((kind, i) => {
    const memory = module.at(`mem[${i}]`);
    const size = memory.at("size").number();
    return { kind, base: memory.at("base").value(), size, textSize: kind.endsWith("text") ? size : 0 };
  });
}

/** Returns the ranges before v6.4: of module_layout since v4.5 (commit 7523e4dc5057), of plain members before. */
function layoutRanges(module: Obj<"struct module">): ModuleRange[] {
  return (["core", "init"] as const).map((kind) => {
    const layout = layoutPaths(module, kind);
    return {
      kind,
      base: module.at(layout.base).value(),
      size: module.at(layout.size).number(),
      textSize: module.at(layout.text).number(),
    };
  });
}

const layoutPaths = (module: Obj<"struct module">, kind: "core" | "init") =>
  module.has(`${kind}_layout`)
    ? { base: `${kind}_layout.base`, size: `${kind}_layout.size`, text: `${kind}_layout.text_size` }
    : { base: `module_${kind}`, size: `${kind}_size`, text: `${kind}_text_size` };

const isInit = ({ kind }: ModuleRange): boolean => kind.startsWith("init");

/** Returns the address where a module's code starts. @throws Fault */
export function moduleBase(module: Obj<"struct module">): bigint {
  return module.at(module.has("mem") ? "mem[0].base" : layoutPaths(module, "core").base).value();
}

/**
 * Returns the size of an initialized module in bytes: the size that lsmod prints without the init part. @throws Fault
 */
export const moduleSize = (module: Obj<"struct module">): number =>
  moduleRanges(module).reduce((sum, range) => (isInit(range) ? sum : sum + range.size), 0);

/** Returns the module that contains an address in one of its ranges; undefined if none does. */
export function moduleAt(kernel: Kernel, address: bigint): Obj<"struct module"> | undefined {
  for (const { module, ranges } of modulesWithRanges(kernel)) {
    if (ranges.some(({ base, size }) => address >= base && address < base + BigInt(size))) return module;
  }
  return undefined;
}

/** Every readable module with its ranges, computed once. Never throws. */
const modulesWithRanges = derived(
  "module ranges",
  (kernel): readonly { readonly module: Obj<"struct module">; readonly ranges: readonly ModuleRange[] }[] => {
    const found: { module: Obj<"struct module">; ranges: ModuleRange[] }[] = [];
    // If the list is broken, the modules before the break are kept.
    attempt(() => {
      for (const module of modules(kernel)) {
        const ranges = attempt(() => moduleRanges(module));
        if (!(ranges instanceof Fault)) found.push({ module, ranges });
      }
    });
    return found;
  },
);

/** Maximum number of sections of a module. */
const MAX_SECTIONS = 4096;

/** A section and its address in memory. */
export interface ModuleSection {
  readonly name: string;
  readonly address: bigint;
}

/**
 * Yields the sections of a module in /sys/module/NAME/sections, and `.data..percpu`, which sysfs lacks because the loader
 * clears its SHF_ALLOC, at the address in `module.percpu`.
 * @throws Fault if the attributes cannot be read
 */
export function* moduleSections(module: Obj<"struct module">): Generator<ModuleSection> {
  const attributes = module.at("sect_attrs");
  if (attributes.value() !== 0n) {
    if (attributes.has("nsections")) yield* countedSections(attributes);
    else yield* groupedSections(attributes);
  }
  if (module.has("percpu")) {
    const percpu = attempt(() => module.at("percpu").value());
    if (!(percpu instanceof Fault) && percpu !== 0n) yield { name: ".data..percpu", address: percpu };
  }
}

/** Yields the sections until v6.13: `nsections` entries of `struct module_sect_attr`. */
function* countedSections(attributes: Obj<"struct module_sect_attrs">): Generator<ModuleSection> {
  const count = attributes.at("nsections").number();
  if (count > MAX_SECTIONS)
    throw Fault.of("corrupt", `module has ${count} sections, more than the limit of ${MAX_SECTIONS}`);
  // By address, because an index into a flexible array needs its dimensions from DWARF, which takes 0.2 s without a
  // saved index of names.
  const first = attributes.kernel.object("struct module_sect_attr", attributes.at("attrs").address);
  for (let i = 0; i < count; i++) {
    const attribute = first.kernel.object(first.type, first.address + BigInt(i * first.size));
    // Changed by Linux kernel commit ed66f991bb19 ("module: Refactor section attr into bin attribute") (in v5.8).
    const name = attribute.at(attribute.has("battr") ? "battr.attr.name" : "name").text();
    yield { name, address: attribute.at("address").value() };
  }
}

/**
 * Yields the sections since Linux kernel commit 4b2c11e4aaf7 (in v6.14): a NULL-terminated array of attributes with the
 * address in `private`.
 */
function* groupedSections(attributes: Obj<"struct module_sect_attrs">): Generator<ModuleSection> {
  const list = attributes.at(attributes.has("grp.bin_attrs_new") ? "grp.bin_attrs_new" : "grp.bin_attrs");
  for (let i = 0; i < MAX_SECTIONS; i++) {
    const attribute = list.index(i);
    if (attribute.value() === 0n) return;
    yield { name: attribute.at("attr.name").text(), address: attribute.at("private").value() };
  }
}

/** Returns the GNU build ID in a module's notes, in hexadecimal; undefined if it has none. @throws Fault */
export function moduleBuildId(module: Obj<"struct module">): string | undefined {
  const { kernel } = module;
  for (const { name, address } of moduleSections(module)) {
    if (name !== ".note.gnu.build-id") continue;
    const header = viewOf(kernel.memory.read(address, 12));
    const little = kernel.arch.byteOrder === "little";
    const [nameSize, size] = [header.getUint32(0, little), header.getUint32(4, little)];
    if (nameSize !== 4 || size > 64) throw Fault.at("corrupt", address, "module's build ID note is damaged");
    return Buffer.from(kernel.memory.read(address + 16n, size)).toString("hex");
  }
  return undefined;
}

/** A table or other data of a module in memory. */
export interface ModuleBlob {
  readonly address: bigint;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * Returns the module's BTF, and its distilled base if it has one (v6.11). The copy in `btf_modules`, which
 * kernel/bpf/btf.c parsed, is preferred. If there was a base, btf_relocate() made the copy relative to the kernel's own
 * BTF, so that it needs no base. `btf_data` has the BTF of the file only while the module is being loaded;
 * do_init_module() removes it. @returns undefined if the module has no BTF @throws Fault
 */
export function moduleBtf(
  module: Obj<"struct module">,
): { readonly btf: ModuleBlob; readonly base: ModuleBlob | undefined } | undefined {
  const kept = keptBtf(module.kernel).get(module.address);
  if (kept) return { btf: { address: kept.at("data").value(), size: kept.at("data_size").number() }, base: undefined };
  const blob = (name: string): ModuleBlob | undefined => {
    if (!module.has(name)) return undefined;
    const address = module.at(name).value();
    const size = module.at(`${name}_size`).number();
    return address === 0n || size === 0 ? undefined : { address, size };
  };
  const btf = blob("btf_data");
  return btf && { btf, base: blob("btf_base_data") };
}

/** `btf_modules` of kernel/bpf/btf.c: `struct btf` by the address of its `struct module`. */
const keptBtf = derived("btf_modules", (kernel): ReadonlyMap<bigint, Obj<"struct btf">> => {
  const kept = new Map<bigint, Obj<"struct btf">>();
  const head = kernel.symbols.find("btf_modules")?.address;
  attempt(() => {
    if (head === undefined) return;
    for (const entry of listEntries(kernel, kernel.object("struct list_head", head), "struct btf_module", "list")) {
      kept.set(entry.at("module").value(), entry.at("btf").deref());
      if (kept.size > MAX_MODULES) return;
    }
  });
  return kept;
});

/**
 * Returns the module's ORC tables (x86 `struct mod_arch_specific`), `count` entries each; undefined if it has none.
 * @throws Fault
 */
export function moduleOrc(
  module: Obj<"struct module">,
): { readonly ip: bigint; readonly entries: bigint; readonly count: number } | undefined {
  if (!module.has("arch.num_orcs")) return undefined;
  const count = module.at("arch.num_orcs").number();
  if (count === 0) return undefined;
  return { ip: module.at("arch.orc_unwind_ip").value(), entries: module.at("arch.orc_unwind").value(), count };
}
