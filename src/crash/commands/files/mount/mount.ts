import { attempt, Fault, faultLast } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import {
  fileSystemName,
  mountDevice,
  mountNamespace,
  mountPath,
  mounts,
  mountSuper,
} from "../../../../linux/fs/mount.ts";
import { findTask } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { type Cell, cell } from "../../../say/cell.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { dirtyPart, openFilesBySuper, openPart, type Part } from "./mountParts.ts";
import { hexNumber } from "../../../language/number.ts";
import { left } from "../../../say/pad.ts";
import { faultPiece, type Line, type Piece, record, type Span, spanText, text } from "../../../say/piece.ts";
import { selectTasks } from "../../../language/taskSelector.ts";

export const mount = command({
  name: "mount",
  readsOnly: true,
  summary: "mounted file systems",
  usage: "[-f] [-i] [-n pid | task] [mount | vfsmount | superblock | dev | dir | dentry | inode]",
  options: [
    { flag: "-n", argument: "pid | task", help: "the mounts that this task sees" },
    { flag: "-f", help: "the files of each file system that tasks have open" },
    { flag: "-i", help: "the inodes of each file system that wait to be written" },
  ],
  description:
    "Lists the mounts that the first process sees, or another's with -n: struct mount, super_block, file system, device, directory.\n\nAn argument chooses among them: the address of the mount, of its vfsmount or super_block, or of any dentry or inode of the file system; a device, a file system's name, a directory.",
  examples: [
    { line: "mount", shows: "Every mount." },
    { line: "mount -n 1", shows: "What a process sees in its own namespace." },
    { line: "mount tmpfs", shows: "Only file systems of one kind." },
    { line: "mount -f /dev", shows: "What is mounted on a directory, and who has files of it open." },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const { kernel } = context;
    const title = text([{ as: "title", text: heading(kernel) }]);
    const files = args.has("-f") ? openFilesBySuper(kernel) : undefined;
    const tests = args.rest.map((word) => matcher(kernel, word));
    let shown = 0;
    for (const mount of faultLast(mounts(mountNamespace(viewer(context, args))))) {
      if (mount instanceof Fault) {
        yield faultPiece(mount, "mount: ");
        continue;
      }
      const row = rowOf(mount);
      if (tests.length > 0 && !tests.some((test) => test(row))) continue;
      const parts = {
        dirtyInodes: args.has("-i") ? dirtyPart(mount) : undefined,
        openFiles: files && openPart(kernel, files.get(superBlockOf(row)) ?? []),
      };
      const isLong = parts.dirtyInodes !== undefined || parts.openFiles !== undefined;
      if (shown++ === 0 || isLong) yield title;
      yield rowPiece(kernel, row, parts);
      if (isLong) yield text("");
    }
    if (shown === 0 && tests.length > 0)
      throw new UsageError(`nothing is mounted that is or holds ${args.rest.join(", ")}`);
    for (const fault of files?.faults ?? []) yield faultPiece(fault, "mount: ");
  },
});

/** The task whose namespace is shown: the first process unless -n names one. @throws UsageError, Fault */
function viewer(context: Context, args: Parsed): Obj {
  const word = args.value("-n");
  const task = word === undefined ? findTask(context.kernel, 1) : selectTasks(context, [word])[0];
  return task ?? context.task;
}

interface MountRow {
  readonly mount: Obj;
  readonly superBlock: Cell;
  readonly type: Cell;
  readonly device: Cell;
  readonly directory: Cell;
}

const rowOf = (mount: Obj): MountRow => ({
  mount,
  superBlock: addressCell(mount.kernel, () => mountSuper(mount).address),
  type: cell(() => fileSystemName(mountSuper(mount))),
  device: cell(() => mountDevice(mount)),
  directory: cell(() => mountPath(mount)),
});

/** Whether a row is what a word names. */
function matcher(kernel: Kernel, word: string): (row: MountRow) => boolean {
  const address = hexNumber(word);
  const superBlocks = address === undefined ? [] : superBlocksOf(kernel, address);
  return (row) =>
    [row.type, row.device, row.directory].some(({ span }) => spanText(span) === word) ||
    (address !== undefined && (row.mount.address === address || row.mount.at("mnt").address === address)) ||
    superBlocks.includes(superBlockOf(row) ?? -1n);
}

/** undefined where it cannot be read */
const superBlockOf = ({ superBlock: { span } }: MountRow): bigint | undefined =>
  typeof span === "object" && span.as === "address" ? span.address : undefined;

/** What an address would belong to as a super_block, a dentry, an inode: which it is shows when one is mounted. */
function superBlocksOf(kernel: Kernel, address: bigint): readonly bigint[] {
  const found = [
    () => kernel.object("struct dentry", address).at("d_sb").value(),
    () => kernel.object("struct inode", address).at("i_sb").value(),
  ].map(attempt);
  return [address, ...found.filter((one) => typeof one === "bigint")];
}

/** File system and device share a column: what one has too much, the other gives. */
const TYPE_WIDTH = 6;
const SOURCE_WIDTH = 16;

const heading = (kernel: Kernel): string =>
  `${addressTitle(kernel, "MOUNT")} ${addressTitle(kernel, "SUPERBLK")} TYPE   DEVNAME   DIRNAME`;

/** @param parts what stands below the row, by its key to programs */
function rowPiece(kernel: Kernel, row: MountRow, parts: Readonly<Record<string, Part | undefined>>): Piece {
  const { mount, superBlock, type, device, directory } = row;
  const own = addressCell(kernel, () => mount.address);
  const source: Span[] = [...left(type.span, TYPE_WIDTH), " ", device.span];
  const gap = SOURCE_WIDTH - source.reduce((width, span) => width + spanText(span).length, 0);
  const line: Line = [own.span, " ", superBlock.span, " ", ...source, " ".repeat(Math.max(0, gap) + 1), directory.span];
  const data = {
    mount: own.json,
    superBlock: superBlock.json,
    type: type.json,
    device: device.json,
    directory: directory.json,
    ...Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, part?.data])),
  };
  return record(data, line, ...Object.values(parts).flatMap((part) => part?.lines ?? []));
}
