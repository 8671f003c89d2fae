/** Tables of System V IPC objects. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { padHex } from "../../../../base/hex.ts";
import { once } from "../../../../base/once.ts";
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
import type { Column, Table } from "../../../../say/table.ts";

export interface IpcRow {
  /** The object, `struct shmid_kernel`, `sem_array` or `msg_queue`. */
  readonly object: Obj;
  /** Returns the page counts of a shared memory segment. */
  readonly pages: () => ReturnType<typeof segmentPages> | Fault;
}

export const ipcRow = (object: Obj): IpcRow => ({ object, pages: once(() => attempt(() => segmentPages(object))) });

type IpcColumns = { readonly [key: string]: Column<IpcRow> };

const count = (title: string, width: number, member: string, unit?: "bytes"): Column<IpcRow> => ({
  kind: "number",
  title,
  width,
  align: "left",
  ...(unit && { unit }),
  value: ({ object }) => object.at(member).number(),
});

/** The columns of each kind that follow the common columns. */
const OWN_COLUMNS: Readonly<Record<IpcFacility, IpcColumns>> = {
  shm: {
    bytes: count("BYTES", 10, "shm_segsz", "bytes"),
    attached: count("NATTCH", 6, "shm_nattch"),
    status: { kind: "text", title: "STATUS", width: 7, value: ({ object }) => segmentState(object).join(" ") },
  },
  sem: { semaphores: count("NSEMS", 10, "sem_nsems") },
  msg: { bytes: count("USED-BYTES", 12, "q_cbytes", "bytes"), messages: count("MESSAGES", 12, "q_qnum") },
};

const NAMES: Readonly<Record<IpcFacility, readonly [object: string, id: string]>> = {
  shm: ["SHMID_KERNEL", "SHMID"],
  sem: ["SEM_ARRAY", "SEMID"],
  msg: ["MSG_QUEUE", "MSQID"],
};

/** Lines below the row of a segment that show where its pages are. */
const SEGMENT_COLUMNS: IpcColumns = {
  allocated: {
    kind: "number",
    title: "",
    unit: "pages",
    line: 1,
    gap: "PAGES ALLOCATED/RESIDENT/SWAPPED: ",
    value: ({ object }) => Math.ceil(object.at("shm_segsz").number() / pageSize(object.kernel)),
  },
  resident: segmentCount("resident"),
  swapped: segmentCount("swapped"),
  inode: {
    kind: "address",
    title: "",
    line: 2,
    gap: "INODE: ",
    value: ({ object }) => segmentInode(object).address,
  },
};

function segmentCount(key: "resident" | "swapped"): Column<IpcRow> {
  return {
    kind: "number",
    title: "",
    unit: "pages",
    line: 1,
    gap: "/",
    value: ({ pages }) => {
      const counts = pages();
      return counts instanceof Fault ? counts : counts[key];
    },
  };
}

/** The table of one kind of objects. @param isDetailed for shared memory segments, also show where their pages are */
export function ipcTable(facility: IpcFacility, isDetailed = false): Table<IpcRow> {
  const [title, id] = NAMES[facility];
  const permission = ({ object }: IpcRow): Obj => ipcPermissions(object, facility);
  return {
    columns: {
      facility: { kind: "text", about: "shm, sem or msg", value: () => facility },
      address: { kind: "address", title, titleAlign: "left", value: ({ object }) => object.address },
      key: {
        kind: "number",
        title: "KEY",
        unit: "hex",
        align: "left",
        width: 8,
        value: (row) => Number(BigInt.asUintN(32, permission(row).at("key").value())),
        text: (key) => padHex(key, 8),
      },
      id: { kind: "number", title: id, align: "left", width: 10, value: (row) => permission(row).at("id").number() },
      uid: { kind: "number", title: "UID", align: "left", width: 5, value: (row) => ipcOwner(permission(row)) },
      mode: {
        kind: "number",
        title: "PERMS",
        unit: "octal",
        align: "left",
        width: 5,
        value: (row) => permission(row).at("mode").number() & 0o777,
        text: (bits) => bits.toString(8),
      },
      ...OWN_COLUMNS[facility],
      ...(isDetailed && facility === "shm" && SEGMENT_COLUMNS),
    },
  };
}
