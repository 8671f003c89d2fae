/** The `list` command: follows linked lists. */
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { address, offset } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { runList } from "../../gdb/sourceLines.ts";
import { listElements, type ListWalk } from "./listWalk.ts";
import { text, lazyRecord, addressJson } from "../../../../say/piece.ts";
import { elementTable, type ElementRow } from "../../../say/elementTable.ts";
import {
  elementData,
  elementLines,
  formatOptions,
  structReference,
  type StructReference,
  namedFields,
} from "../../../say/structView.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const list = command({
  name: "list",
  readsOnly: true,
  summary: "the elements of a linked list",
  usage:
    "[[-o] offset][-e end][-[s|S] struct[.member[,member]] [-l offset]] [-x|-d] [--table]\n[-r|-B] [-h [-O head_offset]|-H] start",
  options: [
    { flag: "-o", argument: "offset", help: "offset of the link in an element: struct.member, or a number of bytes" },
    { flag: "-e", argument: "end", help: "the address at which the list ends" },
    { flag: "-s", argument: "struct", help: "show each element as this struct, or only the named members" },
    { flag: "-S", argument: "struct", help: "the same in a shorter form" },
    {
      flag: "-l",
      argument: "offset",
      help: "with -s: the addresses are those of links; offset of the link in the struct",
    },
    { flag: "-O", argument: "head_offset", help: "with -h: offset of the list head in the struct at start" },
    { flag: "-h", help: "start is the address of a struct that holds the list's head" },
    { flag: "-H", help: "start is the address of a list head that belongs to no element" },
    { flag: "-r", help: "backwards, by the prev pointers" },
    { flag: "-B", help: "if the list loops, print the length and the start of the loop" },
    { flag: "--table", help: "with -s or -S: a table with a row per element and a column per member" },
    { flag: "-x", help: "numbers in hexadecimal" },
    { flag: "-d", help: "numbers in decimal" },
  ],
  description: `Follows a linked list and shows the address of each element.

Without -h and -H, start is the first element; the word at the offset in each element points to the next one, and the list ends at NULL, at the start, or at the address given with -e. With -h and -H the links are list_heads: each link points to the next one, and the last one points to the head.

"list *(schedule+16)" shows the source around an address, as gdb does.

If a list returns to an element other than its head, the elements before that are shown, and then that the list loops.`,
  examples: [
    { line: "list -H modules module.list -s module.name", shows: "A list with a head of its own." },
    {
      line: "list task_struct.tasks -S task_struct.pid,comm -h init_task",
      shows: "A list whose head is in an element.",
    },
    {
      line: "list task_struct.tasks -s task_struct.pid,comm,on_cpu -h init_task --table",
      shows: "The same as a table.",
    },
  ],
  records: () => [{ line: "list -H modules", fields: { address: { kind: "address" }, ...namedFields } }],
  needs: ["memory"],
  *run(context, args) {
    // gdb's form: `*(schedule+16)` is a place in the source.
    if (/^\s*\*/.test(args.line)) return yield* runList(context, args.line.trim());
    if (args.has("-s") && args.has("-S")) throw new UsageError("-S and -s options are mutually exclusive");
    const walk = readWalk(context, args);
    const references = [...args.values("-s"), ...args.values("-S")].map((one) => structReference(context.kernel, one));
    const embedded = args.has("-l") ? offset(context, args.value("-l") ?? "") : 0n;
    const options = formatOptions(context, args);
    const isShort = args.has("-S");
    const at = (element: bigint, { type }: StructReference) =>
      context.kernel.object(type, BigInt.asUintN(64, element - embedded));
    if (args.has("--table")) {
      if (references.length === 0) throw new UsageError("--table needs the members of the columns: -s struct.member");
      const rows = function* (): Generator<ElementRow> {
        for (const address of listElements(context.kernel, walk))
          yield { address, objects: references.map((one) => at(address, one)) };
      };
      return yield* elementTable(context.kernel, references, rows(), options);
    }
    let isEmpty = true;
    for (const element of listElements(context.kernel, walk)) {
      isEmpty = false;
      const objects = references.map((reference) => ({
        reference,
        object: at(element, reference),
      }));
      yield lazyRecord(
        () => ({ address: addressJson(element), ...elementData(objects) }),
        () => [
          [{ as: "address", text: hex(element), address: element }],
          ...objects.flatMap(({ reference, object }) => elementLines(object, reference, options, isShort)),
        ],
      );
    }
    if (isEmpty) yield text("(empty)");
  },
});

/** Reads the arguments that describe the list. @throws UsageError, Fault */
function readWalk(context: Context, args: Parsed): ListWalk {
  const { link, start } = linkAndStart(context, args);
  for (const [one, other] of [
    ["-h", "-H"],
    ["-r", "-B"],
    ["-l", "-o"],
  ] as const) {
    if (args.has(one) && args.has(other)) throw new UsageError(`${one} and ${other} are mutually exclusive`);
  }
  if (args.has("-O") && !args.has("-h")) throw new UsageError("-O option is only applicable with -h");
  if (args.has("-l") && !args.has("-s") && !args.has("-S"))
    throw new UsageError("-l option is only applicable with -s or -S");
  const linkOffset = link === undefined ? 0n : offset(context, link);
  const base = address(context, start);
  const headOffset = args.value("-O");
  const end = args.value("-e");
  return {
    link: linkOffset,
    start: args.has("-h") ? base + (headOffset === undefined ? linkOffset : offset(context, headOffset)) : base,
    startIs: args.has("-H") || headOffset !== undefined ? "head" : args.has("-h") ? "linkOfElement" : "element",
    end: end === undefined ? undefined : address(context, end),
    reverse: args.has("-r"),
    brent: args.has("-B"),
  };
}

/**
 * Splits the arguments into offset and start; `link` is undefined if no argument is an offset. The offset is
 * `struct.member`, or a number too small to be an address. @throws UsageError if there is not one start
 */
function linkAndStart(context: Context, args: Parsed): { link: string | undefined; start: string } {
  const words = [...args.rest];
  const { types, symbols } = context.kernel;
  const isMember = (word: string): boolean => {
    const struct = /^(\w+)\.\w/.exec(word)?.[1];
    if (struct === undefined) return false;
    return (types.find("struct", struct) ?? types.find("union", struct)) !== undefined || !symbols.find(struct);
  };
  const isSmall = (word: string): boolean => /^(0x)?[\da-f]{1,5}$/i.test(word);
  let link = args.value("-o");
  if (link === undefined && words.length > 1) {
    const index = [words.findIndex(isMember), words.findIndex(isSmall)].find((found) => found >= 0);
    if (index !== undefined) [link] = words.splice(index, 1);
  }
  const [start, surplus] = words;
  if (start === undefined) throw new WrongUse("starting address required");
  if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}; a list has one start`);
  return { link, start };
}
