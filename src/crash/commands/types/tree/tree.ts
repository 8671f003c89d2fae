/** The `tree` command: walks radix trees, xarrays, red-black trees and maple trees. */
import { lazyRecord, addressJson } from "../../../../say/piece.ts";
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { address, offset } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { elementTable, type ElementRow } from "../../../say/elementTable.ts";
import { elementData, elementLines, formatOptions, structReference, namedFields } from "../../../say/structView.ts";
import { mapleDump, treeElements, type TreeKind, type TreeWalk, rangeFields } from "./treeWalk.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import type { Fields } from "../../../../say/table.ts";

export const tree = command({
  name: "tree",
  readsOnly: true,
  summary: "the elements of a radix tree, xarray, red-black tree or maple tree",
  usage:
    "[-t [radix|xarray|rbtree|maple]] [-r offset] [-[s|S] struct[.member[,member]]]\n-[x|d] [-o offset] [-l] [-p] [-v] [-N] [--table] start",
  options: [
    { flag: "-t", argument: "type", help: "radix, xarray, rbtree (default) or maple; ra, x, rb and m are accepted" },
    { flag: "-r", argument: "offset", help: "offset of the root in the struct at start: struct.member, or bytes" },
    { flag: "-o", argument: "offset", help: "offset of the rb_node in an element of a red-black tree" },
    { flag: "-s", argument: "struct", help: "show each element as this struct, or only the named members" },
    { flag: "-S", argument: "struct", help: "the same in a shorter form" },
    { flag: "-l", help: "list a red-black tree from left to right; default: each node before its children" },
    { flag: "-p", help: "show the position of each element: the turns or slots from the root, and its index" },
    { flag: "-v", help: "show a maple tree with its nodes and empty ranges" },
    { flag: "-N", help: "start is a node: rb_node, xa_node or radix_tree_node, or a maple tree's ma_root" },
    { flag: "--table", help: "with -s or -S: a table with a row per element and a column per member" },
    { flag: "-x", help: "numbers in hexadecimal" },
    { flag: "-d", help: "numbers in decimal" },
  ],
  description: `Shows the address of each element of a tree. With -o, the elements of a red-black tree are the structs that contain its nodes.

Start is the address of the root - rb_root, xarray, radix_tree_root or maple_tree -, or with -r of a struct that holds it.`,
  examples: [
    {
      line: "tree -t rbtree -o vmap_area.rb_node vmap_area_root -s vmap_area.va_start,va_end",
      shows: "A red-black tree.",
    },
    { line: "tree -t xarray -p irq_desc_tree", shows: "An xarray with the indexes." },
    { line: "tree -t maple -r mm_struct.mm_mt ffff8ef683c56400", shows: "The memory areas of a process." },
  ],
  records: () => [
    { line: "tree -t rbtree vmap_area_root", fields: elementFields },
    { line: "tree -t maple -v -r mm_struct.mm_mt ffff8ef683c56400", fields: rangeFields },
  ],
  *run(context, args) {
    const { kernel } = context;
    const walk = readWalk(context, args);
    if (args.has("-v")) return yield* mapleDump(kernel, walk);
    const references = [...args.values("-s"), ...args.values("-S")].map((one) => structReference(kernel, one));
    const options = formatOptions(context, args);
    if (args.has("--table")) {
      if (references.length === 0) throw new UsageError("--table needs the members of the columns: -s struct.member");
      const rows = function* (): Generator<ElementRow> {
        for (const { address: at } of treeElements(kernel, walk))
          yield { address: at, objects: references.map(({ type }) => kernel.object(type, at)) };
      };
      return yield* elementTable(kernel, references, rows(), options);
    }
    for (const { address: element, position, index } of treeElements(kernel, walk)) {
      const objects = references.map((reference) => ({ reference, object: kernel.object(reference.type, element) }));
      const place = `  ${index === undefined ? "" : `index: ${index}  `}position: ${position}`;
      yield lazyRecord(
        () => ({ address: addressJson(element), index: index?.toString(), position, ...elementData(objects) }),
        () => [
          [{ as: "address", text: hex(element), address: element }],
          ...(args.has("-p") ? [[place]] : []),
          ...objects.flatMap(({ reference, object }) => elementLines(object, reference, options, args.has("-S"))),
        ],
      );
    }
  },
});

/** The fields of an element; with -s and -S also the members. */
const elementFields: Fields = {
  address: { kind: "address" },
  index: { kind: "integer", about: "in an xarray; the number of the element in a maple tree" },
  position: { kind: "text", about: "the turns from the root" },
  ...namedFields,
};

const KINDS: readonly (readonly [prefix: RegExp, kind: TreeKind])[] = [
  [/^ra/, "xarray"],
  [/^x/, "xarray"],
  [/^rb/, "rbtree"],
  [/^m/, "maple"],
];

/** Reads the arguments that describe the tree. @throws UsageError, Fault */
function readWalk(context: Context, args: Parsed): TreeWalk {
  const type = args.value("-t") ?? "rbtree";
  const kind = KINDS.find(([prefix]) => prefix.test(type))?.[1];
  if (!kind) throw new UsageError(`invalid tree type: ${type}; there are rbtree, radix, xarray and maple`);
  if (args.has("-r") && args.has("-N")) throw new UsageError("-r and -N options are mutually exclusive");
  if (args.has("-s") && args.has("-S")) throw new UsageError("-S and -s options are mutually exclusive");
  if (args.has("-o") && kind !== "rbtree") throw new UsageError("-o option is not applicable to this type of tree");
  if (args.has("-l") && kind !== "rbtree") throw new UsageError("-l option is not applicable to this type of tree");
  if (args.has("-v") && kind !== "maple") throw new UsageError("-v option is only applicable to maple trees");
  const [start, surplus] = args.rest;
  if (start === undefined) throw new WrongUse("a starting address is required");
  if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}; a tree has one start`);
  const [root, link] = [args.value("-r"), args.value("-o")];
  return {
    kind,
    start: address(context, start) + (root === undefined ? 0n : offset(context, root)),
    startIs: args.has("-N") ? "node" : "root",
    link: link === undefined ? 0n : offset(context, link),
    inOrder: args.has("-l"),
  };
}
