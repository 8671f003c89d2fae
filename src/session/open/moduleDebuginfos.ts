/** Manages which debuginfo each module of a session uses. */
import { statSync } from "node:fs";
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import type { ModuleDebuginfoControl, PlacedSection } from "../../crash/language/command.ts";
import { moduleName, modules } from "../../linux/module/module.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { toEnd } from "../../base/job.ts";
import { type ModuleDebuginfo, ModuleFiles, type ModuleSearch } from "../find/moduleFiles.ts";

/** The debuginfo of each module: found at the first request, or loaded by the user. */
export class ModuleDebuginfos implements ModuleDebuginfoControl {
  private readonly files: ModuleFiles;
  /** Undefined for a module without debuginfo, or whose debuginfo was unloaded. */
  private readonly known = new Map<string, ModuleDebuginfo | undefined>();
  /** Modules whose debuginfo the user unloaded. */
  private readonly unloaded = new Set<string>();
  /** Modules whose sections are listed among their symbols. */
  private readonly marked = new Set<string>();
  private readonly searches = new Map<string, ModuleSearch>();
  private kernel: Kernel | undefined;
  private forget: () => void = () => {};

  constructor(files: ModuleFiles) {
    this.files = files;
  }

  /** Sets the kernel. @param forget discards what was derived from debuginfo that is no longer used */
  serve(kernel: Kernel, forget: () => void): void {
    this.kernel = kernel;
    this.forget = forget;
  }

  of(module: Obj, name: string): ModuleDebuginfo | undefined {
    return toEnd(this.finding(module, name));
  }

  /**
   * Returns what `of` returns, undefined if no file is found, and yields where the caller may pause; `of` may be called
   * in the meantime.
   */
  *finding(module: Obj, name: string): Generator<void, ModuleDebuginfo | undefined> {
    if (!this.known.has(name)) {
      const search = yield* this.files.searching(module, name);
      if (!this.known.has(name)) {
        this.searches.set(name, search);
        this.known.set(name, search.found);
      }
    }
    return this.known.get(name);
  }

  /** Returns the debuginfo of a module, and every file that was tried for it. */
  account(module: Obj, name: string): ModuleSearch {
    const found = this.of(module, name);
    const { buildId, tries } = this.searches.get(name) ?? this.files.search(module, name);
    return { buildId, found, tries };
  }

  /** Searches again for what was not found; call it after files were added. */
  retry(): void {
    for (const [name, found] of this.known) if (!found && !this.unloaded.has(name)) this.known.delete(name);
    this.forget();
  }

  path(name: string): string | undefined {
    return this.known.get(name)?.path;
  }

  /** Paths of all debuginfo in use. */
  paths(): string[] {
    return [...this.known.values()].flatMap((one) => (one ? [one.path] : []));
  }

  sections(name: string): readonly PlacedSection[] {
    return this.marked.has(name) ? (this.known.get(name)?.sections ?? []) : [];
  }

  load(name: string, place: string | undefined, marksSections = false): string {
    const search = this.search(this.module(name), name, place);
    const { found, tries } = search;
    if (!found) {
      const [tried] = tries;
      throw new UsageError(
        tried
          ? `${tried.path} ${tried.why}`
          : `cannot find or load object file for ${name} module${place === undefined ? "" : ` in ${place}`}`,
      );
    }
    this.unloaded.delete(name);
    this.searches.set(name, search);
    this.change(name, found);
    if (marksSections) this.marked.add(name);
    return found.path;
  }

  unload(name: string): void {
    this.unloaded.add(name);
    this.change(name, undefined);
  }

  private change(name: string, debuginfo: ModuleDebuginfo | undefined): void {
    this.known.set(name, debuginfo);
    this.marked.delete(name);
    this.forget();
  }

  private search(module: Obj, name: string, place: string | undefined): ModuleSearch {
    if (place === undefined) return this.files.search(module, name);
    const stat = statSync(place, { throwIfNoEntry: false });
    if (!stat) throw new UsageError(`${place}: there is no such file or directory`);
    if (stat.isDirectory()) return this.inDirectory(place).search(module, name);
    return this.files.named(module, place);
  }

  /** Reuses the listing of a directory, because `mod -S DIRECTORY` requests every module in turn. */
  private inDirectory(directory: string): ModuleFiles {
    if (this.last?.directory !== directory)
      this.last = { directory, files: new ModuleFiles({ directories: [directory] }, this.files.budget) };
    return this.last.files;
  }
  private last: { readonly directory: string; readonly files: ModuleFiles } | undefined;

  /** Returns a module by its name. @throws UsageError if there is no such module, or the list of modules cannot be read */
  private module(name: string): Obj {
    const { kernel } = this;
    const found = attempt(() => {
      for (const module of kernel ? modules(kernel) : []) if (attempt(() => moduleName(module)) === name) return module;
      return undefined;
    });
    if (found instanceof Fault) throw new UsageError(`the list of modules cannot be read: ${found.message}`);
    if (!found) throw new UsageError(`no module is named ${name}; "mod" lists them`);
    return found;
  }
}
