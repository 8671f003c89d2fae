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
/** Minimum share of its limit that a full buffer has. */
const FULL = 0.95;

/** Reports sockets whose listen queue, receive buffer or send buffer is full. */
export const sockets: HealthCheck = {
  id: "sockets",
  title: "sockets with full queues",
  shows: "net -s",
  *run(kernel) {
    const seen = new Set<bigint>();
    let [reported, full] = [0, 0];
    for (const [i, task] of taskTable(kernel).tasks.entries()) {
      if (i % 64 === 0) yield pause("sockets");
      // The threads of a process share its files.
      if (attempt(() => taskPid(task) === taskTgid(task) && task.at("files").value() !== 0n) !== true) continue;
      for (const { fd, socket, sock } of opened(task)) {
        const address = attempt(() => sock.value());
        if (address instanceof Fault || address === 0n || seen.has(address)) continue;
        seen.add(address);
        const state = attempt(() => fullQueue(sock.deref()));
        if (state instanceof Fault || !state) continue;
        full++;
        if (++reported <= MAX_SOCKETS) yield fullSocket(task, { fd, socket, sock }, state);
      }
    }
    return `${countWords(seen.size, "open socket")}; ${full === 0 ? "none has a full queue." : `${full} have a full queue.`}`;
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
  readonly used: number;
  readonly limit: number;
}

/** The member of `struct sock` that counts what is in a queue. */
const MEMBERS = {
  listen: "sk_ack_backlog",
  receive: "sk_backlog.rmem_alloc.counter",
  send: "sk_wmem_queued",
} as const;

/** TCP_LISTEN, include/net/tcp_states.h; unix sockets use the same number. */
const LISTEN = 10;

/** Returns the queue of a `struct sock` that is full; undefined if none is. @throws Fault */
function fullQueue(sock: Obj<"struct sock">): FullQueue | undefined {
  const number = (path: string): number => sock.at(path).number();
  if (number("__sk_common.skc_state") === LISTEN) {
    // sk_acceptq_is_full() allows one more than the limit.
    const [used, limit] = [number(MEMBERS.listen), number("sk_max_ack_backlog")];
    return used > limit && limit > 0 ? { queue: "listen", used, limit } : undefined;
  }
  const [received, room] = [number(MEMBERS.receive), number("sk_rcvbuf")];
  if (received >= room * FULL && room > 0) return { queue: "receive", used: received, limit: room };
  const [queued, space] = [number(MEMBERS.send), number("sk_sndbuf")];
  if (queued >= space * FULL && space > 0) return { queue: "send", used: queued, limit: space };
  return undefined;
}

function fullSocket(
  task: Obj<"struct task_struct">,
  { fd, socket, sock }: OpenSocket,
  { queue, used, limit }: FullQueue,
): Finding {
  const [pid, comm] = [taskPid(task), taskComm(task)];
  const kind = `${socketFamily(sock)} ${socketType(socket)}`;
  const how =
    queue === "listen"
      ? `${used} connections wait to be accepted, the limit is ${limit}: the process does not call accept().`
      : queue === "receive"
        ? `its receive buffer is full (${sizeWords(used)} of ${sizeWords(limit)}): the process does not read.`
        : `its send buffer is full (${sizeWords(used)} of ${sizeWords(limit)}): the other end does not read.`;
  return observed(
    "sockets",
    queue === "listen" ? "suspect" : "note",
    { pid, fd, queue, used, limit, sock: sock.value() },
    [{ kind: "task", address: task.address, pid, comm }, ` has the ${kind} socket ${fd}; ${how}`],
    { kind: "output", command: `net -s ${pid}`, text: `${comm} [${pid}], file descriptor ${fd}` },
    { kind: "field", type: "struct sock", address: sock.value(), path: MEMBERS[queue], value: `${used} of ${limit}` },
  );
}
