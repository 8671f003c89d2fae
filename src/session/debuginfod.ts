import { once } from "node:events";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { attempt, Fault } from "../base/fault.ts";
import { openFile } from "../base/file.ts";
import { openElf } from "../debuginfo/elf.ts";
import { isBuildId } from "./debuginfoPlaces.ts";

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

/** What asking came to: the file in the cache, or what each server answered. */
export interface DebuginfodAnswer {
  readonly path: string | undefined;
  readonly remarks: readonly string[];
}

const TIMEOUT_S = 90;
const LEAST_BYTES = 100 << 10;
/** The largest vmlinux of a distribution has some 1 GiB. */
const MAX_SIZE = 4 * 2 ** 30;

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
export async function fetchDebuginfo(buildId: string, options: DebuginfodOptions): Promise<DebuginfodAnswer> {
  if (!isBuildId(buildId)) return { path: undefined, remarks: ["what the dump tells is no build-id"] };
  const folder = join(options.cache, buildId);
  const path = join(folder, "debuginfo");
  // elfutils notes in an empty file that no server had it.
  if (existsSync(path) && statSync(path).size > 0) return { path, remarks: [] };
  const remarks: string[] = [];
  for (const url of options.urls) {
    if (options.signal?.aborted) break;
    const address = `${url.replace(/\/+$/, "")}/buildid/${buildId}/debuginfo`;
    try {
      mkdirSync(folder, { recursive: true });
      const part = `${path}.part`;
      await transfer(address, part, options);
      check(part, buildId);
      renameSync(part, path);
      return { path, remarks };
    } catch (error) {
      remarks.push(`${url} ${error instanceof Error ? reasonOf(error) : String(error)}`);
    }
  }
  // Only an empty folder goes: one with a part in it stays for the next time.
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  return { path: undefined, remarks };
}

/** What a server sent is of no use: no part of it is kept. */
class Refused extends Error {}

/** Appends to the part that is there, from where it ends. */
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
    // Not compressed: places in a compressed stream are none in the file.
    const headers = { "accept-encoding": "identity", ...(done > 0 && { range: `bytes=${done}-` }) };
    const response = await fetch(address, { signal, headers });
    if (response.status === 416) throw new Refused("does not continue the part that is there; it was dropped");
    if (!response.ok || !response.body) throw new Error(response.status === 404 ? "does not have it" : `answers ${response.status} ${response.statusText}`); // prettier-ignore
    if (response.status !== 206) done = seen = 0;
    const length = Number(response.headers.get("content-length") ?? NaN);
    const total = Number.isFinite(length) ? done + length : undefined;
    const tooLarge = `sends more than ${maxSize} bytes (DEBUGINFOD_MAXSIZE)`;
    if (total !== undefined && total > maxSize) throw new Refused(tooLarge);
    const stream = createWriteStream(part, { flags: done > 0 ? "a" : "w" });
    const failed = once(stream, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {}); // seen by the races below
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        if ((done += chunk.length) > maxSize) throw new Refused(tooLarge);
        if (!stream.write(chunk)) await Promise.race([once(stream, "drain"), failed]);
        onProgress?.(done, total);
      }
    } finally {
      stream.end();
      await Promise.race([once(stream, "close"), failed]);
    }
  } catch (error) {
    if (error instanceof Refused) rmSync(part, { force: true });
    throw error;
  } finally {
    clearInterval(watch);
    abort.abort();
  }
}

/** @throws Refused for what is no ELF file of that build-id; it is removed */
function check(part: string, buildId: string): void {
  const file = openFile(part);
  const found = attempt(() => openElf(file).buildId);
  file.close();
  if (found === buildId) return;
  rmSync(part, { force: true });
  throw new Refused(
    found instanceof Fault ? "sends what is no ELF file" : `sends a file of build-id ${found ?? "(none)"}`,
  );
}

/** fetch hides what went wrong in the cause of "fetch failed". */
function reasonOf(error: Error): string {
  if (error.name === "AbortError") return "was cancelled";
  const { cause } = error;
  return cause instanceof Error
    ? `cannot be asked: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
    : error.message;
}
