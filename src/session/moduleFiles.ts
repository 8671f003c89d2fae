import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { attempt, Fault } from "../base/fault.ts";
import { openFile } from "../base/file.ts";
import { openDwarf, type Dwarf } from "../debuginfo/dwarf/dwarf.ts";
import { openElf } from "../debuginfo/elf.ts";
import { moduleBuildId, moduleSections } from "../linux/module.ts";
import type { Obj } from "../model/object.ts";

/** A module's debuginfo, its sections placed where the dump has them. */
export interface ModuleDebuginfo {
  readonly path: string;
  readonly dwarf: Dwarf;
}

/** Folders below a modules directory that are looked through; a kernel's tree is eight or nine deep. */
const MAX_DEPTH = 16;

/** Modules' debuginfo in directories that the user named: `NAME.ko`, `NAME.ko.debug`, with `-` for `_` as files have it. */
export class ModuleFiles {
  private readonly directories: readonly string[];
  private byName: Map<string, string[]> | undefined;

  constructor(directories: readonly string[]) {
    this.directories = directories;
  }

  /** The debuginfo that matches the module in the dump by build-id, or by name when the dump tells none. */
  find(module: Obj, name: string): ModuleDebuginfo | undefined {
    const candidates = this.files().get(name) ?? [];
    const wanted = attempt(() => moduleBuildId(module));
    for (const path of candidates) {
      const opened = attempt(() => open(path, module, wanted instanceof Fault ? undefined : wanted));
      if (opened && !(opened instanceof Fault)) return opened;
    }
    return undefined;
  }

  private files(): Map<string, string[]> {
    if (this.byName) return this.byName;
    this.byName = new Map();
    for (const directory of this.directories) if (existsSync(directory)) this.collect(directory, 0);
    return this.byName;
  }

  private collect(directory: string, depth: number): void {
    if (depth > MAX_DEPTH) return;
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) this.collect(path, depth + 1);
      const match = /^(.+)\.ko(\.debug)?$/.exec(entry.name);
      const name = match?.[1]?.replaceAll("-", "_");
      if (name === undefined || !entry.isFile()) continue;
      this.byName?.set(name, [...(this.byName.get(name) ?? []), path]);
    }
  }
}

/** @returns undefined when the file is of another build or holds no DWARF. @throws Fault */
function open(path: string, module: Obj, buildId: string | undefined): ModuleDebuginfo | undefined {
  const elf = openElf(openFile(path));
  if (buildId !== undefined && elf.buildId !== undefined && elf.buildId !== buildId) return undefined;
  if (!elf.section(".debug_info")) return undefined;
  const places = new Map<string, bigint>();
  for (const { name, address } of moduleSections(module)) places.set(name, address);
  const dwarf = openDwarf(elf, { placement: (section) => places.get(section) });
  dwarf.completeFrom((kind, name) => module.kernel.types.find(kind, name));
  return { path, dwarf };
}
