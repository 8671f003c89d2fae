import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { attempt, Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import { moduleBuildId, moduleName, modules } from "../linux/module.ts";
import { type DebuginfodOptions, debuginfodOptions, fetchSource } from "../session/debuginfod.ts";
import { cacheOf } from "../session/debuginfoPlaces.ts";
import type { Job } from "../session/job.ts";
import { kernelBuildId } from "../session/kernelBuildId.ts";
import {
  type Fetched,
  fetchMissing,
  type Missing,
  missingModules,
  missingVmlinux,
} from "../session/missingDebuginfo.ts";
import type { LaunchArguments } from "./launch.ts";
import { rowsOf } from "./requests/modules.ts";
import type { Target } from "./target.ts";

/** A fetch is looked at so often: for its progress, and for a user who gives it up. */
const POLL_MS = 100;

/** The servers that a session may ask, unasked for: those of its configuration, else of DEBUGINFOD_URLS. */
export function serversOf({ debuginfod, searches }: LaunchArguments): DebuginfodOptions {
  const options = debuginfodOptions(process.env, cacheOf(process.env));
  if (!searches) return { ...options, urls: [] };
  return debuginfod.length > 0 ? { ...options, urls: debuginfod } : options;
}

/**
 * Fetches debuginfo that a session lacks, the kernel's first, and has the session use it: a late vmlinux in a target
 * that takes the place of this one, a module's in the target as it is.
 * @throws UsageError while another such job is at work
 */
export function* fetchDebuginfo(target: Target, names: readonly string[], options: DebuginfodOptions): Job<Fetched> {
  if (target.isFetching) throw new UsageError("debuginfo is being fetched already");
  target.isFetching = true;
  try {
    return yield* fetchInTurn(target, (name) => names.length === 0 || names.includes(name), options);
  } finally {
    target.isFetching = false;
  }
}

function* fetchInTurn(target: Target, isWanted: (name: string) => boolean, options: DebuginfodOptions): Job<Fetched> {
  let current = target;
  const kernel = yield* fetchAll(missingVmlinux(target.session).filter(({ name }) => isWanted(name)), options); // prettier-ignore
  if (kernel.names.length > 0 && target.arguments.vmlinux === undefined) {
    current = yield* target.renewed();
    target.succeed(current);
    announce(current, kernel.names);
  }
  const rest = yield* fetchAll(yield* missingModules(current.session, isWanted), options);
  if (rest.names.length > 0) {
    current.session.debuginfos.retry();
    announce(current, rest.names);
  }
  return { names: [...kernel.names, ...rest.names], remarks: [...kernel.remarks, ...rest.remarks] };
}

/** Has the client ask again for what has lines and locals now. */
function announce(target: Target, names: readonly string[]): void {
  for (const module of rowsOf(target, names)) target.client.send("module", { reason: "changed", module });
  target.refresh();
}

/** Text of a source that only a debuginfod server has; undefined without one. @param module undefined for the kernel's own */
export function* fetchedSource(target: Target, file: string, module: string | undefined): Job<string | undefined> {
  const options = serversOf(target.arguments);
  const buildId = options.urls.length > 0 && file.startsWith("/") ? buildIdOf(target, module) : undefined;
  if (buildId === undefined) return undefined;
  const { path } = yield* waitFor((signal) => fetchSource(buildId, file, { ...options, signal }), () => `the source ${file}`); // prettier-ignore
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function buildIdOf({ kernel, session }: Target, module: string | undefined): string | undefined {
  if (module === undefined) return session.vmlinux?.elf.buildId ?? kernelBuildId(session.memory);
  const buildId = attempt(() => {
    for (const one of modules(kernel)) if (moduleName(one) === module) return moduleBuildId(one);
    return undefined;
  });
  return buildId instanceof Fault ? undefined : buildId;
}

function* fetchAll(missing: readonly Missing[], options: DebuginfodOptions): Job<Fetched> {
  if (missing.length === 0) return { names: [], remarks: [] };
  let [what, done, total] = ["debuginfo", 0, 0];
  const start = (signal: AbortSignal): Promise<Fetched> =>
    fetchMissing(missing, { ...options, signal }, (name, bytes, of = 0) => {
      [what, done, total] = [`the debuginfo of ${name}`, bytes, of];
    });
  return yield* waitFor(start, () => what, () => [done, total]); // prettier-ignore
}

/** Waits for what is fetched and tells how far it is; a job that is cancelled gives it up. @param start never rejects */
function* waitFor<T>(
  start: (signal: AbortSignal) => Promise<T>,
  what: () => string,
  bytes: () => readonly [done: number, total: number] = () => [0, 0],
): Job<T> {
  const abort = new AbortController();
  let result: { readonly value: T } | undefined;
  try {
    void start(abort.signal).then((value) => (result = { value }));
    while (!result) {
      const [done, total] = bytes();
      yield { kind: "progress", what: what(), done, total };
      yield setTimeout(POLL_MS);
    }
    return result.value;
  } finally {
    abort.abort();
  }
}
