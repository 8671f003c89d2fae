/** The `repeat` command, which runs a command once, because a dump does not change. */
import { command } from "../../language/command.ts";
import { runCommand } from "../../language/language.ts";
import { text } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const repeat = command({
  name: "repeat",
  readsOnly: true,
  summary: "run a command once, because a dump does not change",
  usage: "[-seconds] command",
  options: [],
  takesExpression: true,
  description:
    "In crash on a live system, repeat runs a command at intervals. A dump does not change, so the command runs once, and a note is printed.",
  examples: [{ line: "repeat -1 p jiffies", shows: "The value of jiffies, which does not change." }],
  *run(context, { rest }) {
    const repeated = /^(?:-\d+\s+)?(.+)$/s.exec(rest[0] ?? "")?.[1];
    if (repeated === undefined) throw new WrongUse("a command is missing");
    yield* runCommand(context, repeated);
    yield text([{ as: "dim", text: "repeat: a dump does not change; the command ran once" }]);
  },
});
