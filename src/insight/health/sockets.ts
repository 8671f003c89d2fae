/** Checks whether the queues of sockets are full. */
import { attempt, Fault } from "../../base/fault.ts";
import { openSockets, type OpenSocket, socketFamily, socketType } from "../../linux/net/socket.ts";
import { taskComm, taskPid, taskTable, taskTgid } from "../../linux/sched/task.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, sizeWords } from "./amounts.ts";

/** Maximum number of sockets that are reported. */
const MAX_SOCKETS = 16;
/** Share of its limit from which a buffer is taken for full. */
const FULL = 0.95;

/** Reports sockets whose listen queue, receive buffer or send buffer is full. */
export const sockets: HealthCheck = {
  id: "sockets",
  title: "sockets with full queues",
  shows: "net -s",
  *run(kernel) {
    const seen = new Set<bigint>();
    let [reported, unread] = [0, 0];
    for (const [i, task] of taskTable(kernel).tasks.entries()) {
      if (i % 64 === 0) yield pause("sockets");
      // The threads of a process share its files.
      if (attempt(() => taskPid(task) === taskTgid(task) && task.at("files").value() !== 0n) !== true) continue;
      for (const { fd, socket, sock } of opened(task)) {
        const address = attempt(() => sock.value());
        if (address instanceof Fault || address === 0n || seen.has(address)) continue;
        seen.add(address);
        const state = attempt(() => fullQueue(sock.deref()));
        if (state instanceof Fault) unread++;
        if (state instanceof Fault || !state) continue;
        if (++reported <= MAX_SOCKETS) yield fullSocket(task, { fd, socket, sock }, state);
      }
    }
    const failed = unread > 0 ? ` The queues of ${countWords(unread, "socket")} cannot be read.` : "";
    return `${countWords(seen.size - unread, "open socket")}; none has a full queue.${failed}`;
  },
};

/** Returns the sockets of a task; those before a fault if its files cannot be read completely. */
function opened(task: Obj<"struct task_struct">): readonly OpenSocket[] {
  const found: OpenSocket[] = [];
  attempt(() => {
    for (const one of openSockets(task)) found.push(one);
  });
  return found;
}

interface FullQueue {
  readonly queue: "listen" | "receive" | "send";
  /** The member of `struct sock` that counts what is in the queue. */
  readonly member: string;
  readonly used: number;
  readonly limit: number;
}

/** TCP_LISTEN, include/net/tcp_states.h. Sockets of other families use the same number. */
const LISTEN = 10;
/** AF_UNIX, include/linux/socket.h. */
const AF_UNIX = 1;

/** Returns the queue of a `struct sock` that is full; undefined if none is. @throws Fault */
function fullQueue(sock: Obj<"struct sock">): FullQueue | undefined {
  const number = (path: string): number => sock.at(path).number();
  if (number("__sk_common.skc_state") === LISTEN) {
    // unix_recvq_full() counts the connections in the receive queue, sk_acceptq_is_full() in a counter. Both allow one
    // more than the limit.
    const isUnix = number("__sk_common.skc_family") === AF_UNIX;
    const member = isUnix ? "sk_receive_queue.qlen" : "sk_ack_backlog";
    const [used, limit] = [number(member), number("sk_max_ack_backlog")];
    return used > limit && limit > 0 ? { queue: "listen", member, used, limit } : undefined;
  }
  const buffers = [
    ["receive", "sk_backlog.rmem_alloc.counter", "sk_rcvbuf"],
    ["send", "sk_wmem_queued", "sk_sndbuf"],
  ] as const;
  for (const [queue, member, size] of buffers) {
    const [used, limit] = [number(member), number(size)];
    if (used >= limit * FULL && limit > 0) return { queue, member, used, limit };
  }
  return undefined;
}

function fullSocket(
  task: Obj<"struct task_struct">,
  { fd, socket, sock }: OpenSocket,
  { queue, member, used, limit }: FullQueue,
): Finding {
  const [pid, comm] = [taskPid(task), taskComm(task)];
  const kind = `${socketFamily(sock)} ${socketType(socket)}`;
  const how =
    queue === "listen"
      ? `${countWords(used, "connection")} ${used === 1 ? "waits" : "wait"} for accept(), and the limit is ${limit}.`
      : queue === "receive"
        ? `its receive buffer is full (${sizeWords(used)} of ${sizeWords(limit)}) of data that the process has not read.`
        : `its send buffer is full (${sizeWords(used)} of ${sizeWords(limit)}) of data that the other end has not acknowledged.`;
  return observed(
    "sockets",
    queue === "listen" ? "suspect" : "note",
    { pid, fd, queue, used, limit, sock: sock.value() },
    [{ kind: "task", address: task.address, pid, comm }, ` has the ${kind} socket of file descriptor ${fd}; ${how}`],
    { kind: "output", command: `net -s ${pid}`, text: `${comm} [${pid}], file descriptor ${fd}` },
    { kind: "field", type: "struct sock", address: sock.value(), path: member, value: `${used} of ${limit}` },
  );
}
