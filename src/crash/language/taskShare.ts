/** The interface by which a command shares the work on many tasks with threads. */
import type { Obj } from "../../model/object.ts";
import type { Pieces } from "../../say/piece.ts";
import type { Context } from "./command.ts";

/** Starts to share the work on many tasks with threads. @param lines the command lines that run for each task */
export type TaskWorkers = (context: Context, tasks: readonly Obj[], lines: readonly string[]) => TaskShare;

/**
 * Work on a list of tasks that this thread does from the front while others do it from the end, until they meet. The
 * others start once it is certain that the work takes long.
 */
export interface TaskShare {
  /** Returns the index up to which this thread has to do the tasks from `from` on; `from` if others do all the rest. */
  claim(from: number): number;
  /** Yields what the others answered, in order. @param own does tasks that they could not */
  rest(own: (from: number, to: number) => Pieces): Pieces;
  /** Ends the threads. */
  end(): void;
}
