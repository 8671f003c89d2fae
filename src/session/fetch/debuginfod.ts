/** A client of debuginfod servers that shares its cache with elfutils, gdb and drgn. */
import { attemptSystem, isSystemError } from "../../base/systemError.ts";
import { once as onceEmitted } from "node:events";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, posix } from "node:path";
import { attempt, Fault } from "../../base/fault.ts";
import { openFile, wholeFile } from "../../base/file.ts";
import { openElf } from "../../elf/elf.ts";
import { isBuildId } from "../find/debuginfoPlaces.ts";
import { fetchWithin } from "./redirect.ts";
import { claimPart, leavePart, PART_NAME } from "./partFile.ts";

/** How to query debuginfod servers, in the terms of debuginfod_find_debuginfo(3). */
export interface DebuginfodOptions {
  /** Base URLs, queried in this order; empty for no queries. */
  readonly urls: readonly string[];
  /** Cache directory, shared with elfutils, gdb and drgn. */
  readonly cache: string;
  /** Milliseconds in which a server must send at least 100 KiB, or the rest of the file. */
  readonly timeout: number;
  /** Maximum size of a file in bytes; larger files are refused. */
  readonly maxSize: number;
  readonly signal?: AbortSignal | undefined;
  /** Receives progress in bytes. @param total undefined if the server does not state it */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/**
 * The result of a query: the file in the cache, or what failed. If neither is present, no server that was queried has the
 * file, or none was queried.
 */
export interface DebuginfodAnswer {
  readonly path: string | undefined;
  readonly remarks: readonly string[];
  /** Servers that should not be used again: unreachable, too slow or failing ones, and all if the cache cannot be used. */
  readonly unusable: readonly string[];
}

/** Negative-cache lifetime: debuginfod_find_debuginfo(3), "cache_miss_s". */
const MISS_MS = 600_000;

/** Time in seconds in which a server must send LEAST_BYTES; a slower one is given up. */
const TIMEOUT_S = 90;
/** Minimum number of bytes that a server must send in that time, unless less is left. */
const LEAST_BYTES = 100 << 10;
/** Default of the maximum size of a file in bytes. The largest vmlinux of a distribution has some 1 GiB. */
const MAX_SIZE = 4 * 2 ** 30;
/** Maximum size of a source file in bytes. */
const MAX_SOURCE = 16 << 20;
/** NAME_MAX of Linux' file systems in bytes, minus the suffix of a part. */
const MAX_NAME = 255 - PART_NAME;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads DEBUGINFOD_URLS, DEBUGINFOD_TIMEOUT and DEBUGINFOD_MAXSIZE; without the first no server is queried. */
export function debuginfodOptions(env: Environment, cache: string): DebuginfodOptions {
  const number = (name: string, otherwise: number): number => {
    const value = Number(env[name]);
    return Number.isFinite(value) && value > 0 ? value : otherwise;
  };
  return {
    // DEBUGINFOD_URLS may also contain words such as "ima:enforcing".
    urls: (env["DEBUGINFOD_URLS"] ?? "").split(/\s+/).filter((word) => /^https?:\/\//.test(word)),
    cache,
    timeout: 1000 * number("DEBUGINFOD_TIMEOUT", TIMEOUT_S),
    maxSize: number("DEBUGINFOD_MAXSIZE", MAX_SIZE),
  };
}

/**
 * Fetches the debuginfo of a build ID. Accepts a file only if it is an ELF file with that build ID. An interrupted or
 * cancelled transfer leaves a part, which the next one continues. Never rejects.
 */
export const fetchDebuginfo = (buildId: string, options: DebuginfodOptions): Promise<DebuginfodAnswer> =>
  fetched({ buildId, name: "debuginfo", address: "debuginfo", check: (part) => checkBuildId(part, buildId) }, options);

/**
 * Fetches a source file of a build ID. Never rejects.
 * @param file absolute path, as in the debuginfo. A relative path is refused, because servers do not serve it; the units
 *   of a vmlinux usually have relative paths.
 */
export async function fetchSource(
  buildId: string,
  file: string,
  options: DebuginfodOptions,
): Promise<DebuginfodAnswer> {
  const path = posix.normalize(file);
  const refused = (why: string): DebuginfodAnswer => ({ path: undefined, remarks: [why], unusable: [] });
  if (path.includes("\0")) return refused("the path of the source contains a NUL byte");
  if (!path.startsWith("/")) return refused("debuginfod serves no source whose path is relative");
  // path_escape() in elfutils' debuginfod-client.c removes all slashes from names in the cache.
  const name = `source${path.replaceAll("#", "#_").replaceAll("/", "##")}`;
  if (Buffer.byteLength(name) > MAX_NAME) return refused("the path of the source is too long");
  const address = `source${path.split("/").map(encodeURIComponent).join("/")}`;
  const maxSize = Math.min(options.maxSize, MAX_SOURCE);
  return fetched({ buildId, name, address, check: checkText }, { ...options, maxSize });
}

/** A file of a build ID. */
interface ServedFile {
  readonly buildId: string;
  /** Name in the cache's folder of the build ID. */
  readonly name: string;
  /** Path below the build ID on the server. */
  readonly address: string;
  /** Checks the fetched file. @throws Refused */
  readonly check: (part: string) => void;
}

/** Fetches a file. Never rejects: an error of the cache is a remark. */
async function fetched(file: ServedFile, options: DebuginfodOptions): Promise<DebuginfodAnswer> {
  try {
    return await fetchedIntoCache(file, options);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const remark = `the cache ${options.cache} cannot be used: ${error.message}`;
    return { path: undefined, remarks: [remark], unusable: options.urls };
  }
}

/** Fetches a file into the cache. @throws NodeJS.ErrnoException if the cache cannot be used */
async function fetchedIntoCache(
  { buildId, name, address, check }: ServedFile,
  options: DebuginfodOptions,
): Promise<DebuginfodAnswer> {
  if (!isBuildId(buildId)) return { path: undefined, remarks: ["the build ID in the dump is invalid"], unusable: [] };
  const folder = join(options.cache, buildId);
  const path = join(folder, name);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && stat.size > 0 && isSound(path, check)) return { path, remarks: [], unusable: [] };
  if (stat?.size === 0 && Date.now() - stat.mtimeMs < MISS_MS) return { path: undefined, remarks: [], unusable: [] };
  if (stat) rmSync(path, { force: true });
  const remarks: string[] = [];
  const unusable: string[] = [];
  for (const url of options.urls) {
    if (options.signal?.aborted) break;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const part = claimPart(folder, name);
      try {
        await transfer(`${url.replace(/\/+$/, "")}/buildid/${buildId}/${address}`, part, options);
        check(part);
        renameSync(part, path);
      } finally {
        leavePart(folder, name, part);
      }
      return { path, remarks, unusable };
    } catch (error) {
      if (error instanceof Absent) continue;
      if (isSystemError(error)) throw error;
      if (!(error instanceof Refused)) unusable.push(url);
      remarks.push(`${url} ${error instanceof Error ? reasonOf(error) : String(error)}`);
    }
  }
  if (remarks.length === 0 && options.urls.length > 0 && !options.signal?.aborted) noteMiss(path);
  // Remove the folder only if it is empty: a part in it is continued by the next transfer.
  else if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  return { path: undefined, remarks, unusable };
}

