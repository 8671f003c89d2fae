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

/** One loaded module, as far as its `struct module` can be read; everything in it opens when asked for. */
export interface ModuleImage {
  readonly name: string;
  readonly module: Obj;
  readonly symbols: SymbolImage;
  readonly code: CodeImage;
  /** Types that only this module has. */
  readonly types: () => TypeSource | undefined;
}

/** What module images need of the session. */
export interface ModuleOptions {
  /** The kernel's BTF, which the modules' continue. */
  readonly btf: () => Btf | undefined;
  readonly orcVersion: () => OrcVersion | undefined;
  /** Debuginfo on disk for a module; asked again each time, since `mod` loads and unloads it. */
  readonly debuginfo: (module: Obj, name: string) => ModuleDebuginfo | undefined;
}

/** Every module of the dump; those whose structure is damaged are left out, the list ends where it breaks. */
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
  const within = (size: (range: (typeof ranges)[number]) => number) =>
    ranges
      .filter((range) => size(range) > 0)
      .map((range) => ({ start: range.base, end: range.base + BigInt(size(range)) }));
  const symbols = moduleSymbols(module);
  const btf = once(() => typesOf(kernel, module, options.btf(), () => debuginfo()?.dwarf.types));
  return {
    name,
    module,
    symbols: { source: symbols, bias: 0n, ranges: within((range) => range.size), module: name },
    code: {
      module: name,
      text: within((range) => range.textSize),
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

/** A module's types from its BTF, and from its DWARF the globals that it has a symbol for: its file is opened for no other. */
const withGlobals = (btf: Btf, dwarf: () => TypeSource | undefined, symbols: SymbolSource): TypeSource => {
  const isOwn = (name: string): boolean => symbols.named(name).length > 0;
  return {
    name: btf.name,
    find: (kind, name) => btf.find(kind, name),
    variable: (name) => btf.variable(name) ?? (isOwn(name) ? dwarf()?.variable(name) : undefined),
    declaredAt: (name) => (isOwn(name) ? dwarf()?.declaredAt?.(name) : undefined),
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

/** A module's BTF has the types that its kernel has not: the largest of Debian's has 300 KiB. */
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
      if (size > MAX_BTF) throw Fault.at("corrupt", address, `a module's BTF of ${size} bytes`);
      return kernel.memory.read(address, size);
    };
    const base = blob.base ? openDistilledBase(bytes(blob.base), kernelBtf) : kernelBtf;
    return openBtf(bytes(blob.btf), { base, pointerSize: kernel.arch.wordSize, declared });
  });
  return types instanceof Fault ? undefined : types;
}
