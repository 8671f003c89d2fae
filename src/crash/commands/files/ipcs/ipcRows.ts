import { attempt, orThrow } from "../../../../base/fault.ts";
import { padHex } from "../../../../base/hex.ts";
import {
  ipcOwner,
  ipcPermissions,
  segmentInode,
  segmentPages,
  segmentState,
  type IpcFacility,
} from "../../../../linux/ipc/ipc.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell } from "../../../say/addressCell.ts";
import { type Cell, cell } from "../../../../say/cell.ts";
import { left } from "../../../../render/pad.ts";
import { record, type Json, type Line, type Piece } from "../../../../say/piece.ts";

interface Column {
  readonly title: string;
  readonly width: number;
  /** Its key to programs. */
  readonly key: string;
  read(object: Obj): Cell;
}

/** The columns of each kind behind those that all have. */
const COLUMNS: Readonly<Record<IpcFacility, readonly Column[]>> = {
  shm: [
    { title: "BYTES", width: 10, key: "bytes", read: (shmid) => cell(() => shmid.at("shm_segsz").number()) },
    { title: "NATTCH", width: 6, key: "attached", read: (shmid) => cell(() => shmid.at("shm_nattch").number()) },
    { title: "STATUS", width: 7, key: "status", read: (shmid) => cell(() => segmentState(shmid).join(" ")) },
  ],
  sem: [{ title: "NSEMS", width: 10, key: "semaphores", read: (array) => cell(() => array.at("sem_nsems").number()) }],
  msg: [
    { title: "USED-BYTES", width: 12, key: "bytes", read: (queue) => cell(() => queue.at("q_cbytes").number()) },
    { title: "MESSAGES", width: 12, key: "messages", read: (queue) => cell(() => queue.at("q_qnum").number()) },
  ],
};

const NAMES: Readonly<Record<IpcFacility, readonly [object: string, id: string]>> = {
  shm: ["SHMID_KERNEL", "SHMID"],
  sem: ["SEM_ARRAY", "SEMID"],
  msg: ["MSG_QUEUE", "MSQID"],
};

const KEY_WIDTH = 8;
const ID_WIDTH = 10;
const USER_WIDTH = 5;

export function ipcTitle({ wordSize }: { readonly wordSize: number }, facility: IpcFacility): Line {
  const [object, id] = NAMES[facility];
  const first = [object.padEnd(wordSize * 2), "KEY".padEnd(KEY_WIDTH), id.padEnd(ID_WIDTH), "UID".padEnd(USER_WIDTH)];
  const rest = COLUMNS[facility].map(({ title, width }) => title.padEnd(width));
  return [{ as: "title", text: [...first, "PERMS", ...rest].join(" ") }];
}

/** @param detailed for a shared segment also the line about its pages */
export function ipcRow(object: Obj, facility: IpcFacility, detailed: boolean): Piece {
  const { kernel } = object;
  const perm = ipcPermissions(object, facility);
  const own = addressCell(kernel, () => object.address);
  const key = cell(
    () => BigInt.asUintN(32, perm.at("key").value()),
    (value) => padHex(value, KEY_WIDTH),
  );
  const id = cell(() => perm.at("id").number());
  const user = cell(() => ipcOwner(perm));
  const mode = cell(
    () => perm.at("mode").number() & 0o777,
    (bits) => bits.toString(8),
  );
  const rest = COLUMNS[facility].map((column) => ({ ...column, cell: column.read(object) }));
  const columns: Line = [
    ...[own.span, " ", ...left(key.span, KEY_WIDTH), " ", ...left(id.span, ID_WIDTH), " "],
    ...[...left(user.span, USER_WIDTH), " ", ...left(mode.span, "PERMS".length)],
    ...rest.flatMap((column) => [" ", ...left(column.cell.span, column.width)]),
  ];
  const details = detailed && facility === "shm" ? segmentDetails(object) : { data: {}, lines: [] };
  const data = {
    facility,
    address: own.json,
    key: key.json,
    id: id.json,
    uid: user.json,
    mode: mode.json,
    ...Object.fromEntries(rest.map((column) => [column.key, column.cell.json])),
    ...details.data,
  };
  return record(data, columns, ...details.lines);
}

function segmentDetails(shmid: Obj): {
  readonly data: { readonly [key: string]: Json };
  readonly lines: readonly Line[];
} {
  const bytes = pageSize(shmid.kernel);
  const pages = attempt(() => segmentPages(shmid));
  const counts = [
    cell(() => Math.ceil(shmid.at("shm_segsz").number() / bytes)),
    cell(() => orThrow(pages).resident),
    cell(() => orThrow(pages).swapped),
  ] as const;
  const inode = addressCell(shmid.kernel, () => segmentInode(shmid).address);
  const [allocated, resident, swapped] = counts;
  return {
    data: { pages: { allocated: allocated.json, resident: resident.json, swapped: swapped.json }, inode: inode.json },
    lines: [
      ["PAGES ALLOCATED/RESIDENT/SWAPPED: ", allocated.span, "/", resident.span, "/", swapped.span],
      ["INODE: ", inode.span],
    ],
  };
}
