import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import type { DebuginfoPlaces } from "../../src/session/find/debuginfoPlaces.ts";
import { debuginfoFile, type DebuginfoParts } from "./debuginfoFile.ts";

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** The places of a machine whose file system holds these files; a dump's directory is "dump", the user's own is "mine". */
export function debuginfoPlaces(
  files: Readonly<Record<string, DebuginfoParts | Uint8Array | string>>,
): DebuginfoPlaces {
  const root = mkdtempSync(join(tmpdir(), "vmcore-places-"));
  folders.push(root);
  for (const [path, parts] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const isContent = typeof parts === "string" || parts instanceof Uint8Array;
    writeFileSync(join(root, path), isContent ? parts : debuginfoFile(parts));
  }
  return {
    beside: [join(root, "dump")],
    directories: [join(root, "mine")],
    root,
    store: join(root, "store"),
    cache: join(root, "cache"),
  };
}
