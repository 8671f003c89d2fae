/** The `struct`, `union` and `*` commands: print declarations and contents of structs. */
import { hex, hex0x } from "../../../base/hex.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare, sizeOf } from "../../../debuginfo/ctype.ts";
import { taskCpu } from "../../../linux/sched/task.ts";
import { perCpuAddress } from "../../../kernel/percpu.ts";
import { formatValue } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { typeName } from "../../../model/typeName.ts";
import { address, offset } from "../../language/address.ts";
import { command, type Command, type Context, type Parsed } from "../../language/command.ts";
import { elementTable, type ElementRow } from "../../say/elementTable.ts";
import { hexDump, unitsTable } from "../../say/hexDump.ts";
import { count } from "../../language/number.ts";
import { cpuSpec } from "../../language/perCpu.ts";
import { record, text, type Pieces } from "../../../say/piece.ts";
import { lockLines } from "../../say/lockLines.ts";
import { layoutFields, layoutTable } from "../../say/layoutTable.ts";
import { structDeclaration, declarationFields } from "../../say/structDeclaration.ts";
import {
  formatOptions,
  memberLines,
  structPiece,
  structReference,
  type StructReference,
  type Tag,
  structFields,
  namedFields,
} from "../../say/structView.ts";
import { currentUserSpace, inSpace } from "../../language/userSpace.ts";
import { valueJson } from "../../say/valueJson.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import type { Fields } from "../../../say/table.ts";

const declaration = (name: string, tag: Tag, summary: string, more: string): Command =>
  command({
    name,
    readsOnly: true,
    summary,
    usage: `${tag}_name[.member[,member]][-o][-l offset][-rfuxdp][--table]\n[address | symbol][:cpuspec] [count | -c count]`,
    options: [
      { flag: "-o", help: "offsets of the members; with an address, the members' addresses" },
      {
        flag: "-l",
        argument: "offset",
        help: "the address is that of a member: the member's offset in bytes, or struct.member",
      },
      { flag: "-p", help: "also show the objects that the named members point to" },
      { flag: "-r", help: "the raw bytes" },
      { flag: "-u", help: "an address of the current task's user memory" },
      { flag: "-f", help: "an offset in the dump file (not available)" },
      { flag: "-x", help: "numbers in hexadecimal" },
      { flag: "-d", help: "numbers in decimal" },
      {
        flag: "-c",
        argument: "count",
        help: "number of structs in a row; with a negative count, the address is that of the last one",
      },
      {
        flag: "--table",
        help: "a table: the layout with holes, cache lines and values; with members or a count, a row per struct",
      },
    ],
    description: `Shows how a ${tag} is declared or, with an address, its contents. Members can be selected: a.b is a member of a member, a[2] is an element, and several members are separated by commas.

After a mutex, rw_semaphore, semaphore or rt_mutex that is printed without a selection of members, a line says who holds it.

An address is a symbol, hexadecimal, or an expression. A per-CPU symbol takes a list of CPUs after a colon: all CPUs for ":a", some for ":0-3,7", the current task's for ":".

With --table and neither members nor a count, each member has a line with its offset, size, type and, with an address, its value. Bytes that no member uses are a hole, or padding at the end. A line marks each offset where a cache line begins; it is computed from the address, or without an address as if the struct began a cache line. With members or a count, each struct has a line and each member a column; -o prints the layout of the named members instead.${more}`,
    examples: [
      { line: `${name} list_head -o`, shows: "The declaration with offsets." },
      { line: `${name} task_struct.pid,comm init_task`, shows: "Two members of a struct." },
      { line: `${name} rq.nr_running runqueues:a`, shows: "A member on each CPU." },
      { line: `${name} task_struct init_task --table`, shows: "The layout with values, holes and cache lines." },
      { line: `${name} rq.nr_running,nr_switches runqueues:a --table`, shows: "A row for each CPU." },
    ],
    records: () => [
      { line: `${name} list_head -o`, fields: declarationFields },
      { line: `${name} list_head init_task`, fields: structFields },
      { line: `${name} task_struct.pid,mm -p init_task`, fields: targetFields },
      { line: `${name} list_head init_task --table`, fields: layoutFields },
      { line: `${name} list_head init_task 2 --table`, fields: { address: { kind: "address" }, ...namedFields } },
      { line: `${name} list_head -r init_task`, fields: unitsTable({ size: 8, as: "hex", withText: true }).columns },
    ],
    needs: ["types"],
    run: (context, args) => show(context, args, tag),
  });

export const struct = declaration("struct", "struct", "the declaration or the contents of a struct", "");
export const union = declaration("union", "union", "the declaration or the contents of a union", "");
export const star = declaration(
  "*",
  "struct",
  "short form of struct and union",
  '\n\nThe name may follow directly: "*list_head".',
);

function* show(context: Context, args: Parsed, tag: Tag): Pieces {
  const words = args.rest[0] === "struct" || args.rest[0] === "union" ? args.rest.slice(1) : args.rest;
  const [what, place, howMany] = words;
  if (what === undefined) throw new WrongUse(`the name of a ${tag} is missing`);
  if (args.has("-f")) throw new UsageError("-f is not available: use rd -f to read at an offset in the dump file");
  const reference = structReference(context.kernel, what, tag);
  if (place === undefined) {
    if (args.has("--table")) return yield* layoutTable(context.kernel, reference, formatOptions(context, args));
    return yield* structDeclaration(context, reference, args);
  }
  const spec = cpuSpec(context, place, () => taskCpu(context.task));
  if (spec.member !== "") throw new UsageError(`nothing may follow the list of CPUs in an address: ${place}`);
  const base = placeOf(context, spec.text, args);
  if (args.has("--table")) return yield* tables(context, reference, args, placesOf(context, base, spec.cpus), howMany);
  if (spec.cpus === undefined) return yield* contents(context, reference, args, base, howMany);
  for (const cpu of spec.cpus) {
    const copy = perCpuAddress(context.kernel, base, cpu);
    yield text([
      { as: "dim", text: `[${cpu}]: ` },
      { as: "address", text: hex(copy), address: copy },
    ]);
    yield* contents(context, reference, args, copy, howMany);
  }
}

