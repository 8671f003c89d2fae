/** Implements `net -s` and `net -S`: lists the sockets of tasks. */
import { attempt, Fault, untilFault } from "../../../base/fault.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import {
  extendedSock,
  openSockets,
  socketEndpoints,
  socketFamily,
  socketType,
  type OpenSocket,
} from "../../../linux/net/socket.ts";
import { formatValue, type FormatOptions } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { recordData, TableLayout } from "../../../render/layout.ts";
import { faultSpan, faultJson, type Json, lazyRecord, type Line, type Pieces } from "../../../say/piece.ts";
import type { Column, Fields, Table } from "../../../say/table.ts";
import { addressCell } from "../../say/addressCell.ts";
import { matches } from "../../say/reference.ts";
import { taskColumns, taskFacts, taskHeading } from "../../say/taskHeading.ts";

/** Returns the address of the `struct socket`. */
const socketStruct = ({ socket }: OpenSocket): bigint => socket.address;
/** Returns the address of the `struct sock`. */
const sockStruct = ({ sock }: OpenSocket): bigint => sock.value();

/** A socket with its local and remote address. */
interface SocketRow {
  readonly open: OpenSocket;
  /** Undefined for a socket that is not one of IPv4 or IPv6; a Fault if they cannot be read. */
  readonly endpoints: ReturnType<typeof socketEndpoints> | Fault;
}

const socketRow = (open: OpenSocket): SocketRow => ({
  open,
  endpoints: attempt(() => (open.sock.value() === 0n ? undefined : socketEndpoints(open.sock.deref()))),
});

const endColumn = (which: "source" | "destination", title: string): Column<SocketRow> => ({
  kind: "data",
  title,
  about: "of an internet socket",
  fields: { address: { kind: "text" }, port: { kind: "number" } },
  value: ({ endpoints }) => {
    if (endpoints === undefined || endpoints instanceof Fault) return endpoints;
    const { address, port } = endpoints[which];
    return { address, port };
  },
  text: (_, { endpoints }) =>
    endpoints === undefined || endpoints instanceof Fault ? "" : `${endpoints[which].address}-${endpoints[which].port}`,
});

export const socketsTable: Table<SocketRow> = {
  columns: {
    fd: { kind: "number", title: "FD", width: 2, value: ({ open }) => open.fd },
    socket: { kind: "address", title: "SOCKET", titleAlign: "center", value: ({ open }) => socketStruct(open) },
    sock: { kind: "address", title: "SOCK", titleAlign: "center", value: ({ open }) => sockStruct(open) },
    kind: {
      kind: "text",
      title: "FAMILY:TYPE",
      width: 12,
      titleWidth: 11,
      value: ({ open: { socket, sock } }) =>
        `${sock.value() === 0n ? "(none)" : socketFamily(sock)}:${socketType(socket)}`,
    },
    source: endColumn("source", "SOURCE-PORT"),
    destination: endColumn("destination", "DESTINATION-PORT"),
  },
};

/** The table of a socket's structures, printed above them. */
const structsTable: Table<OpenSocket> = {
  gap: "  ",
  columns: {
    fd: { kind: "number", title: "FD", width: 2, value: ({ fd }) => fd },
    socket: { kind: "address", title: "SOCKET", titleAlign: "center", value: socketStruct },
    sock: { kind: "address", title: "SOCK", titleAlign: "center", value: sockStruct },
  },
};

/** The keys of the records in docs/json.md. */
export const taskSocketsFields: Fields = {
  ...taskColumns,
  sockets: { kind: "data", about: "open sockets of the task", fields: socketsTable.columns },
  missing: { kind: "data", about: "why there may be more sockets" },
};

/** Lists a task's sockets for `net -s`, one row each. Yields nothing if none of all sockets matches the reference. */
export function* taskSocketRows(task: Obj, reference: string | undefined): Pieces {
  const layout = new TableLayout(task.kernel, socketsTable);
  yield* taskSockets(task, reference, (sockets) => [
    layout.headingLine(),
    ...sockets.map((one) => layout.line(socketRow(one))),
  ]);
}

/** Lists a task's sockets with their structures for `net -S`. */
export function* taskSocketStructs(task: Obj, reference: string | undefined, options: FormatOptions): Pieces {
  const layout = new TableLayout(task.kernel, structsTable);
  yield* taskSockets(task, reference, (sockets) => sockets.flatMap((one) => [...structLines(layout, one, options)]));
}

function* taskSockets(
  task: Obj,
  reference: string | undefined,
  linesOf: (sockets: readonly OpenSocket[]) => readonly Line[],
): Pieces {
  const faults: Fault[] = [];
  const all = [...untilFault(openSockets(task), (fault) => faults.push(fault))];
  const shown = reference === undefined ? all : all.filter((one) => matchesReference(one, reference));
  if (reference !== undefined && shown.length === 0 && faults.length === 0) return;
  const data = (): Json => ({
    ...taskFacts(task),
    sockets: shown.map((one) => recordData(socketsTable.columns, socketRow(one))),
    missing: faults.map(faultJson)[0] ?? null,
  });
  const lines: Line[] = [taskHeading(task)];
  if (shown.length > 0) lines.push(...linesOf(shown));
  else if (faults.length === 0) lines.push(["No open sockets."]);
  lines.push(...faults.map((fault): Line => ["net: ", faultSpan(fault)]));
  yield lazyRecord(data, () => lines, { fields: taskSocketsFields });
}

const matchesReference = (one: OpenSocket, reference: string): boolean =>
  matches(reference, {
    number: one.fd,
    addresses: [socketStruct, sockStruct].map((read) => addressCell(one.socket.kernel, () => read(one))),
  });

function* structLines(
  layout: TableLayout<OpenSocket>,
  one: OpenSocket,
  options: FormatOptions,
): Generator<Line, void, void> {
  yield layout.headingLine();
  yield layout.line(one);
  yield [];
  yield* namedStructLines(one.socket, options);
  if (one.sock.value() !== 0n) yield* namedStructLines(extendedSock(one.sock), options);
  yield [];
}

function namedStructLines(object: Obj, options: FormatOptions): Iterable<Line> {
  const type = bare(object.type);
  const name = type.kind === "struct" ? `struct ${type.name ?? ""} ` : "";
  return formatValue(object, { ...options, prefix: name });
}
