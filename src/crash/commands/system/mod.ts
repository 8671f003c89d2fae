import { attempt, Fault } from "../../../base/fault.ts";
import { hex0x, padHex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { moduleBase, moduleName, modules, moduleSize } from "../../../linux/module/module.ts";
import { taintLetters } from "../../../linux/module/taint.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { type Cell, cell } from "../../say/cell.ts";
import { command, type Context, type ModuleDebuginfoControl, type Parsed } from "../../language/command.ts";
import { left, right } from "../../say/pad.ts";
import { faultPiece, type Json, type Line, type Piece, type Pieces, progress, record, text } from "../../say/piece.ts";
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
    { flag: "-t", help: "only modules that taint the kernel, and why" },
    {
      flag: "-r",
      help: "for gdb, reads all of a file at once; here it is read where it is needed, and nothing changes",
    },
    { flag: "-R", help: "forgets all debuginfo that was loaded, as -D: the modules of a dump do not change" },
    { flag: "-g", help: "with -s or -S: where its sections start and end is shown among its symbols" },
    { flag: "-o", help: "for gdb, an older way to load; here there is one, and nothing changes" },
  ],
  description: `Lists the loaded modules by address: struct module, name, where the code starts, bytes, and the file their debuginfo comes from.

Symbols of modules are read out of the dump. Their debuginfo is found by itself where it lies in a usual place or in a directory given with --modules; -s and -S load it by hand, from a file, from all that is below a directory, or from the usual places. A file of another build than the module in the dump is refused.`,
  examples: [
    { line: "mod", shows: "Every module." },
    { line: "mod -t", shows: "Foreign, unsigned and forced modules." },
  ],
  needs: ["types"],
  *run(context, args) {
    const { kernel } = context;
    const { found, fault } = modulesByBase(kernel);
    if (args.has("-s") || args.has("-d") || args.has("-S") || args.has("-D") || args.has("-R"))
      return yield* debuginfo(context, args, found);
    const chosen = args.rest.length === 0 ? found : args.rest.map((name) => named(found, name));
    yield* args.has("-t") ? taints(kernel, chosen) : table(context, chosen);
    if (fault) yield faultPiece(fault, "mod: ");
  },
});

/** Whether debuginfo is to come from a file or a directory that the line names. */
const namesFile = (args: Parsed): boolean =>
  (args.has("-s") && args.rest.length > 1) || (args.has("-S") && args.rest.length > 0);

/** Loads and unloads. @throws UsageError */
function* debuginfo(context: Context, args: Parsed, found: readonly Obj[]): Pieces {
  const { modules: control } = context;
  if (!control) throw new UsageError("this session opens no debuginfo of modules");
  const [first, second, surplus] = args.rest;
  const names = found.map((module) => attempt(() => moduleName(module))).filter((name) => typeof name === "string");
  if (args.has("-D") || args.has("-R")) {
    for (const name of names) control.unload(name);
  } else if (args.has("-S")) {
    if (second !== undefined) throw new UsageError(`invalid argument: ${second}`);
    yield* loadAll(context, control, found, first, args.has("-g"));
  } else {
    if (first === undefined) throw new WrongUse("a module is missing");
    if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}`);
    const module = named(found, first);
    if (args.has("-d")) return control.unload(first);
    control.load(first, second, args.has("-g"));
    yield* table(context, [module]);
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
  yield* table(context, found);
}

/** The modules that can be reached, and why the list could not be followed further. */
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

function named(found: readonly Obj[], name: string): Obj {
  const module = found.find((one) => attempt(() => moduleName(one)) === name);
  if (!module) throw new UsageError(`no module is called ${name}`);
  return module;
}

interface Row {
  readonly module: Obj;
  readonly name: Cell;
  readonly base: Cell;
  readonly size: Cell;
}

function* table({ kernel, modules: control }: Context, chosen: readonly Obj[]): Generator<Piece, void, void> {
  const width = kernel.arch.wordSize * 2;
  const rows = chosen.map((module): Row => ({
    module,
    name: cell(() => moduleName(module)),
    base: cell(
      () => moduleBase(module),
      (base) => padHex(base, width),
    ),
    size: cell(() => moduleSize(module)),
  }));
  const nameWidth = widest(
    "NAME",
    rows.map(({ name }) => name),
  );
  const sizeWidth = widest(
    "SIZE",
    rows.map(({ size }) => size),
  );
  // Where a module's memory lies in several pieces, the address is that of its code.
  const where = chosen[0]?.has("mem") ? "TEXT_BASE" : "BASE";
  const titles = [center("MODULE", width), "NAME".padEnd(nameWidth), center(where, width), "SIZE".padStart(sizeWidth)];
  yield text([{ as: "title", text: `${titles.join("  ")}  OBJECT FILE` }]);
  for (const row of rows) yield moduleRow(row, width, nameWidth, sizeWidth, control);
}

function moduleRow(
  { module, name, base, size }: Row,
  width: number,
  nameWidth: number,
  sizeWidth: number,
  control: ModuleDebuginfoControl | undefined,
): Piece {
  const symbols = module.has("kallsyms") || module.has("symtab");
  const file = typeof name.json === "string" ? control?.path(name.json) : undefined;
  const line: Line = [
    { as: "address", text: padHex(module.address, width), address: module.address },
    "  ",
    ...left(name.span, nameWidth),
    "  ",
    base.span,
    "  ",
    ...right(size.span, sizeWidth),
    `  ${file ?? `(not loaded)${symbols ? "  [CONFIG_KALLSYMS]" : ""}`}`,
  ];
  const data: Json = {
    module: hex0x(module.address),
    name: name.json,
    base: base.json,
    size: size.json,
    file: file ?? null,
  };
  return record(data, line);
}

function* taints(kernel: Kernel, chosen: readonly Obj[]): Generator<Piece, void, void> {
  const tainting = chosen.flatMap((module) => {
    const mask = attempt(() => module.at("taints").value());
    if (mask === 0n) return [];
    const letters = cell(() => (mask instanceof Fault ? fail(mask) : taintLetters(kernel, mask)));
    return [{ name: cell(() => moduleName(module)), letters }];
  });
  if (tainting.length === 0) return yield text("no tainted modules");
  const width = widest(
    "NAME",
    tainting.map(({ name }) => name),
  );
  yield text([{ as: "title", text: `${"NAME".padEnd(width)}  TAINTS` }]);
  for (const { name, letters } of tainting) {
    yield record({ name: name.json, taints: letters.json }, [...left(name.span, width), "  ", letters.span]);
  }
}

function fail(fault: Fault): never {
  throw fault;
}

const widest = (title: string, cells: readonly Cell[]): number =>
  Math.max(title.length, ...cells.map(({ span }) => (typeof span === "string" ? span.length : 0)));
const center = (title: string, width: number): string =>
  title.padStart(Math.ceil((width - title.length) / 2) + title.length).padEnd(width);
