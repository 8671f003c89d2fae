import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { address, offset } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { listElements, type ListWalk } from "./listWalk.ts";
import { text, lazyRecord, addressJson } from "../../../../say/piece.ts";
import { elementData, elementLines, formatOptions, structReference } from "../../../say/structView.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const list = command({
  name: "list",
  readsOnly: true,
  summary: "the elements of a linked list",
  usage:
    "[[-o] offset][-e end][-[s|S] struct[.member[,member]] [-l offset]] [-x|-d]\n[-r|-B] [-h [-O head_offset]|-H] start",
  options: [
    { flag: "-o", argument: "offset", help: "where in an element its link is: struct.member, or a number of bytes" },
    { flag: "-e", argument: "end", help: "the address at which the list ends" },
    { flag: "-s", argument: "struct", help: "show each element as this struct, or the members of it that are named" },
    { flag: "-S", argument: "struct", help: "the same, members in short" },
    {
      flag: "-l",
      argument: "offset",
      help: "with -s: the addresses are those of links; where the link is in the struct",
    },
    { flag: "-O", argument: "head_offset", help: "with -h: where in the struct at start the head is" },
    { flag: "-h", help: "start is the address of a struct that holds the list's head" },
    { flag: "-H", help: "start is the address of a list head that belongs to no element" },
    { flag: "-r", help: "backwards, by the prev pointers" },
    { flag: "-B", help: "when the list loops, say how long the loop is and where it starts" },
    { flag: "-x", help: "numbers in hexadecimal" },
    { flag: "-d", help: "numbers in decimal" },
  ],
  description: `Follows a linked list and shows the address of each element.

Without -h and -H, start is the first element; the word at the offset in each leads to the next, and the list ends at NULL, at the start, or at the end given. With -h and -H the links are list_heads: they lead from link to link until the head comes again.

A list that comes back to an element other than its head is said to loop; elements before that are shown.`,
  examples: [
    { line: "list -H modules module.list -s module.name", shows: "A list with a head of its own." },
    {
      line: "list task_struct.tasks -S task_struct.pid,comm -h init_task",
      shows: "A list whose head is in an element.",
    },
  ],
  needs: ["memory"],
  *run(context, args) {
    if (args.has("-s") && args.has("-S")) throw new UsageError("-S and -s options are mutually exclusive");
    const walk = readWalk(context, args);
    const references = [...args.values("-s"), ...args.values("-S")].map((one) => structReference(context.kernel, one));
    const embedded = args.has("-l") ? offset(context, args.value("-l") ?? "") : 0n;
    const options = formatOptions(context, args);
    const isShort = args.has("-S");
    let isEmpty = true;
    for (const element of listElements(context.kernel, walk)) {
      isEmpty = false;
      const objects = references.map((reference) => ({
        reference,
        object: context.kernel.object(reference.type, BigInt.asUintN(64, element - embedded)),
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

/** @throws UsageError, Fault */
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

/** Of two words one is the offset: `struct.member`, or a number too small to be an address. @throws UsageError */
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
  if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}`);
  return { link, start };
}
