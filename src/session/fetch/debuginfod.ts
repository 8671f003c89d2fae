import { attemptSystem } from "../../base/systemError.ts";
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
import * as http from "node:http";
import { join, posix } from "node:path";
import { attempt, Fault } from "../../base/fault.ts";
import { openFile, wholeFile } from "../../base/file.ts";
import { once } from "../../base/once.ts";
import { openElf } from "../../elf/elf.ts";
import { isBuildId } from "../find/debuginfoPlaces.ts";
import { fetchWithin } from "./redirect.ts";
import { claimPart, leavePart, PART_NAME } from "./partFile.ts";

/** How debuginfod servers are asked, in the terms of debuginfod_find_debuginfo(3). */
export interface DebuginfodOptions {
  /** Base addresses, asked in this order; none: nothing is asked. */
  readonly urls: readonly string[];
  /** Directory that is shared with elfutils, gdb and drgn. */
  readonly cache: string;
  /** In this many milliseconds a server must send at least 100 KiB, or all that is left. */
  readonly timeout: number;
  /** Bytes; a larger file is not taken. */
  readonly maxSize: number;
  readonly signal?: AbortSignal | undefined;
  /** @param total undefined when the server does not tell */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/** What asking came to: the file in the cache, or what is wrong. Neither: no server has the file. */
export interface DebuginfodAnswer {
  readonly path: string | undefined;
  readonly remarks: readonly string[];
  /** Servers that cannot be reached, are too slow or fail: they are better not asked for anything else. */
  readonly unusable: readonly string[];
}

/** For so long nobody is asked again for what no server had: debuginfod_find_debuginfo(3), "cache_miss_s". */
const MISS_MS = 600_000;

const TIMEOUT_S = 90;
const LEAST_BYTES = 100 << 10;
/** The largest vmlinux of a distribution has some 1 GiB. */
const MAX_SIZE = 4 * 2 ** 30;
const MAX_SOURCE = 16 << 20;
/** NAME_MAX of Linux' file systems, and what a part has behind it. */
const MAX_NAME = 255 - PART_NAME;

type Environment = Readonly<Record<string, string | undefined>>;

/** What DEBUGINFOD_URLS, DEBUGINFOD_TIMEOUT and DEBUGINFOD_MAXSIZE say; without the first no server is asked. */
export function debuginfodOptions(env: Environment, cache: string): DebuginfodOptions {
  const number = (name: string, otherwise: number): number => {
    const value = Number(env[name]);
    return Number.isFinite(value) && value > 0 ? value : otherwise;
  };
  return {
    // Words such as "ima:enforcing" stand among the addresses.
    urls: (env["DEBUGINFOD_URLS"] ?? "").split(/\s+/).filter((word) => /^https?:\/\//.test(word)),
    cache,
    timeout: 1000 * number("DEBUGINFOD_TIMEOUT", TIMEOUT_S),
    maxSize: number("DEBUGINFOD_MAXSIZE", MAX_SIZE),
  };
}

/**
 * Fetches the debuginfo of a build-id. What servers send is taken only when it is an ELF file of that build-id. A
 * transfer that is cut off or cancelled leaves a part, which the next one continues. Never rejects.
 */
export const fetchDebuginfo = (buildId: string, options: DebuginfodOptions): Promise<DebuginfodAnswer> =>
  fetched(buildId, "debuginfo", "debuginfo", (part) => checkBuildId(part, buildId), options);

/**
 * Fetches a source file of a build-id. @param file absolute, as the debuginfo has it: by a relative one servers know
 * nothing, which holds for all of the kernel's own units. Never rejects.
 */
export async function fetchSource(
  buildId: string,
  file: string,
  options: DebuginfodOptions,
): Promise<DebuginfodAnswer> {
  const path = posix.normalize(file);
  if (!path.startsWith("/") || path.includes("\0"))
    return { path: undefined, remarks: ["debuginfod serves no source whose path is relative"], unusable: [] };
  // path_escape() in elfutils' debuginfod-client.c: no name in the cache has a slash.
  const name = `source${path.replaceAll("#", "#_").replaceAll("/", "##")}`;
  if (name.length > MAX_NAME) return { path: undefined, remarks: ["the path of the source is too long"], unusable: [] };
  const address = `source${path.split("/").map(encodeURIComponent).join("/")}`;
  return fetched(buildId, name, address, checkText, { ...options, maxSize: Math.min(options.maxSize, MAX_SOURCE) });
}

/** @param name in the cache's folder of the build-id @param address what is asked for of the build-id */
async function fetched(
  buildId: string,
  name: string,
  address: string,
  check: (part: string) => void,
  options: DebuginfodOptions,
): Promise<DebuginfodAnswer> {
  if (!isBuildId(buildId)) return { path: undefined, remarks: ["what the dump tells is no build-id"], unusable: [] };
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
      if (!(error instanceof Refused)) unusable.push(url);
      remarks.push(`${url} ${error instanceof Error ? reasonOf(error) : String(error)}`);
    }
  }
  if (remarks.length === 0 && options.urls.length > 0 && !options.signal?.aborted) noteMiss(path);
  // Only an empty folder goes: one with a part in it stays for the next time.
  else if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  return { path: undefined, remarks, unusable };
}

