/** The `mount` command: lists mounts. */
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
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { dirtyPart, openFilesBySuper, openFilesTable, openPart, type Part } from "./mountParts.ts";
import { hexNumber } from "../../../language/number.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { faultPiece, text } from "../../../../say/piece.ts";
import { selectTasks } from "../../../language/taskSelector.ts";

export const mount = command({
  name: "mount",
  readsOnly: true,
  summary: "mounted file systems",
  usage: "[-f] [-i] [-n pid | task] [mount | vfsmount | superblock | dev | dir | dentry | inode]",
  options: [
    { flag: "-n", argument: "pid | task", help: "the mounts in the namespace of this task" },
    { flag: "-f", help: "also list the open files of each file system" },
    { flag: "-i", help: "also list the dirty inodes of each file system" },
  ],
  description:
    "Lists the mounts in the namespace of the first process or, with -n, of another task: struct mount, super_block, file system, device, directory.\n\nAn argument selects mounts: the address of the mount, of its vfsmount or super_block, or of any dentry or inode of the file system; a device, a file system's name, a directory.",
  examples: [
    { line: "mount", shows: "Every mount." },
    { line: "mount -n 1", shows: "The mounts in the namespace of a process." },
    { line: "mount tmpfs", shows: "Only file systems of one kind." },
    { line: "mount -f /dev", shows: "The file system mounted on a directory, with its open files." },
  ],
  records: () => [{ line: "mount -i -f", fields: mountsTable({ dirtyInodes: true, openFiles: true }).columns }],
  needs: ["types", "tasks"],
  *run(context, args) {
    const { kernel } = context;
    const layout = new TableLayout(kernel, mountsTable({ dirtyInodes: args.has("-i"), openFiles: args.has("-f") }));
    const files = args.has("-f") ? openFilesBySuper(kernel) : undefined;
    const tests = args.rest.map((word) => matcher(kernel, word));
    let shown = 0;
    for (const mount of faultLast(mounts(mountNamespace(namespaceTask(context, args))))) {
      if (mount instanceof Fault) {
        yield faultPiece(mount, "mount: ");
        continue;
      }
      if (tests.length > 0 && !tests.some((test) => test(mount))) continue;
      const dirtyInodes = args.has("-i") ? dirtyPart(mount) : undefined;
      const openFiles = files && openPart(kernel, files.get(superBlockOf(mount)) ?? []);
      const parts = [dirtyInodes, openFiles].filter((part) => part !== undefined);
      const isLong = parts.length > 0;
      if (shown++ === 0 || isLong) yield layout.heading();
      yield layout.row({ mount, dirtyInodes, openFiles }, () => parts.flatMap(({ lines }) => lines));
      if (isLong) yield text("");
    }
    if (shown === 0 && tests.length > 0)
      throw new UsageError(`no mount point, superblock or device matches ${args.rest.join(", ")}`);
    for (const fault of files?.faults ?? []) yield faultPiece(fault, "mount: ");
  },
});

/**
 * Returns the task whose namespace is shown: the task that -n names, else the first process, else the selected task.
 * @throws UsageError, Fault
 */
function namespaceTask(context: Context, args: Parsed): Obj {
  const word = args.value("-n");
  const task = word === undefined ? findTask(context.kernel, 1) : selectTasks(context, [word])[0];
  return task ?? context.task;
}

/** A mount with the lists that are printed below its row. */
interface MountRow {
  /** The mount, `struct mount`. */
  readonly mount: Obj;
  readonly dirtyInodes?: Part | undefined;
  readonly openFiles?: Part | undefined;
}

/**
 * Widths of the columns of the file system's type and of the device, in characters. A type that is too long takes space
 * from the device column.
 */
const TYPE_WIDTH = 6;
const DEVICE_WIDTH = 9;

const columns: { readonly [K in PageKeys["mount"]]: Column<MountRow> } = {
  mount: { kind: "address", title: "MOUNT", titleAlign: "center", value: ({ mount }) => mount.address },
  superBlock: {
    kind: "address",
    title: "SUPERBLK",
    titleAlign: "center",
    value: ({ mount }) => mountSuper(mount).address,
  },
  type: {
    kind: "text",
    title: "TYPE",
    width: TYPE_WIDTH,
    titleWidth: TYPE_WIDTH,
    value: ({ mount }) => fileSystemName(mountSuper(mount)),
  },
  device: {
    kind: "text",
    title: "DEVNAME",
    width: DEVICE_WIDTH,
    takesSlack: true,
    value: ({ mount }) => mountDevice(mount),
  },
  directory: { kind: "text", title: "DIRNAME", value: ({ mount }) => mountPath(mount) },
};

/** The table of mounts, with a column for each list that is given. */
export const mountsTable = ({
  dirtyInodes,
  openFiles,
}: {
  dirtyInodes: boolean;
  openFiles: boolean;
}): Table<MountRow> => ({
  columns: {
    ...columns,
    ...(dirtyInodes && { dirtyInodes: dirtyColumn }),
    ...(openFiles && { openFiles: openColumn }),
  },
});

const dirtyColumn: Column<MountRow> = {
  kind: "data",
  about: "addresses of dirty inodes",
  value: ({ dirtyInodes }) => dirtyInodes?.data,
};

const openColumn: Column<MountRow> = {
  kind: "data",
  about: "files that tasks have open",
  fields: openFilesTable.columns,
  value: ({ openFiles }) => openFiles?.data,
};

/** Returns a test whether a word names a mount. */
function matcher(kernel: Kernel, word: string): (mount: Obj) => boolean {
  const address = hexNumber(word);
  const superBlocks = address === undefined ? [] : superBlocksOf(kernel, address);
  return (mount) =>
    [() => fileSystemName(mountSuper(mount)), () => mountDevice(mount), () => mountPath(mount)].some(
      (read) => attempt(read) === word,
    ) ||
    (address !== undefined && (mount.address === address || mount.at("mnt").address === address)) ||
    superBlocks.includes(superBlockOf(mount) ?? -1n);
}

/** Returns the address of the super block; undefined if it cannot be read. */
function superBlockOf(mount: Obj): bigint | undefined {
  const superBlock = attempt(() => mountSuper(mount).address);
  return superBlock instanceof Fault ? undefined : superBlock;
}

/**
 * Returns the super blocks to which the address can belong, read as a super_block, a dentry or an inode. Only a correct
 * reading matches the super block of a mount.
 */
function superBlocksOf(kernel: Kernel, address: bigint): readonly bigint[] {
  const found = [
    () => kernel.object("struct dentry", address).at("d_sb").value(),
    () => kernel.object("struct inode", address).at("i_sb").value(),
  ].map(attempt);
  return [address, ...found.filter((one) => typeof one === "bigint")];
}
