/** Assembles the kernel of a session from its image and its modules. */
import type { TypeSource } from "../../debuginfo/source.ts";
import { declarations } from "../../linux/declarations.ts";
import { summaries } from "../../linux/printers.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { assembleKernel } from "../../model/assemble.ts";
import type { Kernel } from "../../model/kernel.ts";
import { typeIndex } from "../../model/typeIndex.ts";
import { generatedCode, generatedSymbols } from "../../unwind/generatedCode.ts";
import { CodeIndex } from "./codeIndex.ts";
import type { KernelImage } from "./kernelImage.ts";
import type { ModuleDebuginfos } from "./moduleDebuginfos.ts";
import { type ModuleImage, moduleImages } from "./moduleImages.ts";
import { type SymbolImage, SymbolIndex } from "./symbolIndex.ts";
import type { Vmlinux } from "./vmlinux.ts";

/** Creates the kernel of a session: symbols, types and code of its image and its modules. */
export function sessionKernel(
  opened: OpenedMemory,
  vmlinux: Vmlinux | undefined,
  image: KernelImage,
  debuginfos: ModuleDebuginfos,
): Kernel {
  const { arch, memory, vmcoreinfo, cpuNotes } = opened;
  // Modules are read when an address or a name is not found in the kernel. Reading them uses the kernel's own symbols,
  // so the list is empty meanwhile.
  let modules: readonly ModuleImage[] | undefined;
  const loaded = (): readonly ModuleImage[] => {
    if (modules) return modules;
    modules = [];
    return (modules = moduleImages(kernel, {
      btf: image.btf,
      orcVersion: image.orcVersion,
      debuginfo: (module, name) => debuginfos.of(module, name),
    }));
  };
  const code = new CodeIndex(
    image.code,
    () => loaded().map((one) => one.code),
    (pc) => generatedCode(kernel, pc) !== undefined,
    (pc) => kernel.symbols.at(pc)?.name,
  );
  const generated = generatedImage(() => kernel);
  const kernel: Kernel = assembleKernel({
    arch,
    memory,
    vmcoreinfo: (key) => vmcoreinfo?.text(key),
    cpuNotes,
    symbols: new SymbolIndex(
      image.symbols,
      function* () {
        for (const module of loaded()) yield module.symbols;
        yield* generated();
      },
      image.dataNamesGap,
    ),
    code,
    summaries,
    types: typeIndex(arch, declarations, kernelTypes(image, vmlinux), function* () {
      for (const module of loaded()) {
        const types = module.types();
        if (types) yield types;
      }
    }),
  });
  debuginfos.serve(kernel, () => code.forget());
  vmlinux?.completeFrom((kind, name) => kernel.types.find(kind, name));
  return kernel;
}

const kernelTypes = (image: KernelImage, vmlinux: Vmlinux | undefined): Iterable<TypeSource> => ({
  *[Symbol.iterator]() {
    const btf = image.btf();
    const dwarf = vmlinux?.dwarf();
    if (btf) yield btf;
    // BTF has all types of the kernel but few variables. DWARF is used for variables only, because finding that DWARF
    // lacks a type takes a second.
    if (dwarf) yield btf ? variablesOnly(dwarf.types) : dwarf.types;
  },
});

const variablesOnly = (types: TypeSource): TypeSource => ({
  name: types.name,
  find: () => undefined,
  variable: (name) => types.variable(name),
  declaredAt: (name, kind) => types.declaredAt?.(name, kind),
  function: (name) => types.function(name),
  names: () => [],
});

/**
 * Returns the symbols of BPF programs and other code that the kernel generated. Finding them uses symbols, so the list
 * is empty meanwhile.
 */
function generatedImage(kernel: () => Kernel): () => readonly SymbolImage[] {
  let known: readonly SymbolImage[] | undefined;
  return () => {
    if (known) return known;
    known = [];
    const source = generatedSymbols(kernel());
    const symbols = [...source.all()];
    const [first, last] = [symbols.at(0), symbols.at(-1)];
    if (!first || !last) return known;
    // The range covers gaps as well; the source answers for them.
    const ranges = [{ start: first.address, end: last.address + BigInt(last.size) }];
    return (known = [{ source, bias: 0n, ranges, module: undefined }]);
  };
}
