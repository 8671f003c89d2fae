/** The `map` command, which exists for crash's scripts and does nothing. */
import { command } from "../../language/command.ts";
import { text } from "../../../say/piece.ts";

export const map = command({
  name: "map",
  readsOnly: true,
  summary: "no effect: dump files are never written",
  usage: "[-a] [-f] [file]",
  options: [
    { flag: "-a", help: "ignored; in crash: append the index to the vmcore" },
    { flag: "-f", help: "ignored; in crash: write the index to a file" },
  ],
  description:
    "For dumps of live memory taken with kvmdump, crash stores an index of pages in the dump file. vmcore-debug never writes dump files; it builds such an index in memory.",
  examples: [],
  *run() {
    yield text("map: dump files are never written; nothing to store");
  },
});
