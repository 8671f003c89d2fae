/** Opens a file on a web server as a file of the engine. */
import type { RandomFile } from "../../base/file.ts";
import { ownCache } from "../userCache.ts";
import { OpenError } from "../open/openError.ts";
import { remoteFile, RemoteSource } from "./answers.ts";
import type { HttpAbout } from "./httpSource.ts";

/** Whether a path is the address of a file on a web server. */
export const isHttpAddress = (path: string): boolean => /^https?:\/\//i.test(path) && URL.canParse(path);

/**
 * Returns an address without its secrets: user, password, and query, which signs addresses of cloud storage. A path that
 * is not an address is returned as it is.
 */
export function redactedAddress(path: string): string {
  if (!isHttpAddress(path)) return path;
  const { origin, pathname, search } = new URL(path);
  return `${origin}${pathname}${search === "" ? "" : "?..."}`;
}

/** Opens a file on a web server. Blocks that were read are kept on disk. @throws OpenError */
export function openHttpFile(address: string): RandomFile {
  const name = redactedAddress(address);
  const source = new RemoteSource(name, { kind: "http", address, cache: ownCache(process.env, "remote") });
  try {
    const { size } = source.open() as HttpAbout;
    return remoteFile(source, name, size);
  } catch (error) {
    source.close();
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new OpenError(error.message);
  }
}
