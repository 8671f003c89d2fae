/** The tool `find`: symbols, types and places in memory. */
import { z } from "zod";
import { UsageError } from "../base/usageError.ts";
import type { Json } from "../say/piece.ts";
import { commandPieces, quoted } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const find = tool({
  name: "find",
  title: "Find",
  description:
    "Give exactly one: `symbol` (part of the name of functions and variables), `type` (a struct, union, enum or typedef: its members with offsets), `pointer` (places in kernel memory that contain this value: who points at it), `object` (the objects of the slab cache with this name, in the slabs that the kernel keeps in a list), `files_of` (open files of a task).",
  input: z.strictObject({
    symbol: z.string().min(2).max(200).optional(),
    type: z.string().min(1).max(200).optional().describe('"struct file", "file", "struct file.f_op"'),
    pointer: z.string().min(1).max(200).optional().describe("an address or a symbol"),
    object: z.string().min(1).max(100).optional().describe("name of a slab cache"),
    files_of: z.string().min(1).max(64).optional().describe("pid or address of a task"),
  }),
  *run(context, wanted) {
    const [[kind, word] = [], ...others] = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (kind === undefined || word === undefined || others.length > 0)
      throw new UsageError("give one of symbol, type, pointer, object, files_of");
    const { command, noun, count } = SEARCHES[kind as keyof typeof SEARCHES];
    const line = `${command} ${quotedTyped(kind, word)}`;
    yield conclusion("", line);
    let found = 0;
    for (const piece of commandPieces(context, line)) {
      if (piece.kind === "record") found += count(piece.data as Row);
      yield piece;
    }
    yield conclusion(`${found} ${noun}${found === 1 ? "" : "s"} found.`, line);
  },
});

/** The parts of a command's record that are counted. */
interface Row {
  readonly members?: readonly Json[];
  readonly objects?: readonly { readonly free: boolean }[];
  readonly files?: readonly Json[];
}

/** A command that searches, and how many of the things that it searches for one of its records has. */
interface Search {
  readonly command: string;
  readonly noun: string;
  readonly count: (row: Row) => number;
}

const SEARCHES: Readonly<Record<"symbol" | "type" | "pointer" | "object" | "files_of", Search>> = {
  symbol: { command: "sym -q", noun: "symbol", count: () => 1 },
  type: { command: "struct -o", noun: "member", count: ({ members = [] }) => members.length },
  pointer: { command: "search", noun: "place", count: () => 1 },
  object: {
    command: "kmem -S",
    noun: "allocated object",
    count: ({ objects = [] }) => objects.filter(({ free }) => !free).length,
  },
  files_of: { command: "files", noun: "open file", count: ({ files }) => files?.length ?? 0 },
};

/** Returns the word for a command line. The name of a type may begin with its kind. */
function quotedTyped(kind: string, word: string): string {
  if (kind !== "type") return quoted(word);
  const name = word.replace(/^(?:struct|union|enum)\s+/, "");
  if (!/^[\w.]+$/.test(name)) throw new UsageError(`${word}: not the name of a type`);
  return name;
}
