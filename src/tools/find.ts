/** The tool `find`: symbols, types and places in memory. */
import { z } from "zod";
import { UsageError } from "../base/usageError.ts";
import { commandPieces, quoted } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const find = tool({
  name: "find",
  title: "Find",
  description:
    "Give exactly one: `symbol` (part of the name of functions and variables), `type` (a struct, union, enum or typedef: its members with offsets), `pointer` (places in kernel memory that contain this value: who points at it), `object` (the objects of the slab cache with this name), `files_of` (open files of a task).",
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
    const line = LINES[kind as keyof typeof LINES](quotedTyped(kind, word));
    yield conclusion("", line);
    let count = 0;
    for (const piece of commandPieces(context, line)) {
      if (piece.kind === "record") count++;
      yield piece;
    }
    yield conclusion(`${count} found.`, line);
  },
});

const LINES = {
  symbol: (word: string) => `sym -q ${word}`,
  type: (word: string) => `struct -o ${word}`,
  pointer: (word: string) => `search ${word}`,
  object: (word: string) => `kmem -S ${word}`,
  files_of: (word: string) => `files ${word}`,
};

/** Returns the word for a command line. The name of a type may begin with its kind. */
function quotedTyped(kind: string, word: string): string {
  if (kind !== "type") return quoted(word);
  const name = word.replace(/^(?:struct|union|enum)\s+/, "");
  if (!/^[\w.]+$/.test(name)) throw new UsageError(`${word}: not the name of a type`);
  return name;
}
