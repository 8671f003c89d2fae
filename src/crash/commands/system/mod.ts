/** The `mod` command: lists modules, and loads and unloads their debuginfo. */
import { attempt, Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { moduleBase, moduleName, modules, moduleSize } from "../../../linux/module/module.ts";
import { taintLetters } from "../../../linux/module/taint.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { command, type Context, type ModuleDebuginfoControl, type Parsed } from "../../language/command.ts";
import { table } from "../../../render/layout.ts";
import type { Table } from "../../../say/table.ts";
import type { PageKeys } from "../../../protocol/records.ts";
import { faultPiece, type Pieces, progress, text } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const mod = command({
  name: "mod",
  readsOnly: (args) => !namesFile(args),
  summary: "loaded kernel modules, and their debuginfo",
  usage: "-s module [objfile] | -d module | -S [directory] | -D | -R | [-t] [module ...]\n[-g] [-r] [-o]",
  options: [
    { flag: "-s", help: "load a module's debuginfo: lines, types, locals and globals" },
    { flag: "-d", help: "unload a module's debuginfo" },
    { flag: "-S", help: "load the debuginfo of all modules" },
    { flag: "-D", help: "unload the debuginfo of all modules" },
    { flag: "-t", help: "only modules that taint the kernel, with the reason" },
    {
      flag: "-r",
      help: "no effect (in crash: read all symbols of a file at once)",
    },
    { flag: "-R", help: "unload the debuginfo of all modules, as -D" },
    { flag: "-g", help: "with -s or -S: show the start and end of the module's sections among its symbols" },
    { flag: "-o", help: "no effect (in crash: an older way to load)" },
  ],
  description: `Lists the loaded modules by address: struct module, name, start of the code, size in bytes, and the file with the debuginfo.

Symbols of modules are read from the dump. Debuginfo is loaded automatically from the usual places and from a directory given with --modules; -s and -S load it from a file, from a directory tree, or from the usual places. A file from another build than the module in the dump is rejected.`,
  examples: [
    { line: "mod", shows: "Every module." },
    { line: "mod -t", shows: "Foreign, unsigned and forced modules." },
  ],
  records: () => [
    { line: "mod", fields: modulesTable().columns },
    { line: "mod -t", fields: taintsTable.columns },
  ],
  needs: ["types"],
  *run(context, args) {
    const { kernel } = context;
    const { found, fault } = modulesByBase(kernel);
    if (args.has("-s") || args.has("-d") || args.has("-S") || args.has("-D") || args.has("-R"))
      return yield* debuginfo(context, args, found);
    const chosen = args.rest.length === 0 ? found : args.rest.map((name) => moduleNamed(found, name));
    yield* args.has("-t") ? taints(kernel, chosen) : moduleRows(context, chosen);
    if (fault) yield faultPiece(fault, "mod: ");
  },
});

/** Whether the line names a file or a directory with debuginfo. */
const namesFile = (args: Parsed): boolean =>
  (args.has("-s") && args.rest.length > 1) || (args.has("-S") && args.rest.length > 0);

/** Loads or unloads debuginfo. @throws UsageError */
function* debuginfo(context: Context, args: Parsed, found: readonly Obj[]): Pieces {
  const { modules: control } = context;
  if (!control) throw new UsageError("this session cannot load debuginfo of modules");
  const [first, second, surplus] = args.rest;
  const names = found.map((module) => attempt(() => moduleName(module))).filter((name) => typeof name === "string");
  if (args.has("-D") || args.has("-R")) {
    for (const name of names) control.unload(name);
  } else if (args.has("-S")) {
    if (second !== undefined) throw new UsageError(`invalid argument: ${second}; -S takes one directory`);
    yield* loadAll(context, control, found, first, args.has("-g"));
  } else {
    if (first === undefined) throw new WrongUse("a module is missing");
    if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}; give one module and its file`);
    const module = moduleNamed(found, first);
    if (args.has("-d")) return control.unload(first);
    control.load(first, second, args.has("-g"));
    yield* moduleRows(context, [module]);
  }
}

function* loadAll(
  context: Context,
  control: ModuleDebuginfoControl,
  found: readonly Obj[],
  directory: string | undefined,
  marksSections: boolean,
): Pieces {
  const refused = new Set<string>();
  for (const [done, module] of found.entries()) {
    yield progress("loading debuginfo of modules", done, found.length);
    const name = attempt(() => moduleName(module));
    if (name instanceof Fault || (control.path(name) !== undefined && !marksSections)) continue;
    try {
      control.load(name, directory, marksSections);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      refused.add(error.message);
    }
  }
  for (const why of refused) yield text(`mod: ${why}`);
  yield* moduleRows(context, found);
}

/**
 * Returns the modules in the order of their start, and why the list could not be followed to its end; `fault` is
 * undefined if it could.
 */
function modulesByBase(kernel: Kernel): { readonly found: readonly Obj[]; readonly fault: Fault | undefined } {
  const found: Obj[] = [];
  const done = attempt(() => {
    for (const module of modules(kernel)) found.push(module);
  });
  const base = (module: Obj): bigint => {
    const start = attempt(() => moduleBase(module));
    return start instanceof Fault ? module.address : start;
  };
  const ordered = found.map((module) => ({ module, at: base(module) })).sort((a, b) => (a.at < b.at ? -1 : 1));
  return { found: ordered.map(({ module }) => module), fault: done instanceof Fault ? done : undefined };
}

function moduleNamed(found: readonly Obj[], name: string): Obj {
  const module = found.find((one) => attempt(() => moduleName(one)) === name);
  if (!module) throw new UsageError(`no module is named ${name}; "mod" lists them`);
  return module;
}

interface Row {
  /** The module, `struct module`. */
  readonly module: Obj;
  /** The file with its debuginfo; undefined if none is loaded. */
  readonly file: string | undefined;
}

/** The table of modules. @param base title of the address column */
export const modulesTable = (base = "BASE"): Table<Row, PageKeys["mod"]> => ({
  gap: "  ",
  columns: {
    module: { kind: "address", title: "MODULE", value: ({ module }) => module.address },
    name: { kind: "text", title: "NAME", width: "rows", value: ({ module }) => moduleName(module) },
    base: { kind: "address", title: base, about: "start of its code", value: ({ module }) => moduleBase(module) },
    size: { kind: "number", title: "SIZE", unit: "bytes", width: "rows", value: ({ module }) => moduleSize(module) },
    file: {
      kind: "text",
      title: "OBJECT FILE",
      about: "with its debuginfo; null if none is loaded",
      value: ({ file }) => file,
      absent: ({ module }) => `(not loaded)${hasSymbols(module) ? "  [CONFIG_KALLSYMS]" : ""}`,
    },
  },
});

const hasSymbols = (module: Obj): boolean => module.has("kallsyms") || module.has("symtab");

function moduleRows({ kernel, modules: control }: Context, chosen: readonly Obj[]): Pieces {
  const rows = chosen.map((module): Row => {
    const name = attempt(() => moduleName(module));
    return { module, file: name instanceof Fault ? undefined : control?.path(name) };
  });
  // If a module's memory is in several pieces, the address is that of its code.
  return table(kernel, modulesTable(chosen[0]?.has("mem") ? "TEXT_BASE" : "BASE"), rows);
}

/** The table of taints. A row is a `struct module`. */
export const taintsTable: Table<Obj> = {
  gap: "  ",
  columns: {
    name: { kind: "text", title: "NAME", width: "rows", value: moduleName },
    taints: {
      kind: "text",
      title: "TAINTS",
      about: "letters of the flags",
      value: (module) => taintLetters(module.kernel, module.at("taints").value()),
    },
  },
};

function* taints(kernel: Kernel, chosen: readonly Obj[]): Pieces {
  const tainting = chosen.filter((module) => attempt(() => module.at("taints").value()) !== 0n);
  if (tainting.length === 0) yield text("no tainted modules");
  else yield* table(kernel, taintsTable, tainting);
}