/** Whether a file that some client left in the cache is what it should be; one that is not is removed. */
function isSound(path: string, check: (part: string) => void): boolean {
  try {
    check(path);
    return true;
  } catch (error) {
    return !(error instanceof Refused); // one that may not be read is not ours to judge
  }
}

/** As elfutils' clients do: an empty file that nobody may read. */
function noteMiss(path: string): void {
  rmSync(`${path}.part`, { force: true });
  // Where another client was faster, what it noted, or fetched, stays.
  attemptSystem(() => writeFileSync(path, "", { mode: 0, flag: "wx" }));
}

/** The server is as it should be, and has no such file. */
class Absent extends Error {}

/** What a server sent is of no use: no part of it is kept. */
class Refused extends Error {}

/**
 * Has `fetch` go by the proxies of http_proxy, https_proxy and no_proxy, as curl does in all other clients. Node does
 * so only when it is told, and an old one cannot.
 */
const useProxies = once(() => {
  const { setGlobalProxyFromEnv: use } = http as { readonly setGlobalProxyFromEnv?: () => unknown };
  if (["http_proxy", "https_proxy"].some((name) => process.env[name] ?? process.env[name.toUpperCase()])) use?.();
});

/** Appends to the part that is there, from where it ends. */
async function transfer(address: string, part: string, options: DebuginfodOptions): Promise<void> {
  const { timeout, maxSize, onProgress } = options;
  useProxies();
  const abort = new AbortController();
  const signal = options.signal ? AbortSignal.any([abort.signal, options.signal]) : abort.signal;
  let done = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  let seen = done;
  const watch = setInterval(() => {
    if (done - seen < LEAST_BYTES) abort.abort(new Error(`is too slow: ${done - seen} bytes in ${timeout / 1000} s`));
    seen = done;
  }, timeout);
  try {
    // Not compressed: places in a compressed stream are none in the file.
    const headers = { "accept-encoding": "identity", ...(done > 0 && { range: `bytes=${done}-` }) };
    const response = await fetchWithin(address, { signal, headers }, options.urls);
    if (response.status === 416) throw new Refused("does not continue the part that is there; it was dropped");
    if (response.status === 404) throw new Absent("does not have it");
    if (!response.ok || !response.body) throw new Error(`answers ${response.status} ${response.statusText}`.trimEnd());
    if (response.status !== 206) done = seen = 0;
    else if (startOf(response) !== done) throw new Refused("continues elsewhere than it was asked to");
    const total = totalOf(response, done);
    const tooLarge = `sends more than ${maxSize} bytes (DEBUGINFOD_MAXSIZE)`;
    if (total !== undefined && total > maxSize) throw new Refused(tooLarge);
    const stream = createWriteStream(part, { flags: done > 0 ? "a" : "w" });
    const failed = onceEmitted(stream, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {}); // seen by the races below
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

/** Where the bytes of a partial answer belong (RFC 9110, 14.4). */
const startOf = ({ headers }: Response): number =>
  Number(/^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(headers.get("content-range") ?? "")?.[1] ?? NaN);

/** Bytes of the whole file, as far as the server tells; debuginfod(8) has a header of its own for answers in chunks. */
function totalOf({ headers }: Response, done: number): number | undefined {
  const length = Number(headers.get("content-length") ?? NaN);
  const total = Number.isFinite(length) ? done + length : Number(headers.get("x-debuginfod-size") ?? NaN);
  return Number.isFinite(total) ? total : undefined;
}

/** @throws Refused for what is no ELF file of that build-id; it is removed */
function checkBuildId(part: string, buildId: string): void {
  const file = openFile(part);
  const found = attempt(() => openElf(file).buildId);
  file.close();
  if (found === buildId) return;
  rmSync(part, { force: true });
  throw new Refused(
    found instanceof Fault ? "sends what is no ELF file" : `sends a file of build-id ${found ?? "(none)"}`,
  );
}

/** @throws Refused for what is no text; it is removed */
function checkText(part: string): void {
  if (!wholeFile(part, MAX_SOURCE).includes(0)) return;
  rmSync(part, { force: true });
  throw new Refused("sends what is no source");
}

/** fetch hides what went wrong in the cause of "fetch failed". */
function reasonOf(error: Error): string {
  if (error.name === "AbortError") return "was cancelled";
  const { cause } = error;
  return cause instanceof Error
    ? `cannot be asked: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
    : error.message;
}
