import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { fileSystemName, mountDevice, mountNamespace, mountPath, mounts, mountSuper } from "../../linux/mount.ts";
import { findTask } from "../../linux/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { addressCell, addressTitle } from "../addressCell.ts";
import { type Cell, cell } from "../cell.ts";
import { command, type Context, type Parsed } from "../command.ts";
import { hexNumber } from "../number.ts";
import { left } from "../pad.ts";
import { type Line, type Piece, type Pieces, record, type Span, spanText, text } from "../piece.ts";
import { selectTasks } from "../taskSelector.ts";

export const mount = command({
  name: "mount",
  summary: "mounted file systems",
  usage: "[-f] [-i] [-n pid | task] [mount | vfsmount | superblock | dev | dir | dentry | inode]",
  options: [
    { flag: "-n", argument: "pid | task", help: "the mounts that this task sees" },
    { flag: "-f", help: "open files of each file system, for kernels that list them (before v3.13)" },
    { flag: "-i", help: "dirty inodes of each file system, for kernels that list them (before v2.6.32)" },
  ],
  description:
    "Lists the mounts that the first process sees, or another's with -n: struct mount, super_block, file system, device, directory.\n\nAn argument chooses among them: the address of the mount, of its vfsmount or super_block, or of any dentry or inode of the file system; a device, a file system's name, a directory.",
  examples: [
    { line: "mount", shows: "Every mount." },
    { line: "mount -n 1", shows: "What a process sees in its own namespace." },
    { line: "mount tmpfs", shows: "Only file systems of one kind." },
    { line: "mount /dev", shows: "What is mounted on a directory." },
  ],
  needs: ["types", "tasks"],
  *run(context, args) {
    const { kernel } = context;
    for (const [flag, member] of [
      ["-i", "s_dirty"],
      ["-f", "s_files"],
    ] as const)
      if (args.has(flag)) yield* refuse(kernel, flag, member);
    const rows = wanted(kernel, args.rest, mountRows(mountNamespace(viewer(context, args))));
    yield text([{ as: "title", text: heading(kernel) }]);
    yield* rows;
  },
});

/** Lists within super_block that these options follow are long gone. @throws UsageError */
function* refuse(kernel: Kernel, flag: string, member: string): Pieces {
  if (kernel.object("struct super_block", 0n).has(member)) throw Fault.of("unknown", `${flag}: this kernel is too old`);
  yield text(`mount: the super_block.${member} linked list does not exist in this kernel`);
  throw new UsageError(`${flag} option not supported or applicable on this architecture or kernel`);
}

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

function* mountRows(namespace: Obj): Generator<MountRow, void, void> {
  const { kernel } = namespace;
  for (const mount of mounts(namespace)) {
    yield {
      mount,
      superBlock: addressCell(kernel, () => mountSuper(mount).address),
      type: cell(() => fileSystemName(mountSuper(mount))),
      device: cell(() => mountDevice(mount)),
      directory: cell(() => mountPath(mount)),
    };
  }
}

function* wanted(kernel: Kernel, words: readonly string[], rows: Iterable<MountRow>): Pieces {
  let shown = 0;
  const tests = words.map((word) => matcher(kernel, word));
  for (const row of rows) {
    if (tests.length > 0 && !tests.some((test) => test(row))) continue;
    yield rowPiece(kernel, row);
    shown++;
  }
  if (shown === 0 && words.length > 0) throw new UsageError(`nothing is mounted that is or holds ${words.join(", ")}`);
}

/** Whether a row is what a word names. */
function matcher(kernel: Kernel, word: string): (row: MountRow) => boolean {
  const address = hexNumber(word);
  const superBlocks = address === undefined ? [] : superBlocksOf(kernel, address);
  return ({ mount, superBlock, type, device, directory }) =>
    [type, device, directory].some(({ span }) => spanText(span) === word) ||
    (address !== undefined && (mount.address === address || mount.at("mnt").address === address)) ||
    (typeof superBlock.span === "object" &&
      superBlock.span.as === "address" &&
      superBlocks.includes(superBlock.span.address));
}

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

function rowPiece(kernel: Kernel, { mount, superBlock, type, device, directory }: MountRow): Piece {
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
  };
  return record(data, line);
}
