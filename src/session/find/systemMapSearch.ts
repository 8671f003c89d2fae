import { existsSync } from "node:fs";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { type DebuginfoPlaces, systemMapCandidates } from "./debuginfoPlaces.ts";
import { OpenError } from "../open/openError.ts";
import { openSystemMapFile, type PlacedMap } from "../open/systemMapFile.ts";
import type { Try } from "./vmlinuxSearch.ts";

/** What a search came to: the first map that is of the dump's kernel, and every file that was there. */
export interface SystemMapSearch {
  readonly map: PlacedMap | undefined;
  readonly tries: readonly Try[];
}

/** Looks for a System.map, or a copy of /proc/kallsyms, where somebody may have put it or the kernel's package has it. */
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

/** @returns why it is of no use, in words */
function tryMap(path: string, opened: OpenedMemory): PlacedMap | string {
  try {
    const map = openSystemMapFile(path, opened, false);
    // Debian's in /boot says only where the real one is.
    return map.isWitnessed ? map : "has no symbol that the dump tells the address of: it cannot be compared";
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    return error.message.replace(path, "").replace(/^: ?/, "").trim();
  }
}
