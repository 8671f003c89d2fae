import { attempt, Fault } from "../../../../base/fault.ts";
import { filePath } from "../../../../linux/fs/dcache.ts";
import { openFiles, type OpenFile } from "../../../../linux/fs/fdtable.ts";
import { fsPath } from "../../../../linux/fs/fsStruct.ts";
import { cachedPages, fileType, inodeMapping } from "../../../../linux/fs/inode.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { type Cell, cell } from "../../../../say/cell.ts";
import { right } from "../../../../render/pad.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import { faultSpan, faultJson, type Json, type Line, type Pieces, record, spanText } from "../../../../say/piece.ts";
import { matches } from "../../../say/reference.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";
import { typeColumn } from "./columns.ts";

export interface FilesView {
  /** Pages in the page cache in place of file and dentry. */
  readonly counts: boolean;
  /** Only rows that this names. */
  readonly reference: string | undefined;
}

interface Row {
  readonly open: OpenFile;
  readonly line: Line;
  readonly path: Cell;
  readonly data: Json;
}

/** The open files of one task; nothing at all where a reference matches none of them. */
export function* taskFiles(task: Obj, { counts, reference }: FilesView): Pieces {
  const root = attempt(() => fsPath(task, "root"));
  const cwd = attempt(() => fsPath(task, "pwd"));
  const rows: Row[] = [];
  const done = attempt(() => {
    for (const row of openRows(task, counts)) rows.push(row);
  });
  const shown = reference === undefined ? rows : rows.filter((row) => isReferred(row, reference));
  const isPlace =
    reference !== undefined && [root, cwd].some((path) => typeof path === "string" && path.includes(reference));
  if (reference !== undefined && shown.length === 0 && !isPlace) return;
  const lines: Line[] = [taskHeading(task)];
  if (root !== undefined || cwd !== undefined) lines.push(["ROOT: ", pathSpan(root), "    CWD: ", pathSpan(cwd)]);
  if (shown.length > 0) lines.push(heading(task.kernel, counts), ...shown.map(({ line }) => line));
  else if (reference === undefined && !(done instanceof Fault)) lines.push(["No open files"]);
  if (done instanceof Fault) lines.push(["files: ", faultSpan(done)]);
  const data = {
    ...taskFacts(task),
    root: pathJson(root),
    cwd: pathJson(cwd),
    files: shown.map((row) => row.data),
    unread: done instanceof Fault ? faultJson(done) : null,
  };
  yield record(data, ...lines);
}

const plainRows = sharedRows<Row>("files");
const rowsWithCounts = sharedRows<Row>("files with counts");

/** Rows of a task's open files. @throws Fault as `openFiles` */
const openRows = (task: Obj, counts: boolean): Iterable<Row> =>
  (counts ? rowsWithCounts : plainRows)(task.kernel).of(task.at("files").value(), function* () {
    for (const file of openFiles(task)) yield counts ? countRow(file) : fileRow(file);
  });

const pathSpan = (path: string | undefined | Fault) => (path instanceof Fault ? faultSpan(path) : (path ?? "(none)"));
const pathJson = (path: string | undefined | Fault): Json => (path instanceof Fault ? faultJson(path) : (path ?? null));

function isReferred({ open: { fd, file }, path }: Row, reference: string): boolean {
  const { kernel } = file;
  const inode = (): Obj => file.at("f_path.dentry.d_inode");
  // Whatever columns are shown, a file can be meant by any of its structs.
  const addresses = [
    () => file.address,
    () => file.at("f_path.dentry").value(),
    () => inode().value(),
    () => inodeMapping(inode().deref()).address,
  ].map((read) => addressCell(kernel, read));
  return matches(reference, { number: fd, addresses, text: spanText(path.span) });
}

function heading(kernel: Kernel, counts: boolean): Line {
  const titles = counts ? ["INODE", "I_MAPPING"] : ["FILE", "DENTRY", "INODE"];
  const addresses = titles.map((title) => addressTitle(kernel, title)).join(" ");
  return [{ as: "title", text: ` FD ${addresses} ${counts ? "NRPAGES " : ""}TYPE PATH` }];
}

/** Descriptors of up to three digits stand below each other. */
const FD_WIDTH = 3;

function fileRow(open: OpenFile): Row {
  const { fd, file } = open;
  const { kernel } = file;
  const dentry = (): Obj => file.at("f_path.dentry");
  const own = addressCell(kernel, () => file.address);
  const entry = addressCell(kernel, () => dentry().value());
  const inode = addressCell(kernel, () => dentry().at("d_inode").value());
  const type = cell(() => fileType(dentry().at("d_inode").deref()));
  const path = cell(() => filePath(file));
  return {
    open,
    path,
    line: [
      ...right(String(fd), FD_WIDTH),
      " ",
      own.span,
      " ",
      entry.span,
      " ",
      inode.span,
      " ",
      ...typeColumn(type),
      path.span,
    ],
    data: { fd, file: own.json, dentry: entry.json, inode: inode.json, type: type.json, path: path.json },
  };
}

/** Width of "NRPAGES". */
const COUNT_WIDTH = 7;

function countRow(open: OpenFile): Row {
  const { fd, file } = open;
  const { kernel } = file;
  const host = (): Obj => file.at("f_path.dentry.d_inode");
  const inode = addressCell(kernel, () => host().value());
  const mapping = addressCell(kernel, () => inodeMapping(host().deref()).address);
  const count = cell(() => cachedPages(inodeMapping(host().deref())));
  const type = cell(() => fileType(host().deref()));
  const path = cell(() => filePath(file));
  const numbers: Line = [inode.span, " ", mapping.span, " ", ...right(count.span, COUNT_WIDTH)];
  return {
    open,
    path,
    line: [...right(String(fd), FD_WIDTH), " ", ...numbers, " ", ...typeColumn(type), path.span],
    data: { fd, inode: inode.json, mapping: mapping.json, pages: count.json, type: type.json, path: path.json },
  };
}