/** Whether a file in the cache passes its check, which removes a file that does not. */
function isSound(path: string, check: (part: string) => void): boolean {
  try {
    check(path);
    return true;
  } catch (error) {
    // Accept a file that this process cannot check, for example without permission to read it: another client wrote it.
    return !(error instanceof Refused);
  }
}

/** Notes in the cache that no server has a file: an empty file that cannot be read, as elfutils' clients create. */
function noteMiss(path: string): void {
  rmSync(`${path}.part`, { force: true });
  // Keep what another client noted or fetched in the meantime.
  attemptSystem(() => writeFileSync(path, "", { mode: 0, flag: "wx" }));
}

/** The server works, but does not have the file. */
class Absent extends Error {}

/** The server sent invalid data, which is discarded. */
class Refused extends Error {}

/** Downloads a file, from the end of the existing part on. @throws Absent, Refused, or another Error with the reason */
async function transfer(address: string, part: string, options: DebuginfodOptions): Promise<void> {
  const { timeout, maxSize, onProgress } = options;
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([abort.signal, options.signal]) : abort.signal;
  let done = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  let seen = done;
  const watch = setInterval(() => {
    if (done - seen < LEAST_BYTES) abort.abort(new Error(`is too slow: ${done - seen} bytes in ${timeout / 1000} s`));
    seen = done;
  }, timeout);
  try {
    // Request no compression, because offsets in a compressed stream are not offsets in the file.
    const headers = { "accept-encoding": "identity", ...(done > 0 && { range: `bytes=${done}-` }) };
    const response = await fetchWithin(address, { signal, headers }, options.urls);
    if (response.status === 416)
      throw new Refused("cannot continue the interrupted transfer; the incomplete file was removed");
    if (response.status === 404) throw new Absent("does not have it");
    if (!response.ok || !response.body) throw new Error(`answers ${response.status} ${response.statusText}`.trimEnd());
    if (response.status !== 206) done = seen = 0;
    else if (startOf(response) !== done) throw new Refused("continues at another offset than requested");
    const total = totalBytes(response, done);
    const tooLarge = `sends more than ${maxSize} bytes (DEBUGINFOD_MAXSIZE)`;
    if (total !== undefined && total > maxSize) throw new Refused(tooLarge);
    const stream = createWriteStream(part, { flags: done > 0 ? "a" : "w" });
    const failed = onceEmitted(stream, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {}); // `Promise.race` handles the error, if it is still running
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        if ((done += chunk.length) > maxSize) throw new Refused(tooLarge);
        if (!stream.write(chunk)) await Promise.race([onceEmitted(stream, "drain"), failed]);
        onProgress?.(done, total);
      }
    } finally {
      stream.end();
      await Promise.race([onceEmitted(stream, "close"), failed]);
    }
  } catch (error) {
    if (error instanceof Refused) rmSync(part, { force: true });
    throw error;
  } finally {
    clearInterval(watch);
    abort.abort();
  }
}

