/** The type of a tool: a question about an open dump, with a bounded answer. */
import type { z } from "zod";
import type { Context } from "../crash/language/command.ts";
import type { Piece } from "../say/piece.ts";

/** What a tool concludes, besides its elements. A later conclusion replaces an earlier one, because a tool may be stopped at any time. */
export interface Conclusion {
  readonly kind: "conclusion";
  /** The answer in one or two sentences. */
  readonly says: string;
  /** The crash commands that print the same. */
  readonly commands: readonly string[];
}

/** Makes a conclusion. An empty sentence only names the commands, for an answer that ends early. */
export const conclusion = (says: string, ...commands: readonly string[]): Conclusion => ({
  kind: "conclusion",
  says,
  commands,
});

/** Says that a tool has left out its next elements, because the answer begins behind them. */
export interface Skipped {
  readonly kind: "skipped";
  readonly count: number;
}

/** A running tool. */
export type Asking = Generator<Piece | Conclusion | Skipped, void, void>;

/** A tool. It yields pieces: each record is an element of the answer, a fault is a reason why something is missing. */
export interface Tool<Input = unknown> {
  readonly name: string;
  readonly title: string;
  /** What it answers and when to use it, for a language model. */
  readonly description: string;
  readonly input: z.ZodObject & z.ZodType<Input>;
  /** "lines": the elements of the answer are the lines of the text that a person would see. Default: the records. */
  readonly elements?: "lines";
  /**
   * @param offset number of elements before the answer; a tool may leave them out and yield `Skipped` in their place
   * @throws UsageError, Fault
   */
  run(context: Context, input: Input, offset: number): Asking;
}

export const tool = <Input>(declaration: Tool<Input>): Tool<Input> => declaration;
