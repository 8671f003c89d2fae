/** Implements `files`: lists the open files of a task. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { filePath } from "../../../../linux/fs/dcache.ts";
import { openFiles, type OpenFile } from "../../../../linux/fs/fdtable.ts";
import { fsPath } from "../../../../linux/fs/dcache.ts";
import { cachedPages, inodeMapping } from "../../../../linux/fs/inode.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell } from "../../../say/addressCell.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { sharedRows } from "../../../say/sharedRows.ts";
import {
  faultSpan,
  faultJson,
  lazyRecord,
  type Json,
  type Line,
  type Pieces,
  type RecordPiece,
} from "../../../../say/piece.ts";
import type { Column, Fields, Table } from "../../../../say/table.ts";
import { matches } from "../../../say/reference.ts";
import { taskColumns, taskFacts, taskHeading } from "../../../say/taskHeading.ts";
import { typeColumn } from "./columns.ts";

export interface FilesView {
  /** Whether to show the inode, address_space and number of cached pages instead of file and dentry. */
  readonly counts: boolean;
  /** If defined, only rows that match this reference are shown. */
  readonly reference: string | undefined;
}

interface Row {
  readonly open: OpenFile;
  readonly piece: RecordPiece;
  readonly path: string | Fault;
}

/**
 * Lists the open files of one task. Yields nothing if the reference matches no file, nor the root or working directory,
 * and all files were read.
 */
export function* taskFiles(task: Obj, { counts, reference }: FilesView): Pieces {
  const root = attempt(() => fsPath(task, "root"));
  const cwd = attempt(() => fsPath(task, "pwd"));
  const rows: Row[] = [];
  const outcome = attempt(() => {
    for (const row of openRows(task, counts)) rows.push(row);
  });
  const shown = reference === undefined ? rows : rows.filter((row) => matchesReference(row, reference));
  const isRootOrCwd =
    reference !== undefined && [root, cwd].some((path) => typeof path === "string" && path.includes(reference));
  if (reference !== undefined && shown.length === 0 && !isRootOrCwd && !(outcome instanceof Fault)) return;
  const lines = (): Line[] => {
    const all: Line[] = [taskHeading(task)];
    if (root !== undefined || cwd !== undefined) all.push(["ROOT: ", pathSpan(root), "    CWD: ", pathSpan(cwd)]);
    if (shown.length > 0)
      all.push(layoutOf(task.kernel, counts).headingLine(), ...shown.flatMap(({ piece }) => piece.lines));
    else if (reference === undefined && !(outcome instanceof Fault)) all.push(["No open files"]);
    if (outcome instanceof Fault) all.push(["files: ", faultSpan(outcome)]);
    return all;
  };
  const data = (): Json => ({
    ...taskFacts(task),
    root: pathJson(root),
    cwd: pathJson(cwd),
    files: shown.map(({ piece }) => piece.data),
    unread: outcome instanceof Fault ? faultJson(outcome) : null,
  });
  yield lazyRecord(data, lines, { fields: taskFilesFields(counts) });
}

const plainRows = sharedRows<Row>("files");
const rowsWithCounts = sharedRows<Row>("files with counts");

/** Returns the rows of a task's open files. @throws Fault as `openFiles` */
const openRows = (task: Obj, counts: boolean): Iterable<Row> =>
  (counts ? rowsWithCounts : plainRows)(task.kernel).of(task.at("files").value(), function* () {
    const layout = layoutOf(task.kernel, counts);
    for (const open of openFiles(task)) {
      yield { open, path: attempt(() => filePath(open.file)), piece: layout.keptRow(open) };
    }
  });

const pathSpan = (path: string | undefined | Fault) => (path instanceof Fault ? faultSpan(path) : (path ?? "(none)"));
const pathJson = (path: string | undefined | Fault): Json => (path instanceof Fault ? faultJson(path) : (path ?? null));

function matchesReference({ open: { fd, file }, path }: Row, reference: string): boolean {
  const { kernel } = file;
  const inode = (): Obj => file.at("f_path.dentry.d_inode");
  // A reference can be the address of any of the file's structs, whichever columns are shown.
  const addresses = [
    () => file.address,
    () => file.at("f_path.dentry").value(),
    () => inode().value(),
    () => inodeMapping(inode().deref()).address,
  ].map((read) => addressCell(kernel, read));
  return matches(reference, { number: fd, addresses, ...(typeof path === "string" && { text: path }) });
}

const dentryOf = ({ file }: OpenFile): Obj => file.at("f_path.dentry");
const inodeOf = (open: OpenFile): Obj => dentryOf(open).at("d_inode");

/** A column of file descriptors, aligned for up to three digits. */
const fd: Column<OpenFile> = { kind: "number", title: "FD", width: 3, value: (open) => open.fd };

const inode: Column<OpenFile> = {
  kind: "address",
  title: "INODE",
  titleAlign: "center",
  value: (open) => inodeOf(open).value(),
};

const lastColumns: { readonly [K in "type" | "path"]: Column<OpenFile> } = {
  type: typeColumn(dentryOf),
  path: { kind: "text", title: "PATH", value: ({ file }) => filePath(file) },
};

export const filesTable: Table<OpenFile> = {
  columns: {
    fd,
    file: { kind: "address", title: "FILE", titleAlign: "center", value: ({ file }) => file.address },
    dentry: { kind: "address", title: "DENTRY", titleAlign: "center", value: (open) => dentryOf(open).value() },
    inode,
    ...lastColumns,
  },
};

export const filesWithCountsTable: Table<OpenFile> = {
  columns: {
    fd,
    inode,
    mapping: {
      kind: "address",
      title: "I_MAPPING",
      titleAlign: "center",
      about: "of the struct address_space",
      value: (open) => inodeMapping(inodeOf(open).deref()).address,
    },
    pages: {
      kind: "number",
      title: "NRPAGES",
      about: "in the page cache",
      width: 7,
      value: (open) => cachedPages(inodeMapping(inodeOf(open).deref())),
    },
    ...lastColumns,
  },
};

const layoutOf = (kernel: Kernel, counts: boolean): TableLayout<OpenFile> =>
  new TableLayout(kernel, counts ? filesWithCountsTable : filesTable);

export const taskFilesFields = (counts: boolean): Fields => ({
  ...taskColumns,
  root: { kind: "text" },
  cwd: { kind: "text" },
  files: { kind: "data", fields: (counts ? filesWithCountsTable : filesTable).columns },
  unread: { kind: "text", about: "null, or the fault for which files may be missing" },
});
