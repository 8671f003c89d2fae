/** Reads kernel sources in a packed tar archive, through a copy that allows random access. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { openFile, type RandomFile } from "../../base/file.ts";
import { ByteReader } from "../../archive/byteReader.ts";
import { markUsed } from "../fetch/leastUsed.ts";
import { ownPart } from "../fetch/partFile.ts";
import { ownCache } from "../userCache.ts";
import type { StoredSource } from "./source.ts";
import { makefileVersion } from "./sourceRoot.ts";
import { tarMembers } from "../../archive/tar.ts";
import { unpacked, type UnpackOptions } from "../../archive/unpack.ts";

/** Matches the names of sources in debuginfo. Documentation and scripts, half of a kernel's archive, are left out. */
const SOURCE_NAME = /\.(c|h|S|s|rs|inc|y|l|c_shipped|h_shipped)$/;
/** Maximum size of a source file in bytes. */
const MAX_FILE = 64 << 20;
/**
 * Minimum size in bytes of a chunk, in which sources are packed together. A chunk is small enough to be unpacked when one
 * of its sources is shown.
 */
const CHUNK = 1 << 20;
/** Maximum size of the unpacked list of files in bytes. */
const MAX_INDEX = 64 << 20;
/** Number of archives whose copies are kept. The copy for one kernel has some 150 MB. */
const MAX_KEPT = 3;

const MAGIC = "vmcsrc01";
const TRAILER = 16;

/** The index at the end of a copy. */
interface Index {
  readonly version: string | undefined;
  /** Offset and length of each chunk in bytes. */
  readonly chunks: readonly (readonly [offset: number, length: number])[];
  /**
   * By the name below the archive's top directory: the chunk, the offset in the unpacked chunk, the length in bytes.
   */
  readonly files: Readonly<Record<string, readonly [chunk: number, offset: number, length: number]>>;
}

/**
 * The sources of a packed tar archive, such as Debian's linux-source. Sources are found by name and read one at a time.
 */
export class SourceArchive {
  readonly path: string;
  private readonly file: RandomFile;
  private readonly index: Index;
  private readonly files: ReadonlyMap<string, readonly [number, number, number]>;

  constructor(path: string, file: RandomFile, index: Index) {
    this.path = path;
    this.file = file;
    this.index = index;
    this.files = new Map(Object.entries(index.files));
  }

  /** The version of the kernel tree in the archive. */
  get version(): string | undefined {
    return this.index.version;
  }

  find(name: string): StoredSource | undefined {
    const place = this.files.get(name);
    if (!place) return undefined;
    return { revision: `v${this.version ?? ""}`, name, place: this.path, text: () => this.text(place) };
  }

  private text([chunk, offset, length]: readonly [number, number, number]): string | undefined {
    const [at, packed] = this.index.chunks[chunk] ?? [0, 0];
    const bytes = attempt(() => unzstd(this.file.read(at, packed), MAX_FILE + CHUNK));
    return bytes instanceof Fault ? undefined : bytes.toString("utf8", offset, offset + length);
  }

  close(): void {
    this.file.close();
  }
}

/** Returns the directory of the copies. */
export const sourceCache = (env: Readonly<Record<string, string | undefined>>): string => ownCache(env, "source");

/**
 * Opens a tar archive of sources, packed or not. A packed file cannot be read from the middle, so the first call copies
 * its sources to the cache, packed in small chunks. That takes half a minute for a kernel.
 * @throws Fault corrupt or missing if it is not an archive of sources; Cancelled; NodeJS.ErrnoException
 */
export async function openSourceArchive(path: string, cache: string, options: UnpackOptions): Promise<SourceArchive> {
  const known = copiedSourceArchive(path, cache);
  if (known) return known;
  const copy = copyOf(path, cache);
  mkdirSync(cache, { recursive: true });
  const part = ownPart(copy);
  try {
    await makeCopy(path, part, options);
    renameSync(part, copy);
  } finally {
    rmSync(part, { force: true });
  }
  dropOldest(cache);
  const made = copiedSourceArchive(path, cache);
  if (!made) throw Fault.of("corrupt", `the copy ${copy} cannot be read`);
  return made;
}

function copyOf(path: string, cache: string): string {
  const { size, mtimeMs } = statSync(path);
  return join(cache, createHash("sha256").update(`${path}\0${size}\0${mtimeMs}`).digest("hex").slice(0, 32));
}

