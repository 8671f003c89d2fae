/** The tool `tasks`: the tasks of the machine, by name and state. */
import { z } from "zod";
import { type Piece } from "../say/piece.ts";
import { commandPieces } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const tasks = tool({
  name: "tasks",
  title: "Tasks",
  description:
    "The tasks (threads) of the machine: pid, parent, CPU, state, memory, name. Filter by name and state; UN is blocked (uninterruptible), RU runs or is runnable, IN sleeps, ID is an idle kernel thread, ZO has exited.",
  input: z.strictObject({
    name: z.string().max(64).optional().describe("part of the task's name"),
    state: z.string().max(4).optional().describe("such as UN or RU"),
    cpu: z.number().int().optional(),
    running: z.boolean().optional().describe("only the tasks that a CPU executed when the kernel stopped"),
  }),
  *run(context, { name, state, cpu, running }) {
    yield conclusion("", "ps");
    let shown = 0;
    const isWanted = ({ data }: Extract<Piece, { kind: "record" }>): boolean => {
      const row = data as { comm?: unknown; state?: unknown; cpu?: unknown; running?: unknown };
      return (
        (name === undefined || String(row.comm).includes(name)) &&
        (state === undefined || row.state === state.toUpperCase()) &&
        (cpu === undefined || row.cpu === cpu) &&
        (running === undefined || row.running === running)
      );
    };
    for (const piece of commandPieces(context, "ps")) {
      if (piece.kind === "record" && !isWanted(piece)) continue;
      if (piece.kind === "record") shown++;
      yield piece;
    }
    yield conclusion(`${shown} task${shown === 1 ? "" : "s"}.`, "ps");
  },
});
