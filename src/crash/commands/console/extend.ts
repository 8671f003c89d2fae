/** The `extend` command: loads files with the user's own commands. */
import { UsageError } from "../../../base/usageError.ts";
import { command } from "../../language/command.ts";
import { record, text } from "../../../say/piece.ts";

export const extend = command({
  name: "extend",
  summary: "load your own commands",
  usage: "[file ...] | -u [file ...] | -s",
  options: [
    { flag: "-u", help: "unload these files; default: all" },
    { flag: "-s", help: "list the files that can be loaded from the directory named by CRASH_EXTENSIONS" },
  ],
  description: `Loads commands written in JavaScript or TypeScript, or lists the files that are loaded. This works in the terminal only, because a file is code that runs with your rights; no file is loaded automatically. A name without a slash is looked up in the working directory, then in the directory named by CRASH_EXTENSIONS.

A file exports, as its default or as "commands", one command or an array of them: objects with a name, a generator function run(context, args) and, for the manual page, summary, usage, options, description and examples (src/crash/language/command.ts: Command). run yields pieces: { kind: "text", lines: [["..."]] }, or { kind: "record", data: {...}, lines: [["..."]] }. context.kernel is the kernel as objects: kernel.variable("init_task").at("mm.pgd").value().

Extensions of crash itself (shared libraries, scripts) cannot be loaded.`,
  examples: [],
  records: () => [
    { line: "extend", fields: { file: { kind: "text" }, commands: { kind: "data", about: "their names" } } },
  ],
  *run({ extensions }, args) {
    if (!extensions) throw new UsageError("extend works in the terminal only");
    if (args.has("-u")) {
      for (const path of args.rest.length > 0 ? args.rest : [...extensions.loaded.keys()])
        yield text(`${extensions.unload(path)}: unloaded`);
      return;
    }
    if (args.has("-s")) {
      const files = extensions.available();
      if (files.length === 0) yield text("no files: CRASH_EXTENSIONS does not name a directory with extensions");
      for (const file of files) yield record({ file }, file);
      return;
    }
    for (const path of args.rest) {
      if (/\.so$/.test(path)) throw new UsageError(`${path}: shared libraries of crash cannot be loaded`);
      const full = extensions.load(path);
      yield text(`${full}: ${names(extensions.loaded.get(full))}`);
    }
    if (args.rest.length > 0) return;
    if (extensions.loaded.size === 0) yield text("no files are loaded");
    for (const [path, commands] of extensions.loaded)
      yield record({ file: path, commands: commands.map(({ name }) => name) }, `${path}: ${names(commands)}`);
  },
});

const names = (commands: readonly { readonly name: string }[] = []): string =>
  commands.map(({ name }) => name).join(", ");
