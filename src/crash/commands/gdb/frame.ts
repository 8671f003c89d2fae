/** The commands `frame`, `up` and `down` of gdb, and its `bt`: the stack of the current task with arguments. */
import { UsageError } from "../../../base/usageError.ts";
import { faultPiece, lazyRecord, type Piece, text } from "../../../say/piece.ts";
import type { Context, Running } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import type { NamedFrame } from "../../language/frameScope.ts";
import { currentStack, frameNumbered, type NumberedFrame, selectedFrame } from "../../language/selectedFrame.ts";
import { frameFields, frameJson, frameLine } from "./frameText.ts";
import { gdbCommand } from "./gdbCommand.ts";
import { sourceLines } from "./sourceLines.ts";

const NUMBERS =
  "Frames are numbered as gdb does: 0 is the innermost one, and inlined functions count. Arguments, locals and registers of the selected frame can be used in expressions. Another current task has no selected frame until one is selected again.";

export const frame = gdbCommand({
  name: "frame",
  summary: "select a frame of the stack",
  usage: "[number | function]",
  description: `Selects a frame of the current task's stack by its number or by its function, and shows it with its arguments and its line; without an argument, shows the selected one.

${NUMBERS}`,
  examples: [
    { line: "frame 1", shows: "The caller of the innermost function." },
    { line: "frame panic", shows: "The frame of a function." },
  ],
  records: () => [{ line: "frame 0", fields: frameFields }],
  needs: ["types", "tasks"],
  run: runFrame,
});

export const up = gdbCommand({
  name: "up",
  summary: "select the caller's frame",
  usage: "[count]",
  description: `Selects the frame that is one or more levels further out, at most the outermost one.

${NUMBERS}`,
  examples: [{ line: "up", shows: "The caller of the selected function." }],
  records: () => [{ line: "up", fields: frameFields }],
  needs: ["types", "tasks"],
  run: runUp,
});

export const down = gdbCommand({
  name: "down",
  summary: "select the frame of the called function",
  usage: "[count]",
  description: `Selects the frame that is one or more levels further in, at most the innermost one.

${NUMBERS}`,
  examples: [{ line: "down 0", shows: "The selected frame itself." }],
  records: () => [{ line: "down", fields: frameFields }],
  needs: ["types", "tasks"],
  run: runDown,
});

export function* runFrame(context: Context, words: string): Running {
  const named = words.replace(/^(?:function|level)\s+/, "");
  if (named === "") return yield* shown(context, selectedFrame(context));
  const { functions } = currentStack(context);
  if (/^\d{1,6}$/.test(named)) return yield* select(context, frameNumbered(functions, Number(named)));
  const number = functions.findIndex(({ name }) => name === named);
  if (number < 0) throw new UsageError(`No frame of the function ${named} is in the stack.`);
  yield* select(context, frameNumbered(functions, number));
}

function* move(context: Context, words: string, direction: 1 | -1): Running {
  const count = words === "" ? 1 : Number(/^-?\d{1,6}$/.exec(words)?.[0] ?? NaN);
  if (Number.isNaN(count)) throw new UsageError(`not a number of frames: ${words}`);
  const { number, all } = selectedFrame(context);
  const wanted = number + direction * count;
  const last = all.length - 1;
  if ((wanted < 0 && number === 0) || (wanted > last && number === last))
    throw new UsageError(
      wanted < 0 ? "Bottom (innermost) frame selected; you can't go down." : "Initial frame selected; you can't go up.",
    );
  yield* select(context, frameNumbered(all, Math.max(0, Math.min(last, wanted))));
}

export function runUp(context: Context, words: string): Running {
  return move(context, words, 1);
}

export function runDown(context: Context, words: string): Running {
  return move(context, words, -1);
}

function* select(context: Context, named: NumberedFrame): Running {
  yield changed({ frame: named.number });
  yield* shown(context, named);
}

function* shown(context: Context, named: NumberedFrame): Running {
  const { place } = named;
  yield framePiece(context, named, named.number);
  if (place?.source) yield* sourceLines(context, place.source.file, place.source.line, place.source.line);
}

const framePiece = ({ kernel }: Context, named: NamedFrame, number: number): Piece =>
  lazyRecord(
    () => frameJson(named, number),
    () => [frameLine(kernel, named, number)],
    { fields: frameFields },
  );

/** gdb's `bt`: all frames, the innermost `count`, or the outermost with a negative count. */
export function* runBacktrace(context: Context, words: string): Running {
  const [, digits = "", rest = ""] = /^(-?\d{0,6})\s*(.*)$/s.exec(words) ?? [];
  if (rest !== "") throw new UsageError(`gdb's bt takes a number of frames, not ${rest}; crash's bt has the options`);
  const { stack, functions } = currentStack(context);
  const count = digits === "" || digits === "-" ? functions.length : Number(digits);
  const first = count < 0 ? Math.max(0, functions.length + count) : 0;
  const end = count < 0 ? functions.length : Math.min(count, functions.length);
  for (const [i, named] of functions.slice(first, end).entries()) yield framePiece(context, named, first + i);
  if (end < functions.length) yield text("(More stack frames follow...)");
  else if (stack.fault) yield faultPiece(stack.fault, "bt: ");
}
