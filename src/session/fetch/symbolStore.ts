/** The store of debuginfo that was unpacked from packages and packed files, by build ID. Only this program uses it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { attemptSystem } from "../../base/systemError.ts";
import { inStore, isBuildId } from "../find/debuginfoPlaces.ts";
import { keepNewFile, placeNew } from "./keptFile.ts";
import { sizeOf } from "./keptFiles.ts";
import { markUsed, removeLeastUsed } from "./leastUsed.ts";

/** Maximum size of the store in bytes. A kernel with the debuginfo of all its modules has about 6 GiB. */
const MAX_STORE = 24 * 2 ** 30;

/** Moves a finished file into the store. @throws NodeJS.ErrnoException */
export function placeInStore(part: string, store: string, buildId: string): void {
  placeNew(part, inStore(store, buildId));
  limit(store);
}

/** Writes a file into the store. @returns its path; undefined if the store cannot be written to */
export function keepInStore(bytes: Uint8Array, store: string, buildId: string): string | undefined {
  const path = inStore(store, buildId);
  if (!keepNewFile(path, bytes)) return undefined;
  limit(store);
  return path;
}

/** Notes that a file was used now if it is in the store. */
export function markStoredUsed(path: string, store: string | undefined): void {
  if (store !== undefined && path.startsWith(store)) markUsed(path);
}

function limit(store: string): void {
  const builds = (attemptSystem(() => readdirSync(store)) ?? []).filter(isBuildId);
  removeLeastUsed(
    builds.map((buildId) => ({ path: join(store, buildId), ...sizeOf(join(store, buildId)) })),
    MAX_STORE,
  );
}
