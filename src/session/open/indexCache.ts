/** Keeps indexes of kernels in the user's cache directory, so that the next session opens faster. */
import { attemptSystem } from "../../base/systemError.ts";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openFile } from "../../base/file.ts";
import { isBuildId } from "../find/debuginfoPlaces.ts";
import { keepFile } from "../fetch/keptFile.ts";
import { markUsed, removeLeastUsed, type Stored } from "../fetch/leastUsed.ts";
import { ownCache } from "../userCache.ts";

/**
 * "vmcore-i" and a version, in the byte order of the machine that wrote the index. An index of the other byte order is
 * ignored.
 */
const MAGIC = Uint32Array.of(0x6f636d76, 0x692d6572, 2);
/**
 * Size of the header in bytes: the magic numbers, a checksum of the rest, 4 spare words, a build ID padded with zeros.
 */
const HEADER = 96;
const BUILD_ID_AT = 32;

/** Maximum size of one index in bytes. A typical one has 3 MiB. */
const MAX_INDEX = 256 << 20;
/** Maximum size of all indexes together in bytes; the least recently used ones are removed first. */
const MAX_KEPT = 512 << 20;
/** Age in milliseconds after which an unfinished file is removed. */
const ABANDONED_MS = 3_600_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the directory of the indexes. */
export const indexDirectory = (env: Environment): string => ownCache(env, "index");

/** The kinds of indexes of a build: names looked up in its DWARF, functions found there, its sorted symbols. */
export const indexKinds = ["names", "functions", "symbols"] as const;
export type IndexKind = (typeof indexKinds)[number];

const pathOf = (directory: string, buildId: string, kind: IndexKind): string => join(directory, `${buildId}.${kind}`);

/** Reads the index of a build. Undefined if there is none, or if it is damaged or belongs to another build. */
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
  markUsed(path);
  return bytes.subarray(HEADER);
}

/** Stores an index for the next session. Does nothing if the cache cannot be written to. */
export function writeIndex(directory: string, buildId: string, kind: IndexKind, contents: Uint8Array): void {
  if (!isBuildId(buildId) || contents.length > MAX_INDEX - HEADER) return;
  const path = pathOf(directory, buildId, kind);
  if (!keepFile(path, Buffer.concat([header(buildId, contents), contents]), { folder: 0o700, file: 0o600 })) return;
  // Ignore errors: another session may prune at the same time.
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

/** Removes the least recently used files beyond the limit, and abandoned unfinished ones. */
function prune(directory: string): void {
  const files = readdirSync(directory)
    .filter((name) => indexKinds.some((kind) => new RegExp(`\\.${kind}(\\.[\\da-f-]+\\.part)?$`).test(name)))
    .flatMap((name) => {
      const path = join(directory, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() ? [{ path, bytes: stat.size, used: stat.mtimeMs }] : [];
    });
  const isAbandoned = ({ path, used }: Stored): boolean => path.endsWith(".part") && Date.now() - used > ABANDONED_MS;
  for (const { path } of files.filter(isAbandoned)) rmSync(path, { force: true });
  removeLeastUsed(
    files.filter((file) => !isAbandoned(file)),
    MAX_KEPT,
  );
}
