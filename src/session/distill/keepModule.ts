/** What crash and drgn read of a module. */
import { attempt } from "../../base/fault.ts";
import type { Recording } from "../../dump/recording.ts";
import { moduleBuildId, moduleOrc, moduleRanges, moduleSections } from "../../linux/module/module.ts";
import { moduleSymbols } from "../../linux/module/moduleSymbols.ts";
import type { Obj } from "../../model/object.ts";
import { keep, keepObject, touch } from "./keep.ts";

/** Maximum number of symbols that a module exports. */
const MAX_EXPORTS = 1 << 16;
/** Maximum size of a symbol's name in bytes: KSYM_NAME_LEN. */
const MAX_NAME = 512;
/** Maximum number of notes of a module, and of bytes of a note. */
const MAX_NOTES = 256;
const MAX_NOTE_BYTES = 1 << 16;
/** Sizes of the entries in the ORC tables in bytes: an address (`int`), a `struct orc_entry`. */
const IP_BYTES = 4;
const ENTRY_BYTES = 6;

/** Reads the parts of a module, each as far as the dump has it. */
export function keepModule(module: Obj<"struct module">, recording: Recording): void {
  const { kernel } = module;
  const parts: readonly (() => unknown)[] = [
    () => keepObject(module),
    () => [...moduleSections(module)],
    () => moduleBuildId(module),
    () => [...moduleSymbols(module).all()],
    () => keepExports(module, "syms", "num_syms"),
    () => keepExports(module, "gpl_syms", "num_gpl_syms"),
    () => keepNotes(module),
    () => {
      const orc = moduleOrc(module);
      if (!orc) return;
      keep(kernel.memory, orc.ip, orc.count * IP_BYTES);
      keep(kernel.memory, orc.entries, orc.count * ENTRY_BYTES);
    },
    // crash reads the memory of a module as a whole, of which only its symbols and tables are needed.
    () => {
      for (const { base, size } of moduleRanges(module)) touch(kernel, recording, base, size);
    },
  ];
  for (const part of parts) attempt(part);
}

/** Reads the notes that drgn identifies a module by: `notes_attrs`, an array of `struct bin_attribute`. */
function keepNotes(module: Obj<"struct module">): void {
  const { kernel } = module;
  const notes = module.at("notes_attrs");
  if (notes.value() === 0n) return;
  const attributes = notes.deref();
  keepObject(attributes);
  if (attributes.has("grp.bin_attrs")) {
    // Since Linux kernel commit 4b2c11e4aaf7 (in v6.14): a NULL-terminated array of pointers.
    const list = attributes.at(attributes.has("grp.bin_attrs_new") ? "grp.bin_attrs_new" : "grp.bin_attrs");
    for (let i = 0; i < MAX_NOTES && list.index(i).value() !== 0n; i++) keepNote(list.index(i).deref());
    return;
  }
  const count = Math.min(attributes.at("notes").number(), MAX_NOTES);
  const first = kernel.object("struct bin_attribute", attributes.at("attrs").address);
  for (let i = 0; i < count; i++) keepNote(kernel.object(first.type, first.address + BigInt(i * first.size)));
}

function keepNote(attribute: Obj): void {
  keepObject(attribute);
  attempt(() => attribute.at("attr.name").text());
  keep(
    attribute.kernel.memory,
    attribute.at("private").value(),
    Math.min(attribute.at("size").number(), MAX_NOTE_BYTES),
  );
}

/** Reads `struct kernel_symbol`s and the names that they refer to, by address or by distance. */
function keepExports(module: Obj<"struct module">, table: string, count: string): void {
  const { kernel } = module;
  const first = module.at(table).deref();
  const symbols = Math.min(module.at(count).number(), MAX_EXPORTS);
  keep(kernel.memory, first.address, symbols * first.size);
  for (let i = 0; i < symbols; i++) {
    const symbol = kernel.object(first.type, first.address + BigInt(i * first.size));
    const offset = symbol.has("name_offset") ? symbol.at("name_offset") : undefined;
    const name = offset ? offset.address + BigInt.asIntN(64, offset.value()) : symbol.at("name").value();
    attempt(() => kernel.memory.cString(name, MAX_NAME));
  }
}
