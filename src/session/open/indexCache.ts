import { attemptSystem } from "../../base/systemError.ts";
import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openFile } from "../../base/file.ts";
import { isBuildId } from "../find/debuginfoPlaces.ts";
import { keepFile } from "../fetch/keptFile.ts";

/** "vmcore-i" and a version, in the byte order of the machine that wrote it: another's is no index here. */
const MAGIC = Uint32Array.of(0x6f636d76, 0x692d6572, 1);
/** The magic numbers, a checksum of all that follows, 4 spare words, a build-id filled up with zeros. */
const HEADER = 96;
const BUILD_ID_AT = 32;

/** An index of a kernel has 3 MiB. */
const MAX_INDEX = 256 << 20;
/** Of all indexes together: when it is more, those that were not used for the longest go. */
const MAX_KEPT = 512 << 20;
/** A file that somebody began to write, and did not finish within an hour, is nobody's. */
const ABANDONED_MS = 3_600_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where indexes are kept, by the XDG Base Directory Specification. */
export const indexDirectory = (env: Environment): string =>
  join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "vmcore-debug", "index");

/** What is kept of a build: names that were looked up in its DWARF, functions that were come to, its symbols in order. */
export const indexKinds = ["names", "functions", "symbols"] as const;
export type IndexKind = (typeof indexKinds)[number];

const pathOf = (directory: string, buildId: string, kind: IndexKind): string => join(directory, `${buildId}.${kind}`);

/** The index that was kept for a build; undefined when there is none, or what is there is damaged or somebody else's. */
export function readIndex(directory: string, buildId: string, kind: IndexKind): Uint8Array | undefined {
  if (!isBuildId(buildId)) return undefined;
  const path = pathOf(directory, buildId, kind);
  const bytes = attemptSystem(() => {
    const file = openFile(path);
    try {
      return file.size > MAX_INDEX ? undefined : file.read(0, file.size);
    } finally {
      file.close();
    }
  });
  if (!bytes || bytes.length < HEADER) return undefined;
  const wanted = header(buildId, bytes.subarray(HEADER));
  if (Buffer.compare(bytes.subarray(0, HEADER), wanted) !== 0) return undefined;
  // Of a cache that may only be read nothing is pruned either.
  attemptSystem(() => utimesSync(path, new Date(), new Date()));
  return bytes.subarray(HEADER);
}

/** Keeps an index for the next session. A cache that cannot be written to is none: nothing is said. */
export function writeIndex(directory: string, buildId: string, kind: IndexKind, contents: Uint8Array): void {
  if (!isBuildId(buildId) || contents.length > MAX_INDEX - HEADER) return;
  const path = pathOf(directory, buildId, kind);
  if (!keepFile(path, Buffer.concat([header(buildId, contents), contents]), { folder: 0o700, file: 0o600 })) return;
  // Another session may prune it as well.
  attemptSystem(() => prune(directory));
}

function header(buildId: string, contents: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER);
  const words = new Uint32Array(bytes.buffer);
  words.set(MAGIC);
  Buffer.from(buildId, "hex").copy(bytes, BUILD_ID_AT, 0, HEADER - BUILD_ID_AT);
  words[MAGIC.length] = crc32(contents, crc32(bytes.subarray(BUILD_ID_AT)));
  return bytes;
}

/** Keeps what was used last, as much as there is room for. */
function prune(directory: string): void {
  const files = readdirSync(directory)
    .filter((name) => indexKinds.some((kind) => new RegExp(`\\.${kind}(\\.[\\da-f-]+\\.part)?$`).test(name)))
    .flatMap((name) => {
      const path = join(directory, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() ? [{ path, size: stat.size, used: stat.mtimeMs }] : [];
    })
    .sort((a, b) => b.used - a.used);
  let kept = 0;
  for (const { path, size, used } of files) {
    const isAbandoned = path.endsWith(".part") && Date.now() - used > ABANDONED_MS;
    if ((kept += size) > MAX_KEPT || isAbandoned) rmSync(path, { force: true });
  }
}
