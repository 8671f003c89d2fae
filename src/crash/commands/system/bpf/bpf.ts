/** The `bpf` command: lists BPF programs and maps. */
import { Fault, faultLast } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { bare } from "../../../../debuginfo/ctype.ts";
import { bpfMaps, bpfPrograms, findBpfMap, findBpfProgram } from "../../../../linux/bpf/bpf.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { jitedCode, jitedTable, translatedCode, translatedTable } from "./code.ts";
import { mapsTable } from "./map.ts";
import { programsTable } from "./program.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { guarded } from "../../../../say/guarded.ts";
import { decimalNumber } from "../../../language/number.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import { formatOptions, structPiece } from "../../../say/structView.ts";

export const bpf = command({
  name: "bpf",
  readsOnly: true,
  summary: "BPF programs and maps",
  usage: "[[-p ID | -P] [-tTj]] [[-m ID] | -M] [-s] [-xd]",
  takesOnlyOptions: true,
  options: [
    { flag: "-p", argument: "ID", help: "details of one program: sizes, load time, owner" },
    { flag: "-P", help: "details of all programs" },
    { flag: "-m", argument: "ID", help: "details of one map: sizes of keys and values, memory, name" },
    { flag: "-M", help: "details of all maps" },
    { flag: "-t", help: "with -p or -P, the translated instructions as text" },
    { flag: "-T", help: "the same with their bytes" },
    { flag: "-j", help: "with -p or -P, the compiled code disassembled" },
    { flag: "-s", help: "the structures of each program or map" },
    { flag: "-x", help: "structures in hexadecimal" },
    { flag: "-d", help: "structures in decimal" },
  ],
  description:
    "Lists the loaded programs, with their type, tag and the maps that they use, and all maps, with their type and flags.\n\nThe instructions shown are those that the verifier rewrote, not those that were loaded, so calls show the functions that really run. A disassembled program is followed by its subprograms.",
  examples: [
    { line: "bpf", shows: "All programs and maps." },
    { line: "bpf -P", shows: "All programs with sizes and load times." },
    { line: "bpf -PM -jTs", shows: "All details of all programs and maps." },
  ],
  records: () => [
    { line: "bpf -P", fields: programsTable(true).columns },
    { line: "bpf -M", fields: mapsTable(true).columns },
    { line: "bpf -P -t", fields: translatedTable(false).columns },
    { line: "bpf -P -j", fields: jitedTable.columns },
  ],
  needs: ["types"],
  *run(context, args) {
    const [program, map] = [args.value("-p"), args.value("-m")];
    const hasPrograms = program !== undefined || args.has("-P");
    const hasMaps = map !== undefined || args.has("-M");
    for (const flag of ["-t", "-T", "-j"])
      if (args.has(flag) && !hasPrograms) throw new UsageError(`${flag} option only applicable with -p or -P`);
    if (args.has("-s") && !hasPrograms && !hasMaps) throw new UsageError("-s option requires either -p, -P, -m or -M");
    if (!hasPrograms && !hasMaps) return yield* overview(context.kernel);
    if (hasPrograms) yield* programs(context, args, program);
    if (hasPrograms && hasMaps) yield text("");
    if (hasMaps) yield* maps(context, args, map);
  },
});

function* overview(kernel: Kernel): Pieces {
  yield* table(bpfPrograms(kernel), new TableLayout(kernel, programsTable(false)));
  yield text("");
  yield* table(bpfMaps(kernel), new TableLayout(kernel, mapsTable(false)));
}

/** Yields a row for each object, with a heading before the first. Yields nothing if there are no objects. */
function* table(objects: Iterable<Obj>, layout: TableLayout<Obj>): Pieces {
  let isFirst = true;
  for (const object of faultLast(objects)) {
    if (isFirst) yield layout.heading();
    isFirst = false;
    yield object instanceof Fault ? faultPiece(object, "bpf: ") : layout.row(object);
  }
}

function* programs(context: Context, args: Parsed, word: string | undefined): Pieces {
  const { kernel } = context;
  const all = word === undefined ? bpfPrograms(kernel) : [bpfObject(word, "program", findBpfProgram, kernel)];
  yield* each("programs", all, function* (program) {
    yield new TableLayout(kernel, programsTable(true)).headed(program);
    if (args.has("-j")) {
      yield text("");
      yield* guarded(jitedCode(context, program), "bpf: ");
    }
    if (args.has("-t") || args.has("-T")) {
      yield text("");
      yield* guarded(translatedCode(program, args.has("-T")), "bpf: ");
    }
    if (args.has("-s")) {
      yield* struct(context, args, program);
      yield* guarded(struct(context, args, program.at("aux").deref()), "bpf: ");
    }
  });
}

function* maps(context: Context, args: Parsed, word: string | undefined): Pieces {
  const { kernel } = context;
  const all = word === undefined ? bpfMaps(kernel) : [bpfObject(word, "map", findBpfMap, kernel)];
  yield* each("maps", all, function* (map) {
    yield new TableLayout(kernel, mapsTable(true)).headed(map);
    if (args.has("-s")) yield* struct(context, args, map);
  });
}

/** Yields the output for each object, separated by blank lines, or a line that there are none. */
function* each(what: string, objects: Iterable<Obj>, say: (object: Obj) => Pieces): Pieces {
  let isFirst = true;
  for (const object of faultLast(objects)) {
    if (!isFirst) yield text("");
    isFirst = false;
    if (object instanceof Fault) yield faultPiece(object, "bpf: ");
    else yield* guarded(say(object), "bpf: ");
  }
  if (isFirst) yield text(`bpf: the kernel had no ${what}`);
}

/** Finds the program or map with an id. @throws UsageError if there is none */
function bpfObject(
  word: string,
  what: string,
  find: (kernel: Kernel, id: bigint) => Obj | undefined,
  kernel: Kernel,
): Obj {
  const id = decimalNumber(word);
  const object = id === undefined ? undefined : find(kernel, id);
  if (!object) throw new UsageError(`invalid ${what} ID: ${word}`);
  return object;
}

function* struct(context: Context, args: Parsed, object: Obj): Pieces {
  const type = bare(object.type);
  yield text("");
  if (type.kind === "struct")
    yield structPiece(object, { name: type.name ?? "", type, members: [] }, formatOptions(context, args));
}