/** Returns the address of the struct. @throws UsageError, Fault */
function placeOf(context: Context, place: string, args: Parsed): bigint {
  const embedded = args.value("-l");
  const at = address(context, place);
  return embedded === undefined ? at : BigInt.asUintN(64, at - offset(context, embedded));
}

/** Returns the address, or those of the CPUs' copies. */
const placesOf = (context: Context, base: bigint, cpus: readonly number[] | undefined): Place[] =>
  cpus?.map((cpu) => ({ cpu, at: perCpuAddress(context.kernel, base, cpu) })) ?? [{ at: base }];

interface Place {
  readonly at: bigint;
  readonly cpu?: number;
}

/** Prints structs as a table: one row per struct if members or a count are given, else the layout of each. */
function* tables(
  context: Context,
  reference: StructReference,
  args: Parsed,
  places: readonly Place[],
  howMany?: string,
): Pieces {
  const options = formatOptions(context, args);
  const rows = function* (): Generator<ElementRow> {
    for (const { at, cpu } of places)
      for (const object of objects(context, reference, args, at, howMany))
        yield { address: object.address, objects: [object], ...(cpu !== undefined && { cpu }) };
  };
  const hasCount = howMany !== undefined || args.has("-c");
  if (!args.has("-o") && (hasCount || reference.members.length > 0))
    return yield* elementTable(context.kernel, [reference], rows(), options);
  for (const {
    address,
    objects: [object],
    cpu,
  } of rows()) {
    const before = cpu === undefined ? "" : `[${cpu}]: `;
    yield text([
      { as: "dim", text: before },
      { as: "address", text: hex(address), address },
    ]);
    yield* layoutTable(context.kernel, reference, options, object);
  }
}

/** Yields the structs at an address, `howMany` of them. @throws UsageError, Fault */
function* objects(
  context: Context,
  { type }: StructReference,
  args: Parsed,
  at: bigint,
  howMany?: string,
): Generator<Obj> {
  const kernel = args.has("-u") ? inSpace(context.kernel, currentUserSpace(context)) : context.kernel;
  if (!args.has("-u") && !kernel.memory.isKernelAddress(at)) {
    throw Fault.at("unmapped", at, "not a kernel address");
  }
  const wanted = count(args.value("-c") ?? howMany ?? "1");
  const size = BigInt(sizeOf(type));
  const first = wanted < 0 ? at + size * BigInt(wanted + 1) : at;
  for (let i = 0; i < Math.abs(wanted); i++) yield kernel.object(type, BigInt.asUintN(64, first + size * BigInt(i)));
}

/** Prints the structs at an address, `howMany` of them. */
function* contents(context: Context, reference: StructReference, args: Parsed, at: bigint, howMany?: string): Pieces {
  const { members } = reference;
  let isFirst = true;
  for (const object of objects(context, reference, args, at, howMany)) {
    if (!isFirst) yield text("");
    isFirst = false;
    if (args.has("-r")) yield* raw(members.length > 0 ? members.map((path) => object.at(path)) : [object]);
    else if (args.has("-o")) yield* structDeclaration(context, reference, args, object.address);
    else if (args.has("-p") && members.length > 0) yield* withTargets(context, object, members, args);
    else {
      yield structPiece(object, reference, formatOptions(context, args));
      if (members.length === 0) yield* lockLines(object);
      for (const path of members) {
        const member = attempt(() => object.at(path));
        if (!(member instanceof Fault)) yield* lockLines(member, path);
      }
    }
  }
}

function* raw(objects: readonly Obj[]): Pieces {
  for (const object of objects) {
    const { kernel } = object;
    const { wordSize } = kernel.arch;
    const size = object.size % wordSize === 0 ? wordSize : 1;
    yield* hexDump(kernel.memory, object.address, object.size / size, { size, as: "hex", withText: true });
  }
}

/** The fields of `struct -p`: one record per member. */
const targetFields: Fields = {
  ...namedFields,
  target: { kind: "data", about: "what the pointer leads to, as `struct` gives it" },
};

/** Prints members and the objects that pointer members point to. */
function* withTargets(context: Context, object: Obj, members: readonly string[], args: Parsed): Pieces {
  const options = formatOptions(context, args);
  for (const path of members) {
    const member = object.at(path);
    const type = bare(member.type);
    if (type.kind !== "pointer") {
      yield record({ [path]: valueJson(member) }, ...memberLines(object, path, options));
      continue;
    }
    const value = attempt(() => member.value());
    const shown = value instanceof Fault ? `<${value.message}>` : hex0x(value);
    const target = bare(type.target);
    const isShown = (target.kind === "struct" || target.kind === "union") && !(value instanceof Fault) && value !== 0n;
    const lines = [
      `  ${member.type.kind === "typedef" ? `${member.type.name} ` : typeName(member.type)}${path} = ${shown}`,
    ];
    if (!isShown) {
      yield record({ [path]: valueJson(member) }, ...lines);
      continue;
    }
    const pointee = member.deref();
    const body = [...formatValue(pointee, { ...options, indent: 2 })].map((line, i) =>
      i === 0 ? ["  -> {"] : [" ", ...line],
    );
    yield record({ [path]: valueJson(member), target: valueJson(pointee) }, ...lines, ...body);
  }
}
