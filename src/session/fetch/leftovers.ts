/** Removes unfinished files from the caches. */
import { cacheOf, storeOf } from "../find/debuginfoPlaces.ts";
import { sourceCache } from "../sources/sourceArchive.ts";
import { removeDeadParts } from "./partFile.ts";

/** Removes the unfinished files that killed processes left in the caches of packages and of source archives. */
export function removeLeftovers(env: Readonly<Record<string, string | undefined>>): void {
  for (const folder of [storeOf(env), cacheOf(env), sourceCache(env)]) removeDeadParts(folder);
}
