/** Searches for the System.map of a dump's kernel. */
import { existsSync } from "node:fs";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { type DebuginfoPlaces, systemMapCandidates } from "./debuginfoPlaces.ts";
import { OpenError } from "../open/openError.ts";
import { openSystemMapFile, type PlacedMap } from "../open/systemMapFile.ts";
import type { Try } from "./vmlinuxSearch.ts";

/** The result of a search: the first map of the dump's kernel, and all existing files that were tried. */
export interface SystemMapSearch {
  readonly map: PlacedMap | undefined;
  readonly tries: readonly Try[];
}

/**
 * Searches for a System.map, or a copy of /proc/kallsyms, next to the dump, in the user's directories and where
 * packages install it.
 */
export function searchSystemMap(opened: OpenedMemory, places: DebuginfoPlaces): SystemMapSearch {
  const tries: Try[] = [];
  for (const path of systemMapCandidates(opened.vmcoreinfo?.text("OSRELEASE"), places)) {
    if (!existsSync(path)) continue;
    const found = tryMap(path, opened);
    const isTaken = typeof found !== "string";
    tries.push({ path, outcome: isTaken ? "taken" : "refused", buildId: undefined, why: isTaken ? FITS : found });
    if (isTaken) return { map: found, tries };
  }
  return { map: undefined, tries };
}

const FITS = "has the dump's addresses";

/** Opens a map and compares it with the dump. @returns the map, or why it cannot be used */
function tryMap(path: string, opened: OpenedMemory): PlacedMap | string {
  try {
    const map = openSystemMapFile(path, opened, false);
    // Debian's file in /boot contains only the location of the real one.
    return map.isWitnessed ? map : "cannot be compared: it has no symbol whose address the dump contains";
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    return error.message.replace(path, "").replace(/^: ?/, "").trim();
  }
}
