import { attempt, Fault } from "../../base/fault.ts";
import { hex0x, padHex } from "../../base/hex.ts";
import { UsageError } from "../../base/usageError.ts";
import { moduleBase, moduleName, modules, moduleSize } from "../../linux/module.ts";
import { taintLetters } from "../../linux/taint.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { type Cell, cell } from "../cell.ts";
import { command } from "../command.ts";
import { left, right } from "../pad.ts";
import { faultPiece, type Json, type Line, type Piece, record, text } from "../piece.ts";

export const mod = command({
  name: "mod",
  summary: "loaded kernel modules",
  usage: "[-t] [module ...]",
  options: [{ flag: "-t", help: "only modules that taint the kernel, and why" }],
  description:
    "Lists the loaded modules by address: struct module, name, where the code starts, bytes, and the file their debuginfo comes from.",
  examples: [
    { line: "mod", shows: "Every module." },
    { line: "mod -t", shows: "Foreign, unsigned and forced modules." },
  ],
  needs: ["types"],
  *run({ kernel }, args) {
    const { found, fault } = modulesByBase(kernel);
    const chosen = args.rest.length === 0 ? found : args.rest.map((name) => named(found, name));
    yield* args.has("-t") ? taints(kernel, chosen) : table(kernel, chosen);
    if (fault) yield faultPiece(fault, "mod: ");
  },
});

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

function* table(kernel: Kernel, chosen: readonly Obj[]): Generator<Piece, void, void> {
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
  for (const row of rows) yield moduleRow(row, width, nameWidth, sizeWidth);
}

function moduleRow({ module, name, base, size }: Row, width: number, nameWidth: number, sizeWidth: number): Piece {
  const symbols = module.has("kallsyms") || module.has("symtab");
  const line: Line = [
    { as: "address", text: padHex(module.address, width), address: module.address },
    "  ",
    ...left(name.span, nameWidth),
    "  ",
    base.span,
    "  ",
    ...right(size.span, sizeWidth),
    `  (not loaded)${symbols ? "  [CONFIG_KALLSYMS]" : ""}`,
  ];
  const data: Json = { module: hex0x(module.address), name: name.json, base: base.json, size: size.json };
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
