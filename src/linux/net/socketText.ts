/** Short texts for sockets. */
import type { Obj } from "../../model/object.ts";
import { shortenedGroups } from "./inet.ts";
import { socketEndpoints } from "./socket.ts";

/** Maximum length in bytes of the path of a UNIX socket: sizeof sun_path (include/uapi/linux/un.h). */
const UNIX_PATH_MAX = 108;

/**
 * Returns a socket's protocol and its ends: `TCP 127.0.0.1:40000 to 127.0.0.1:9001`, `UNIX-STREAM /run/x.sock`.
 * @param sock `struct sock` @throws Fault
 */
export function socketText(sock: Obj<"struct sock">): string {
  const protocol = sock.at("__sk_common.skc_prot.name").text();
  const ends = socketEndpoints(sock);
  if (!ends) return [protocol, unixPath(sock)].filter((part) => part !== undefined).join(" ");
  const [source, destination] = [ends.source, ends.destination].map(({ address, port }) =>
    address.includes(":") ? `[${shortenedGroups(address.split(":"))}]:${port}` : `${address}:${port}`,
  );
  return ends.destination.port === 0 ? `${protocol} ${source}` : `${protocol} ${source} to ${destination}`;
}

/** Source: include/linux/socket.h. */
const AF_UNIX = 1;

/** Returns the address to which a UNIX socket is bound; an abstract one starts with `@`. Undefined if it is not bound. */
function unixPath(sock: Obj<"struct sock">): string | undefined {
  if (sock.at("__sk_common.skc_family").number() !== AF_UNIX) return undefined;
  const { kernel } = sock;
  const bound = kernel.object("struct unix_sock", sock.address).at("addr").deref();
  if (bound.address === 0n) return undefined;
  // The name is a sockaddr_un: its path is after the family, of two bytes (net/unix/af_unix.c: unix_address).
  const length = Math.min(bound.at("len").number() - 2, UNIX_PATH_MAX);
  const start = bound.at("name").address + 2n;
  if (length <= 0) return undefined;
  const isAbstract = kernel.memory.read(start, 1)[0] === 0;
  return isAbstract ? `@${kernel.memory.cString(start + 1n, length - 1)}` : kernel.memory.cString(start, length);
}
