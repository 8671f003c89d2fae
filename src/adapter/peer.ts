/** Finds the user who owns the other end of a local TCP connection. */
import { padHex } from "../base/hex.ts";
import { isIP, type Socket } from "node:net";
import { wholeFile } from "../base/file.ts";

/** Maximum size of a socket table in bytes. One line has 150 bytes. */
const MAX_TABLE = 256 << 20;

/**
 * Returns the user id that owns the other end of a connection within this machine, from Linux's socket tables.
 *
 * @param tables texts of /proc/net/tcp and tcp6
 * @returns undefined when the tables do not list the other end, or it is closed
 * @throws NodeJS.ErrnoException when the tables do not exist
 */
export function peerUid(
  { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 }: PeerAddresses,
  tables: readonly string[] = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) =>
    wholeFile(path, MAX_TABLE).toString("latin1"),
  ),
): number | undefined {
  // In the entry of the other end, our address is the remote one.
  const [local, remote] = [place(remoteAddress, remotePort), place(localAddress, localPort)];
  for (const line of tables.flatMap((table) => table.split("\n").slice(1))) {
    const [, from = "", to = "", , , , , uid, , inode] = line.trim().split(/\s+/);
    if (fromTable(from) !== local || fromTable(to) !== remote) continue;
    // A socket without an owner (TIME_WAIT, an orphan) has inode 0 and is listed with root's user id.
    return inode === "0" ? undefined : Number(uid);
  }
  return undefined;
}

export type PeerAddresses = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

/** Formats an address as 16 bytes in hexadecimal and a port; an IPv4 address is mapped to IPv6 (RFC 4291, 2.5.5.2). */
const place = (address: string, port: number): string => `${hexAddress(address)}:${port}`;

const MAPPED = "0000".repeat(5) + "ffff";

function hexAddress(address: string): string {
  if (isIP(address) === 4) {
    const bytes = address.split(".").map((byte) => padHex(Number(byte), 2));
    return MAPPED + bytes.join("");
  }
  const ipv4 = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (ipv4) return /^::ffff:$/i.test(ipv4[1] ?? "") ? hexAddress(ipv4[2] ?? "") : "";
  const [before = "", after] = address.replace(/%.*$/, "").split("::");
  const words = (part: string): string[] => (part === "" ? [] : part.split(":").map((word) => word.padStart(4, "0")));
  const [first, last] = [words(before), words(after ?? "")];
  const gap = after === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: Math.max(0, gap) }, () => "0000"), ...last].join("").toLowerCase();
}

/**
 * Parses `0100007F:1267`: 32-bit words of the address in the machine's byte order, and the value of the port
 * (tcp4_seq_show() in net/ipv4/tcp_ipv4.c).
 */
function fromTable(text: string): string {
  const [address = "", port = ""] = text.split(":");
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.map((word) => (IS_LITTLE_ENDIAN ? (word.match(/../g) ?? []).reverse().join("") : word));
  return `${words.length === 1 ? MAPPED : ""}${bytes.join("")}`.toLowerCase() + `:${parseInt(port, 16)}`;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
