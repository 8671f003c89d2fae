/** Fetches missing debuginfo and sources from debuginfod while the session runs. */
import { MAX_SOURCE } from "../session/sources/sourceRoot.ts";
import { wholeFile } from "../base/file.ts";
import { attempt, Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import { moduleBuildId, moduleName, modules } from "../linux/module/module.ts";
import { type DebuginfodOptions, debuginfodOptions, fetchSource } from "../session/fetch/debuginfod.ts";
import { cacheOf } from "../session/find/debuginfoPlaces.ts";
import type { Job } from "../base/job.ts";
import { kernelBuildId } from "../session/find/kernelBuildId.ts";
import {
  type Fetched,
  fetchMissing,
  type Missing,
  missingModules,
  missingVmlinux,
} from "../session/find/missingDebuginfo.ts";
import { waitingFor } from "../session/waiting.ts";
import type { LaunchArguments } from "./launch.ts";
import { rowsOf } from "./requests/modules.ts";
import type { Target } from "./target.ts";

/**
 * Returns the debuginfod servers that a session may use without a request of the user: those of its configuration, else
 * those of DEBUGINFOD_URLS.
 */
export function serversOf({ debuginfod, searches }: LaunchArguments): DebuginfodOptions {
  const options = debuginfodOptions(process.env, cacheOf(process.env));
  if (!searches) return { ...options, urls: [] };
  return debuginfod.length > 0 ? { ...options, urls: debuginfod } : options;
}

/**
 * Fetches missing debuginfo, first that of the kernel, and applies it to the session. A vmlinux makes a new target that
 * replaces this one; debuginfo of a module is added to the current target.
 *
 * @throws UsageError while another fetch is running
 */
export function* fetchDebuginfo(target: Target, names: readonly string[], options: DebuginfodOptions): Job<Fetched> {
  if (target.isFetching)
    throw new UsageError("debuginfo is being fetched already: wait until the download ends, or cancel it");
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
    target.replaceWith(current);
    announce(current, kernel.names);
  }
  const rest = yield* fetchAll(yield* missingModules(current.session, isWanted), options);
  if (rest.names.length > 0) {
    current.session.debuginfos.retry();
    announce(current, rest.names);
  }
  return { names: [...kernel.names, ...rest.names], remarks: [...kernel.remarks, ...rest.remarks] };
}

/** Tells the client to request again what has lines and locals now. */
function announce(target: Target, names: readonly string[]): void {
  for (const module of rowsOf(target, names)) target.client.send("module", { reason: "changed", module });
  target.refresh();
}

/**
 * Returns the text of a source from a debuginfod server; undefined if no server has it. @param module the module of the
 * source; undefined for the kernel
 */
export function* fetchedSource(target: Target, file: string, module: string | undefined): Job<string | undefined> {
  const options = serversOf(target.arguments);
  const buildId = options.urls.length > 0 && file.startsWith("/") ? buildIdOf(target, module) : undefined;
  if (buildId === undefined) return undefined;
  const fetching = (signal: AbortSignal) => fetchSource(buildId, file, { ...options, signal });
  const { path } = yield* waitingFor(fetching, () => ({ what: `the source ${file}`, done: 0, total: 0 }));
  return path === undefined ? undefined : wholeFile(path, MAX_SOURCE).toString("utf8");
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
  let progress = { what: "debuginfo", done: 0, total: 0 };
  const start = (signal: AbortSignal): Promise<Fetched> =>
    fetchMissing(missing, { ...options, signal }, (name, done, total = 0) => {
      progress = { what: `the debuginfo of ${name}`, done, total };
    });
  return yield* waitingFor(start, () => progress);
}
