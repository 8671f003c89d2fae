/** The `echo` command: prints text. */
import { command } from "../../language/command.ts";
import { record } from "../../../say/piece.ts";

export const echo = command({
  name: "echo",
  readsOnly: true,
  summary: "print text",
  usage: "[text]",
  options: [],
  takesText: true,
  description: "Prints the text, so that scripts can separate the output of their commands.",
  examples: [{ line: "echo ---- tasks ----", shows: "A heading." }],
  records: () => [{ line: "echo text", fields: { text: { kind: "text" } } }],
  *run(_context, { rest }) {
    const text = rest.join(" ");
    yield record({ text }, text);
  },
});
