import { command, type Command } from "../../language/command.ts";
import { changed } from "../../language/context.ts";

const leave = (name: string): Command =>
  command({
    name,
    readsOnly: true,
    summary: "end the session",
    usage: "",
    options: [],
    description: "Ends the session. The rest of a file of commands is not read.",
    examples: [],
    *run() {
      yield changed({ ended: true });
    },
  });

export const exit = leave("exit");
export const q = leave("q");
