/** The DAP `modules` request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import {
  moduleBase,
  moduleBuildId,
  moduleName,
  modules as loadedModules,
  moduleSize,
} from "../../linux/module/module.ts";
import { taintLetters } from "../../linux/module/taint.ts";
import type { Obj } from "../../model/object.ts";
import { kernelBuildId } from "../../session/find/kernelBuildId.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";

/** Lists the kernel itself and its loaded modules. */
export const modules: Pick<Handlers, "modules"> = {
  *modules(target, { startModule = 0, moduleCount = 0 }) {
    const rows: DebugProtocol.Module[] = [kernelRow(target)];
    const list: Obj[] = [];
    const end = attempt(() => {
      for (const module of loadedModules(target.kernel)) list.push(module);
    });
    for (const module of list) {
      rows.push(moduleRow(target, module));
      yield;
    }
    if (end instanceof Fault) rows.push({ id: "…", name: `the list ends early: <${end.message}>` });
    const wanted = rows.slice(startModule, moduleCount > 0 ? startModule + moduleCount : undefined);
    return { modules: wanted, totalModules: rows.length };
  },
};

/** Returns the rows of some modules; "vmlinux" names the kernel itself. */
export function rowsOf(target: Target, names: readonly string[]): DebugProtocol.Module[] {
  const rows = names.includes("vmlinux") ? [kernelRow(target)] : [];
  attempt(() => {
    for (const module of loadedModules(target.kernel))
      if (names.includes(moduleName(module))) rows.push(moduleRow(target, module));
  });
  return rows;
}

function kernelRow({ session, kernel }: Target): DebugProtocol.Module {
  const { vmlinux, memory } = session;
  const start = kernel.symbols.find("_stext")?.address;
  return {
    id: "vmlinux",
    name: "vmlinux",
    ...(vmlinux ? { path: vmlinux.path, symbolFilePath: vmlinux.path } : {}),
    symbolStatus: vmlinux?.elf.section(".debug_info")
      ? "symbols, types and lines from vmlinux"
      : `symbols from ${kernel.symbols.sources.join(", ") || "nowhere"}`,
    ...(start === undefined ? {} : { addressRange: hex0x(start) }),
    ...definedFacts({ buildId: kernelBuildId(memory), version: kernel.vmcoreinfo("OSRELEASE") }),
  };
}

function moduleRow({ kernel, session }: Target, module: Obj): DebugProtocol.Module {
  const cell = <T>(read: () => T): T | string => {
    const value = attempt(read);
    return value instanceof Fault ? `<${value.message}>` : value;
  };
  const name = cell(() => moduleName(module));
  const base = attempt(() => moduleBase(module));
  // The file is found and its build ID compared, but its DWARF is not read: that takes seconds for hundreds of modules.
  const file = session.debuginfos.of(module, name)?.path;
  return {
    id: name,
    name,
    symbolStatus: file === undefined ? "symbols of the module's own table" : "symbols, types and lines",
    ...(file === undefined ? {} : { symbolFilePath: file }),
    ...(base instanceof Fault ? {} : { addressRange: hex0x(base) }),
    ...definedFacts({
      size: cell(() => moduleSize(module)),
      taint: cell(() => taintLetters(kernel, module.at("taints").value())),
      buildId: cell(() => moduleBuildId(module)),
    }),
  };
}

/** Returns our own columns (`additionalModuleColumns`) without the empty ones. */
const definedFacts = (columns: Record<string, string | number | undefined>): object =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined && value !== ""));
