/** Removes unfinished files from the caches. */
import { storeOf } from "../find/debuginfoPlaces.ts";
import { sourceCache } from "../sources/sourceArchive.ts";
import { removeDeadParts } from "./partFile.ts";

/** Removes the unfinished files that killed processes left in the store and in the cache of source archives. */
export function removeLeftovers(env: Readonly<Record<string, string | undefined>>): void {
  for (const folder of [storeOf(env), sourceCache(env)]) removeDeadParts(folder);
}
