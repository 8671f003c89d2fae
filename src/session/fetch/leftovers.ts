import { cacheOf } from "../find/debuginfoPlaces.ts";
import { sourceCache } from "../sources/sourceArchive.ts";
import { removeDeadParts } from "./partFile.ts";

/** Removes what killed processes left half unpacked in the caches: of packages, and of archives of sources. */
export function removeLeftovers(env: Readonly<Record<string, string | undefined>>): void {
  for (const folder of [cacheOf(env), sourceCache(env)]) removeDeadParts(folder);
}
