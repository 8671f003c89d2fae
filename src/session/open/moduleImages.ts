/** Assembles the symbols, types and code of the modules in a dump. */
import { attempt, Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import { type Btf, openBtf } from "../../debuginfo/btf/btf.ts";
import { openDistilledBase } from "../../debuginfo/btf/btfBase.ts";
import { openOrc, type OrcVersion } from "../../debuginfo/orc.ts";
import type { OrcSource, SymbolSource, TypeSource } from "../../debuginfo/source.ts";
import { type ModuleBlob, moduleBtf, moduleName, moduleOrc, moduleRanges, modules } from "../../linux/module/module.ts";
import { moduleSymbols } from "../../linux/module/moduleSymbols.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { CodeImage } from "./codeIndex.ts";
import type { ModuleDebuginfo } from "../find/moduleFiles.ts";
import type { SymbolImage } from "./symbolIndex.ts";

/**
 * One loaded module, as far as its `struct module` is readable. Types, ORC tables and debuginfo are read when first
 * used.
 */
export interface ModuleImage {
  readonly name: string;
  readonly module: Obj;
  readonly symbols: SymbolImage;
  readonly code: CodeImage;
  /** The module's types: its BTF (only what the kernel's BTF lacks) with globals of its DWARF, or its DWARF. */
  readonly types: () => TypeSource | undefined;
}

/** The parts of the session that module images depend on. */
export interface ModuleOptions {
  /** The kernel's BTF, which the BTF of modules extends. */
  readonly btf: () => Btf | undefined;
  readonly orcVersion: () => OrcVersion | undefined;
  /** Returns the debuginfo file of a module. Called each time, because `mod` loads and unloads debuginfo. */
  readonly debuginfo: (module: Obj, name: string) => ModuleDebuginfo | undefined;
}

/** Returns all modules of the dump, without those whose structure is damaged. The list ends where it is broken. */
export function moduleImages(kernel: Kernel, options: ModuleOptions): ModuleImage[] {
  const images: ModuleImage[] = [];
  attempt(() => {
    for (const module of modules(kernel)) {
      const image = attempt(() => moduleImage(kernel, module, options));
      if (!(image instanceof Fault)) images.push(image);
    }
  });
  return images;
}

function moduleImage(kernel: Kernel, module: Obj, options: ModuleOptions): ModuleImage {
  const name = moduleName(module);
  const ranges = moduleRanges(module);
  const debuginfo = (): ModuleDebuginfo | undefined => options.debuginfo(module, name);
  const rangesOf = (size: (range: (typeof ranges)[number]) => number) =>
    ranges
      .filter((range) => size(range) > 0)
      .map((range) => ({ start: range.base, end: range.base + BigInt(size(range)) }));
  const symbols = moduleSymbols(module);
  const btf = once(() => typesOf(kernel, module, options.btf(), () => debuginfo()?.dwarf.types));
  return {
    name,
    module,
    symbols: { source: symbols, bias: 0n, ranges: rangesOf((range) => range.size), module: name },
    code: {
      module: name,
      text: rangesOf((range) => range.textSize),
      code: () => debuginfo()?.dwarf.code,
      bias: 0n,
      orc: once(() => orcOf(kernel, module, options)),
    },
    types: () => {
      const dwarf = (): TypeSource | undefined => debuginfo()?.dwarf.types;
      const own = btf();
      return own ? withGlobals(own, dwarf, symbols) : dwarf();
    },
  };
}

/**
 * Combines a module's BTF with the globals and functions in its DWARF. Opens the DWARF only for names that the module
 * has a symbol for.
 */
const withGlobals = (btf: Btf, dwarf: () => TypeSource | undefined, symbols: SymbolSource): TypeSource => {
  const isOwn = (name: string): boolean => symbols.named(name).length > 0;
  return {
    name: btf.name,
    find: (kind, name) => btf.find(kind, name),
    variable: (name) => btf.variable(name) ?? (isOwn(name) ? dwarf()?.variable(name) : undefined),
    declaredAt: (name, kind) => (isOwn(name) ? dwarf()?.declaredAt?.(name, kind) : undefined),
    function: (name) => btf.function(name) ?? (isOwn(name) ? dwarf()?.function(name) : undefined),
    enumerator: (name) => btf.enumerator?.(name),
    names: () => btf.names(),
  };
};

function orcOf(kernel: Kernel, module: Obj, { orcVersion }: ModuleOptions): OrcSource | undefined {
  const version = orcVersion();
  const orc = attempt(() => {
    const table = moduleOrc(module);
    return (
      table && version && openOrc(kernel.memory, { ips: table.ip, entries: table.entries, count: table.count }, version)
    );
  });
  return orc instanceof Fault ? undefined : orc;
}

/**
 * Maximum size of a module's BTF in bytes. It has only the types that the kernel's BTF does not have; the largest of
 * Debian's has 300 KiB.
 */
const MAX_BTF = 64 << 20;

function typesOf(
  kernel: Kernel,
  module: Obj,
  kernelBtf: Btf | undefined,
  declared: () => TypeSource | undefined,
): Btf | undefined {
  if (!kernelBtf) return undefined;
  const types = attempt(() => {
    const blob = moduleBtf(module);
    if (!blob) return undefined;
    const bytes = ({ address, size }: ModuleBlob): Uint8Array => {
      if (size > MAX_BTF)
        throw Fault.at("corrupt", address, `the BTF of a module has ${size} bytes, more than the limit of ${MAX_BTF}`);
      return kernel.memory.read(address, size);
    };
    const base = blob.base ? openDistilledBase(bytes(blob.base), kernelBtf) : kernelBtf;
    return openBtf(bytes(blob.btf), { base, pointerSize: kernel.arch.wordSize, declared });
  });
  return types instanceof Fault ? undefined : types;
}
