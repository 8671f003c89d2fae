/** The `echo` command: prints text. */
import { command } from "../../language/command.ts";
import { lazyRecord } from "../../../say/piece.ts";

export const echo = command({
  name: "echo",
  readsOnly: true,
  summary: "print text",
  usage: "[-n] [text]",
  options: [],
  takesText: true,
  description:
    "Prints the text, so that scripts can separate the output of their commands. With -n, the next output follows on the same line.",
  examples: [{ line: "echo ---- tasks ----", shows: "A heading." }],
  records: () => [{ line: "echo text", fields: { text: { kind: "text" } } }],
  *run(_context, { rest }) {
    const isOpen = rest[0] === "-n";
    const text = rest.slice(isOpen ? 1 : 0).join(" ");
    yield lazyRecord(
      () => ({ text }),
      () => [[text]],
      { isOpen: isOpen && text !== "" },
    );
  },
});
