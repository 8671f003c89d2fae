/** Finds the dumps below directories. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { attemptSystem } from "../../base/systemError.ts";
import { isDumpFile } from "../find/dumpFiles.ts";

/** Maximum depth of directories. Symbolic links below the named paths are not followed. */
const MAX_DEPTH = 32;

/**
 * Yields the named files, and all dumps below the named directories, in the order of their names. A named file is
 * yielded whatever it is, so that it gets a record that says so.
 */
export function* dumpFiles(paths: readonly string[]): Generator<string> {
  for (const path of paths) {
    const stat = attemptSystem(() => lstatSync(path));
    if (!stat?.isDirectory()) yield path;
    else yield* below(path, MAX_DEPTH);
  }
}

function* below(directory: string, depth: number): Generator<string> {
  const entries = attemptSystem(() => readdirSync(directory, { withFileTypes: true }));
  if (!entries) return;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 0) yield* below(path, depth - 1);
    if (entry.isFile() && isDumpFile(path)) yield path;
  }
}