/** Returns the offset of a partial response (RFC 9110, 14.4). */
const startOf = ({ headers }: Response): number =>
  Number(/^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(headers.get("content-range") ?? "")?.[1] ?? NaN);

/**
 * Returns the size of the whole file in bytes, if the server states it; debuginfod(8) has its own header for chunked
 * responses.
 */
function totalBytes({ headers }: Response, done: number): number | undefined {
  const length = Number(headers.get("content-length") ?? NaN);
  const total = Number.isFinite(length) ? done + length : Number(headers.get("x-debuginfod-size") ?? NaN);
  return Number.isFinite(total) ? total : undefined;
}

/** Checks that a file is an ELF file with that build ID, and removes it if not. @throws Refused if not */
function checkBuildId(part: string, buildId: string): void {
  const file = openFile(part);
  const found = attempt(() => openElf(file).buildId);
  file.close();
  if (found === buildId) return;
  rmSync(part, { force: true });
  throw new Refused(
    found instanceof Fault ? "sends a file that is not ELF" : `sends a file of build ID ${found ?? "(none)"}`,
  );
}

/** Checks that a file is text, and removes it if not. @throws Refused if not */
function checkText(part: string): void {
  if (!wholeFile(part, MAX_SOURCE).includes(0)) return;
  rmSync(part, { force: true });
  throw new Refused("sends a file that is not text");
}

/** Returns the reason of an error. `fetch` stores the reason in the cause of "fetch failed". */
function reasonOf(error: Error): string {
  if (error.name === "AbortError") return "was cancelled";
  const { cause } = error;
  return cause instanceof Error
    ? `cannot be reached: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
    : error.message;
}
