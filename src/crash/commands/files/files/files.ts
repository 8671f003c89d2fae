/** The `files` command: lists open files. */
import { command } from "../../../language/command.ts";
import { dentriesTable, dentryView } from "./dentry.ts";
import { inodeNodes, inodePages, inodeTable, nodePagesTable } from "./pages.ts";
import { taskFiles, taskFilesFields } from "./task.ts";
import { text } from "../../../../say/piece.ts";
import { selectTasks } from "../../../language/taskSelector.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import { address } from "../../../language/address.ts";

export const files = command({
  name: "files",
  readsOnly: true,
  summary: "open files",
  usage: "[-d dentry] | [-p inode] | [-n inode] | [-c] [-R reference] [pid | taskp] ...",
  options: [
    { flag: "-d", argument: "dentry", help: "inode, super block, type and path of one dentry" },
    { flag: "-p", argument: "inode", help: "pages of an inode in the page cache" },
    { flag: "-n", argument: "inode", help: "number of these pages on each memory node" },
    { flag: "-c", help: "inode, address_space and number of pages in the page cache, instead of file and dentry" },
    {
      flag: "-R",
      argument: "reference",
      help: "only rows that match: a descriptor, an address in a column, a part of a path",
    },
  ],
  description:
    "Shows the root and working directory of the current task, or of those given, and its open files: descriptor, struct file, dentry, inode, type and path. Files outside the visible file systems, such as sockets, have the name that the kernel gave them.\n\n-R leaves out rows that do not match. A number is a descriptor, decimal or else hexadecimal, or a hexadecimal address. Any text can be a part of the path, of the root or of the working directory. Tasks without a match are left out.",
  examples: [
    { line: "files 1", shows: "The open files of a process." },
    { line: "files -c", shows: "How much of each file is in the page cache." },
    { line: "foreach files -R /dev/null", shows: "Tasks that have a file open." },
  ],
  records: () => [
    { line: "files", fields: taskFilesFields(false) },
    { line: "files -c", fields: taskFilesFields(true) },
    { line: "files -d ffff8ef683e520c0", fields: dentriesTable.columns },
    { line: "files -p ffff8ef683e520c0", fields: inodeTable.columns },
    { line: "files -n ffff8ef683e520c0", fields: nodePagesTable.columns },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const [dentry, inode, spread] = ["-d", "-p", "-n"].map((flag) => args.value(flag));
    if ([dentry, inode, spread].filter((value) => value !== undefined).length > 1)
      throw new WrongUse("only one of -d, -p and -n");
    if (dentry !== undefined) return yield* dentryView(context.kernel, address(context, dentry));
    if (inode !== undefined) return yield* inodePages(context.kernel, address(context, inode));
    if (spread !== undefined) return yield* inodeNodes(context.kernel, address(context, spread));
    const view = { counts: args.has("-c"), reference: args.value("-R") };
    let isFirst = true;
    for (const task of selectTasks(context, args.rest)) {
      for (const piece of taskFiles(task, view)) {
        if (!isFirst) yield text("");
        isFirst = false;
        yield piece;
      }
    }
  },
});
