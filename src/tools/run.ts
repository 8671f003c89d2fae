/** The tool `run`: a command of crash's command language. */
import { z } from "zod";
import { commandPieces } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const run = tool({
  name: "run",
  title: "Run a Command",
  description:
    'Runs a command of the command language of crash that only reads the dump, and returns the lines that the terminal prints: "ps -m", "kmem -i", "foreach UN bt", "struct file 0xffff...", "files 123", "dev -d", "net", "mount", "irq", "timer", "health", "log | grep -i oops". "help" lists the commands, "help NAME" describes one. Commands that write files, load files or run other programs are refused.',
  input: z.strictObject({ command: z.string().min(1).max(1000) }),
  elements: "lines",
  *run(context, { command }) {
    yield conclusion("", command);
    yield* commandPieces(context, command);
  },
});