/** Opens the copy that an earlier session made; undefined if there is none or it is damaged. */
export function copiedSourceArchive(path: string, cache: string): SourceArchive | undefined {
  const copy = existsSync(path) ? copyOf(path, cache) : path;
  if (!existsSync(copy)) return undefined;
  const file = openFile(copy);
  const index = attempt(() => readIndex(file));
  if (index instanceof Fault) {
    file.close();
    return undefined;
  }
  markUsed(copy);
  return new SourceArchive(path, file, index);
}

/** Reads the index of a copy. @throws Fault corrupt if the copy is damaged */
function readIndex(file: RandomFile): Index {
  const trailer = Buffer.from(file.read(file.size - TRAILER, TRAILER));
  const length = trailer.length === TRAILER ? trailer.readUInt32LE(8) : 0;
  if (trailer.toString("latin1", 0, 8) !== MAGIC || length > file.size - TRAILER)
    throw Fault.of("corrupt", `${file.name} is damaged`);
  const text = unzstd(file.read(file.size - TRAILER - length, length), MAX_INDEX).toString("utf8");
  return JSON.parse(text) as Index; // zstd's checksum protects it
}

/** Compresses with a checksum, so that a damaged copy is detected. */
const zstd = (bytes: Uint8Array | string): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

/** Decompresses at most `most` bytes. @throws Fault corrupt if the data is damaged or larger */
function unzstd(bytes: Uint8Array, most: number): Buffer {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: most });
  } catch (error) {
    throw Fault.of("corrupt", error instanceof Error ? error.message : String(error));
  }
}

/** Copies the sources of an archive into a part file. @throws Fault, Cancelled */
async function makeCopy(path: string, part: string, given: UnpackOptions): Promise<void> {
  const { budget = new Budget() } = given;
  const options = { ...given, budget };
  const reader = new ByteReader(unpacked(path, {}, options));
  const copy = new CopyWriter(part);
  try {
    for await (const { name, size, bytes } of tarMembers(reader)) {
      budget.file(path);
      // All files are below one directory, named after the package.
      const inner = name.replace(/^\.\//, "").split("/").slice(1).join("/");
      const isMakefile = inner === "Makefile";
      if ((!SOURCE_NAME.test(inner) && !isMakefile) || size > MAX_FILE) continue;
      await budget.keep(size, path);
      const pieces: Uint8Array[] = [];
      for await (const piece of bytes()) pieces.push(piece.slice());
      const contents = Buffer.concat(pieces);
      if (isMakefile) copy.version = makefileVersion(contents.toString("utf8", 0, 4096));
      else copy.add(inner, contents);
    }
    copy.end();
  } finally {
    copy.close();
    await reader.close();
  }
}

class CopyWriter {
  version: string | undefined;
  private readonly fd: number;
  private readonly chunks: [number, number][] = [];
  private readonly files: [string, [number, number, number]][] = [];
  private pieces: Uint8Array[] = [];
  private length = 0;
  private position = 0;

  constructor(path: string) {
    this.fd = openSync(path, "wx");
  }

  add(name: string, contents: Uint8Array): void {
    this.files.push([name, [this.chunks.length, this.length, contents.length]]);
    this.pieces.push(contents);
    this.length += contents.length;
    if (this.length >= CHUNK) this.flush();
  }

  /** Writes the index and the trailer. @throws Fault missing if there were no sources */
  end(): void {
    if (this.files.length === 0) throw Fault.of("missing", "contains no sources");
    this.flush();
    const index: Index = { version: this.version, chunks: this.chunks, files: Object.fromEntries(this.files) };
    const length = this.write(zstd(JSON.stringify(index)));
    const trailer = Buffer.alloc(TRAILER);
    trailer.write(MAGIC, "latin1");
    trailer.writeUInt32LE(length, 8);
    this.write(trailer);
  }

  close(): void {
    closeSync(this.fd);
  }

  private flush(): void {
    if (this.length === 0) return;
    const at = this.position;
    this.chunks.push([at, this.write(zstd(Buffer.concat(this.pieces)))]);
    this.pieces = [];
    this.length = 0;
  }

  private write(bytes: Uint8Array): number {
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
    this.position += bytes.length;
    return bytes.length;
  }
}

/** Removes the least recently used copies beyond `MAX_KEPT`. */
function dropOldest(cache: string): void {
  const copies = readdirSync(cache).flatMap((name) => {
    const path = join(cache, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && !name.endsWith(".part") ? [{ path, time: stat.mtimeMs }] : [];
  });
  for (const { path } of copies.sort((a, b) => b.time - a.time).slice(MAX_KEPT)) rmSync(path, { force: true });
}
