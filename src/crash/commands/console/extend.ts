import { UsageError } from "../../../base/usageError.ts";
import { command } from "../../language/command.ts";
import { record, text } from "../../../say/piece.ts";

export const extend = command({
  name: "extend",
  summary: "commands of your own",
  usage: "[file ...] | -u [file ...] | -s",
  options: [
    { flag: "-u", help: "unload these files, or all" },
    { flag: "-s", help: "the files in the directory that CRASH_EXTENSIONS names, which could be loaded" },
  ],
  description: `Loads commands written in JavaScript or TypeScript, or lists the files that are loaded. In the terminal only: a file is code that runs with your rights, and none is ever loaded unasked. A name without a slash is looked for in the working directory, then in the one that CRASH_EXTENSIONS names.

A file exports, as its default or as "commands", one command or an array of them: objects with a name, a generator function run(context, args) and, if they are to have a manual page, summary, usage, options, description and examples (src/crash/language/command.ts: Command). run yields pieces: { kind: "text", lines: [["..."]] }, or { kind: "record", data: {...}, lines: [["..."]] }. context.kernel is the kernel as objects: kernel.variable("init_task").at("mm.pgd").value().

Shared libraries of crash and scripts in its other languages cannot be loaded.`,
  examples: [],
  *run({ extensions }, args) {
    if (!extensions) throw new UsageError("commands of your own are loaded in the terminal only");
    if (args.has("-u")) {
      for (const path of args.rest.length > 0 ? args.rest : [...extensions.loaded.keys()])
        yield text(`${extensions.unload(path)}: unloaded`);
      return;
    }
    if (args.has("-s")) {
      const files = extensions.available();
      if (files.length === 0) yield text("none: CRASH_EXTENSIONS names no directory with such files");
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
