/** The `exit` command: ends the session. */
import { command, type Command } from "../../language/command.ts";
import { changed } from "../../language/context.ts";

const leave = (name: string): Command =>
  command({
    name,
    readsOnly: true,
    summary: "end the session",
    usage: "",
    options: [],
    description: "Ends the session. The remaining lines of a command file are not run.",
    examples: [],
    *run() {
      yield changed({ ended: true });
    },
  });

export const exit = leave("exit");
export const q = leave("q");
