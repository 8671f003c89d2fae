import { command } from "../../language/command.ts";
import { runCommand } from "../../language/language.ts";
import { text } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const repeat = command({
  name: "repeat",
  readsOnly: true,
  summary: "run a command again and again",
  usage: "[-seconds] command",
  options: [],
  takesExpression: true,
  description:
    "On a live system this would run a command over and over. A dump does not change: the command runs once, and a remark says so.",
  examples: [{ line: "repeat -1 p jiffies", shows: "The value of jiffies, which stands still." }],
  *run(context, { rest }) {
    const repeated = /^(?:-\d+\s+)?(.+)$/s.exec(rest[0] ?? "")?.[1];
    if (repeated === undefined) throw new WrongUse("a command is missing");
    yield* runCommand(context, repeated);
    yield text([{ as: "dim", text: "repeat: a dump does not change; the command ran once" }]);
  },
});
