/** Wait queues of sockets. */
import { attempt, Fault } from "../../../base/fault.ts";
import { derived } from "../../../model/derived.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { openEnds, openObjects } from "../../fs/openEnds.ts";
import { socketEndpoints } from "../../net/socket.ts";
import { socketText } from "../../net/socketText.ts";
import type { Found, Holder } from "../resource.ts";
import { callers } from "../sleeper.ts";
import type { QueuedEntry } from "./queueResource.ts";

/** What a task waits for, by the functions that wait. The first row with a function that is on the stack is taken. */
const NEEDS: readonly (readonly [functions: RegExp, phrase: string])[] = [
  [/accept/, "a connection to"],
  [/^(inet_wait_for_connect|__inet_stream_connect|inet_stream_connect)$/, "the answer to connect of"],
  [/^(sk_stream_wait_memory|sock_wait_for_wmem|sock_alloc_send_\w+)$/, "room in"],
  [/recv|^(sk_wait_data|unix_stream_data_wait|__skb_wait_for_more_packets|unix_stream_read_generic)$/, "data on"],
];

/** Number of frames that are searched for the functions above. */
const FRAMES = 6;

/**
 * Returns the socket of a queue. Kernels since 2019 have the queue in `struct socket`; those before are not supported. It
 * is valid if its `sock` points back to both.
 */
export function socketWait({ sleeper, queue }: QueuedEntry): Found | undefined {
  const { kernel, task } = sleeper;
  const probe = kernel.object("struct socket", 0n);
  if (!probe.has("wq.wait")) return undefined;
  const socket = kernel.object("struct socket", queue - probe.at("wq.wait").address);
  const sock = socket.at("sk").deref();
  if (!kernel.memory.isKernelAddress(sock.address)) return undefined;
  if (sock.at("sk_wq").value() !== socket.at("wq").address) return undefined;
  const names = callers(sleeper, FRAMES);
  const need = NEEDS.find(([functions]) => names.some((name) => functions.test(name)))?.[1] ?? "an event on";
  return {
    resource: {
      kind: "socket",
      type: "struct sock",
      address: sock.address,
      phrase: `${need} ${socketText(sock)}`,
    },
    mode: need === "room in" ? "write" : need === "data on" ? "read" : undefined,
    state: { holders: need === "a connection to" ? [] : peers(sock, task.address), fields: [] },
  };
}

/**
 * Returns the socket in whose queue a UNIX socket waits for room: `peer_wait` of the socket that it connects or sends
 * to (net/unix/af_unix.c: unix_wait_for_peer()); undefined for another queue.
 */
export function peerSocketWait({ sleeper, queue }: QueuedEntry): Found | undefined {
  const { kernel, task } = sleeper;
  const type = "struct unix_sock";
  const probe = kernel.object(type, 0n);
  // `peer_wait` has been a macro for this member since v2.6.35.
  if (!probe.has("peer_wq.wait")) return undefined;
  const sock = kernel.object(type, queue - probe.at("peer_wq.wait").address);
  if (sock.at("sk.__sk_common.skc_family").number() !== AF_UNIX) return undefined;
  const holders = users(kernel, sock.address, task.address, "has the socket open");
  return {
    resource: {
      kind: "socket",
      type,
      address: sock.address,
      phrase: `room in the queue of ${socketText(sock.at("sk"))}`,
    },
    mode: "write",
    state: { holders, fields: [] },
  };
}

/** Source: include/linux/socket.h. */
const AF_UNIX = 1;

/** Returns the tasks that have the other end of a socket open, if that end is on this machine. */
function peers(sock: Obj<"struct sock">, self: bigint): Holder[] {
  const peer = attempt(() => peerOf(sock));
  if (peer === undefined || peer instanceof Fault || peer === 0n) return [];
  return users(sock.kernel, peer, self, "has the other end of the socket open");
}

const users = (kernel: Kernel, sock: bigint, self: bigint, how: string): Holder[] =>
  [...new Set(openEnds(kernel, sock).map(({ task }) => task))]
    .filter((task) => task !== self)
    .map((task) => ({ task, certainty: "possible", how }));

function peerOf(sock: Obj<"struct sock">): bigint | undefined {
  const { kernel } = sock;
  if (sock.at("__sk_common.skc_family").number() === AF_UNIX)
    return kernel.object("struct unix_sock", sock.address).at("peer").value();
  const key = endsKey(sock, false);
  return key === undefined ? undefined : byEnds(kernel).get(key);
}

/**
 * Returns protocol and both ends of a connected internet socket as a key; undefined for a socket that is not connected.
 * @throws Fault
 */
function endsKey(sock: Obj<"struct sock">, isPeer: boolean): string | undefined {
  const ends = socketEndpoints(sock);
  if (!ends || ends.destination.port === 0) return undefined;
  const { source, destination } = ends;
  const [from, to] = isPeer ? [destination, source] : [source, destination];
  const space = sock.at("__sk_common.skc_net.net").value();
  return [space, sock.at("__sk_common.skc_prot.name").text(), from.address, from.port, to.address, to.port].join(" ");
}

/** Open sockets by the key of their peers: both ends of a connection on this machine are in the same network namespace. */
const byEnds = derived("sockets by their ends", (kernel) => {
  const found = new Map<string, bigint>();
  for (const address of openObjects(kernel)) {
    const [end] = openEnds(kernel, address);
    // S_IFSOCK
    if (!end || (end.inode.at("i_mode").number() & 0o170000) !== 0o140000) continue;
    const key = attempt(() => endsKey(kernel.object("struct sock", address), true));
    if (typeof key === "string") found.set(key, address);
  }
  return found;
});
