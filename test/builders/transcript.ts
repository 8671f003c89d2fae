import { commands } from "../../src/crash/commands.ts";
import type { Context, SessionFacts } from "../../src/crash/language/command.ts";
import { createContext, withChanges } from "../../src/crash/language/context.ts";
import { run } from "../../src/crash/language/language.ts";
import { type Json, lineText, type Piece } from "../../src/say/piece.ts";
import type { Kernel } from "../../src/model/kernel.ts";
import type { Obj } from "../../src/model/object.ts";
import { toyKernel } from "./kernel.ts";

const facts: SessionFacts = {
  vmcore: ["vmcore"],
  vmlinux: undefined,
  format: "toy",
  incomplete: false,
  dumpLevel: undefined,
  timestamp: undefined,
  limitations: [],
};

/** A user's context on a toy kernel. @param task the current task, for commands that go by it */
export function toyContext(kernel: Kernel = toyKernel(), task?: Obj, session: Partial<SessionFacts> = {}): Context {
  return createContext(kernel, { ...facts, ...session }, commands(), () => {
    if (!task) throw new Error("this test's context has no task");
    return task;
  });
}

/** What a person reads: every line a command line gives, mistakes and faults included, without trailing blanks. */
export function transcript(context: Context, line: string): string {
  return pieces(context, line).flatMap(linesOf).join("\n");
}

function linesOf(piece: Piece): string[] {
  if (piece.kind === "progress") return [];
  const lines = piece.lines.map((line) => lineText(line).trimEnd());
  return piece.kind === "usage" ? [piece.message, ...lines] : lines;
}

/** What a program reads: each record's data. */
export const data = (context: Context, line: string): Json[] =>
  pieces(context, line).flatMap((piece) => (piece.kind === "record" ? [piece.data] : []));

/** Where a context's user stands now: what a line changes goes on in the lines after it. */
const contexts = new WeakMap<Context, Context>();

/** The context after the lines that ran with it so far. */
export const contextNow = (context: Context): Context => contexts.get(context) ?? context;

export function pieces(context: Context, line: string): Piece[] {
  const now = contextNow(context);
  const job = run(now, line);
  const all: Piece[] = [];
  for (;;) {
    const step = job.next();
    if (step.done) {
      contexts.set(context, withChanges(now, step.value));
      return all;
    }
    all.push(step.value);
  }
}
