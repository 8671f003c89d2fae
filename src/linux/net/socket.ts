/** Open sockets of tasks. */
import type { Obj } from "../../model/object.ts";
import { openFiles } from "../fs/fdtable.ts";
import { ipv4Text, ipv6Groups, portNumber } from "./inet.ts";
import { fileType } from "../fs/inode.ts";

/** An open socket of a task. */
export interface OpenSocket {
  readonly fd: number;
  /** `struct socket`. */
  readonly socket: Obj<"struct socket">;
  /** `struct sock *`; NULL for a socket that has no protocol yet or no longer has one. */
  readonly sock: Obj<"struct sock">;
}

/** SOCKFS_MAGIC (include/uapi/linux/magic.h). */
const SOCKFS_MAGIC = 0x534f434bn;

/** Yields the sockets among the open files of a task. @throws Fault as `openFiles` */
export function* openSockets(task: Obj<"struct task_struct">): Generator<OpenSocket> {
  for (const { fd, file } of openFiles(task)) {
    const inode = file.at("f_path.dentry.d_inode");
    if (inode.value() === 0n || fileType(inode.deref()) !== "SOCK") continue;
    // O_PATH opens the inode on disk to which a socket was bound; struct socket_alloc is not around that one.
    if (inode.at("i_sb.s_magic").value() !== SOCKFS_MAGIC) continue;
    const socket = inode.deref().containerOf("struct socket_alloc", "vfs_inode").at("socket");
    yield { fd, socket, sock: socket.at("sk") };
  }
}

/** AF_* by number (include/linux/socket.h). */
const FAMILIES =
  "UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK/ROUTE PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP".split(
    " ",
  );

/** enum sock_type (include/linux/net.h), for kernels whose type information lacks it. */
const TYPES: Readonly<Record<number, string>> = {
  1: "STREAM",
  2: "DGRAM",
  3: "RAW",
  4: "RDM",
  5: "SEQPACKET",
  6: "DCCP",
  10: "PACKET",
};

/** Returns the name of the address family, such as "INET"; its number if it has no name. @throws Fault */
export function socketFamily(sock: Obj<"struct sock">): string {
  const family = sock.at("__sk_common.skc_family").number();
  return FAMILIES[family] ?? String(family);
}

/** Returns the name of the socket type, such as "STREAM"; its number if it has no name. @throws Fault */
export function socketType(socket: Obj<"struct socket">): string {
  const type = socket.at("type").number();
  // On MIPS stream and datagram have each other's number (ARCH_HAS_SOCKET_TYPES).
  const known = socket.kernel.types.find("enum", "sock_type");
  const name = known?.kind === "enum" ? known.values.find(({ value }) => value === BigInt(type))?.name : undefined;
  return name?.replace("SOCK_", "") ?? TYPES[type] ?? String(type);
}

/** One end of an internet socket. An IPv6 address has all its groups. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Returns the local and the remote end of an internet socket; undefined for other families. IPv6 addresses have all
 * their groups; they are in sock_common since v3.13 (commit efe4208f47f9), before in the socket's ipv6_pinfo.
 * @throws Fault
 */
export function socketEndpoints(
  sock: Obj<"struct sock">,
): { readonly source: Endpoint; readonly destination: Endpoint } | undefined {
  const family = socketFamily(sock);
  if (family !== "INET" && family !== "INET6") return undefined;
  const inet = sock.kernel.object("struct inet_sock", sock.address);
  const common = inet.at("sk.__sk_common");
  const ports = [portNumber(inet.at("inet_sport")), portNumber(common.at("skc_dport"))] as const;
  const addresses = family === "INET" ? ipv4Ends(common) : ipv6Ends(inet, common);
  return {
    source: { address: addresses[0], port: ports[0] },
    destination: { address: addresses[1], port: ports[1] },
  };
}

const ipv4Ends = (common: Obj<"struct sock_common">): readonly [string, string] => [
  ipv4Text(common.at("skc_rcv_saddr")),
  ipv4Text(common.at("skc_daddr")),
];

function ipv6Ends(inet: Obj<"struct inet_sock">, common: Obj<"struct sock_common">): readonly [string, string] {
  const text = (address: Obj<"struct in6_addr">): string => ipv6Groups(address).join(":");
  if (common.has("skc_v6_daddr")) return [text(common.at("skc_v6_rcv_saddr")), text(common.at("skc_v6_daddr"))];
  return [text(inet.at("pinet6.rcv_saddr")), text(inet.at("pinet6.daddr"))];
}

/** The struct of each family that starts with `struct sock`; for internet sockets the one that they all share. */
const EXTENDED: Readonly<Record<string, string>> = {
  UNIX: "struct unix_sock",
  INET: "struct inet_sock",
  INET6: "struct inet_sock",
  "NETLINK/ROUTE": "struct netlink_sock",
  PACKET: "struct packet_sock",
};

/** Returns the socket with the type of its family; as `struct sock` if that type is not known. @throws Fault */
export function extendedSock(sock: Obj<"struct sock">): Obj {
  const { kernel } = sock;
  const name = EXTENDED[socketFamily(sock)];
  const type = name === undefined ? undefined : kernel.types.find("struct", name.slice("struct ".length));
  return type ? kernel.object(type, sock.value()) : sock.deref();
}
