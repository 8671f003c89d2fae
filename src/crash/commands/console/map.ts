import { command } from "../../language/command.ts";
import { text } from "../../../say/piece.ts";

export const map = command({
  name: "map",
  readsOnly: true,
  summary: "store a bitmap in the vmcore, which is never written here",
  usage: "[-a] [-f] [file]",
  options: [
    { flag: "-a", help: "would append the bitmap to the vmcore" },
    { flag: "-f", help: "would write it to a file" },
  ],
  description:
    "For dumps of live memory taken with kvmdump, crash stores an index in the dump file. Here dumps are read-only, and formats that need such an index are indexed in memory.",
  examples: [],
  *run() {
    yield text("map: dump files are never written; nothing to store");
  },
});
