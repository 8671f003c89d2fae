/** Opens a file that an address names, on a web server or through ssh, as a file of the engine. */
import type { RandomFile } from "../../base/file.ts";
import { ownCache } from "../userCache.ts";
import { OpenError } from "../open/openError.ts";
import { remoteFile, RemoteSource } from "./answers.ts";
import { LostServer } from "./lostServer.ts";
import type { FileAbout } from "./messages.ts";

const isHttpAddress = (path: string): boolean => /^https?:\/\//i.test(path) && URL.canParse(path);

/** Whether a path is the address of a file on a web server, or of one to read through ssh. */
export const isRemoteAddress = (path: string): boolean => isHttpAddress(path) || path.startsWith("ssh://");

/**
 * Returns an address without its secrets: user, password, and query, which signs addresses of cloud storage. A path that
 * is not an address is returned as it is.
 */
export function redactedAddress(path: string): string {
  if (!isHttpAddress(path)) return path;
  const { origin, pathname, search } = new URL(path);
  return `${origin}${pathname}${search === "" ? "" : "?..."}`;
}

/** Returns a file whose `read` throws LostServer where that of `file` throws an error with a code. */
const ofServer = (file: RandomFile): RandomFile => ({
  ...file,
  read(offset, length) {
    try {
      return file.read(offset, length);
    } catch (error) {
      throw error instanceof Error && "code" in error ? new LostServer(error.message) : error;
    }
  },
});

/**
 * Opens a file that an address names, of which `read` throws LostServer. Blocks that were read are kept on disk. @throws
 * OpenError
 */
export function openAddressedFile(address: string): RandomFile {
  const name = redactedAddress(address);
  const source = new RemoteSource(name, {
    kind: isHttpAddress(address) ? "http" : "ssh",
    address,
    cache: ownCache(process.env, "remote"),
  });
  try {
    const { size } = source.open() as FileAbout;
    return ofServer(remoteFile(source, { name, size, readsAround: true }));
  } catch (error) {
    source.close();
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new OpenError(error.message);
  }
}
