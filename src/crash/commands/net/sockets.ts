import { attempt, Fault, untilFault } from "../../../base/fault.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import {
  extendedSock,
  openSockets,
  socketEndpoints,
  socketFamily,
  socketType,
  type Endpoint,
  type OpenSocket,
} from "../../../linux/net/socket.ts";
import { formatValue, type FormatOptions } from "../../../model/format.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { addressCell, addressTitle } from "../../say/addressCell.ts";
import { type Cell, cell } from "../../../say/cell.ts";
import { left, right } from "../../../render/pad.ts";
import { faultSpan, faultJson, record, type Json, type Line, type Pieces } from "../../../say/piece.ts";
import { matches } from "../../say/reference.ts";
import { taskFacts, taskHeading } from "../../say/taskHeading.ts";

const FD_WIDTH = 2;
const KIND_WIDTH = 12;

/** `net -s`: a task's sockets, a row each; nothing at all where a reference names none. */
export function* taskSocketRows(task: Obj, reference: string | undefined): Pieces {
  const { kernel } = task;
  const title = `FD ${addressTitle(kernel, "SOCKET")} ${addressTitle(kernel, "SOCK")} FAMILY:TYPE`;
  const heading: Line = [{ as: "title", text: `${title} SOURCE-PORT DESTINATION-PORT` }];
  yield* taskSockets(task, reference, (sockets) => [heading, ...sockets.map((one) => socketLine(kernel, one))]);
}

/** `net -S`: a task's sockets with their structures. */
export function* taskSocketStructs(task: Obj, reference: string | undefined, options: FormatOptions): Pieces {
  yield* taskSockets(task, reference, (sockets) => sockets.flatMap((one) => [...structLines(one, options)]));
}

function* taskSockets(
  task: Obj,
  reference: string | undefined,
  linesOf: (sockets: readonly OpenSocket[]) => readonly Line[],
): Pieces {
  const faults: Fault[] = [];
  const all = [...untilFault(openSockets(task), (fault) => faults.push(fault))];
  const shown = reference === undefined ? all : all.filter((one) => isReferred(one, reference));
  if (reference !== undefined && shown.length === 0) return;
  const data = {
    ...taskFacts(task),
    sockets: shown.map(socketData),
    fault: faults.map(faultJson)[0],
  };
  const lines: Line[] = [taskHeading(task)];
  if (shown.length > 0) lines.push(...linesOf(shown));
  else if (faults.length === 0) lines.push(["No open sockets."]);
  lines.push(...faults.map((fault): Line => ["net: ", faultSpan(fault)]));
  yield record(data, ...lines);
}

const addresses = ({ socket, sock }: OpenSocket): readonly [Cell, Cell] => [
  addressCell(socket.kernel, () => socket.address),
  addressCell(socket.kernel, () => sock.value()),
];

const isReferred = (one: OpenSocket, reference: string): boolean =>
  matches(reference, { number: one.fd, addresses: addresses(one) });

/** "INET:STREAM", and both ends of an internet socket. */
function describe({ socket, sock }: OpenSocket): { readonly kind: Cell; readonly ends: readonly Endpoint[] | Fault } {
  const kind = cell(() => `${sock.value() === 0n ? "(none)" : socketFamily(sock)}:${socketType(socket)}`);
  const ends = attempt(() => {
    const both = sock.value() === 0n ? undefined : socketEndpoints(sock);
    return both ? [both.source, both.destination] : [];
  });
  return { kind, ends };
}

const endText = ({ address, port }: Endpoint): string => `${address}-${port}`;

function socketLine(kernel: Kernel, one: OpenSocket): Line {
  const { kind, ends } = describe(one);
  const [socket, sock] = addresses(one);
  return [
    ...[...right(String(one.fd), FD_WIDTH), " ", socket.span, " ", sock.span, " ", ...left(kind.span, KIND_WIDTH), " "],
    ends instanceof Fault ? faultSpan(ends) : ends.map(endText).join(" "),
  ];
}

function socketData(one: OpenSocket): Json {
  const { kind, ends } = describe(one);
  const [socket, sock] = addresses(one);
  const common = { fd: one.fd, socket: socket.json, sock: sock.json, kind: kind.json };
  if (ends instanceof Fault) return { ...common, ends: faultJson(ends) };
  const [source, destination] = ends.map(({ address, port }) => ({ address, port }));
  return { ...common, source, destination };
}

function* structLines(one: OpenSocket, options: FormatOptions): Generator<Line, void, void> {
  const { kernel } = one.socket;
  const [socket, sock] = addresses(one);
  yield [{ as: "title", text: `FD  ${addressTitle(kernel, "SOCKET")}  ${addressTitle(kernel, "SOCK")}` }];
  yield [...right(String(one.fd), FD_WIDTH), "  ", socket.span, "  ", sock.span];
  yield [];
  yield* named(one.socket, options);
  if (one.sock.value() !== 0n) yield* named(extendedSock(one.sock), options);
  yield [];
}

function named(object: Obj, options: FormatOptions): Iterable<Line> {
  const type = bare(object.type);
  const name = type.kind === "struct" ? `struct ${type.name ?? ""} ` : "";
  return formatValue(object, { ...options, prefix: name });
}
