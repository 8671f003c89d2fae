import { attempt, Fault } from "../../base/fault.ts";
import type { Piece } from "../../say/piece.ts";
import { moduleBuildId, moduleName, modules } from "../../linux/module/module.ts";
import { type DebuginfodOptions, fetchDebuginfo } from "../fetch/debuginfod.ts";
import { kernelBuildId } from "./kernelBuildId.ts";
import type { Job } from "../../base/job.ts";
import type { Obj } from "../../model/object.ts";
import type { Session } from "../open/open.ts";

/** Debuginfo that this machine does not have. */
export interface Missing {
  /** "vmlinux", or a module's name. */
  readonly name: string;
  readonly buildId: string;
}

/** What fetching came to. */
export interface Fetched {
  /** Names of what the cache now has. */
  readonly names: readonly string[];
  /** What the user should know, in sentences. */
  readonly remarks: readonly string[];
}

/** @param name whose debuginfo it is @param total undefined when the server does not tell */
export type FetchProgress = (name: string, done: number, total: number | undefined) => void;

/** How many modules were looked for. */
type Progress = Extract<Piece, { kind: "progress" }>;

/** Modules are small, and a server may have to look for each in its packages: some are asked for at a time. */
const AT_ONCE = 4;

/** The debuginfo that a session goes without, as far as the dump tells its build-ids: the kernel's first. */
export function* missingDebuginfo(session: Session): Job<Missing[], Progress> {
  return [...missingVmlinux(session), ...(yield* missingModules(session))];
}

/** The kernel's, where it is missing. */
export function missingVmlinux({ vmlinux, memory }: Session): Missing[] {
  const buildId = vmlinux?.elf.section(".debug_info") ? undefined : kernelBuildId(memory);
  return buildId === undefined ? [] : [{ name: "vmlinux", buildId }];
}

/**
 * Modules whose debuginfo is not on this machine. Every file that may be it is opened, and unpacked where it is packed:
 * for hundreds of modules that takes seconds.
 */
export function* missingModules(
  { kernel, debuginfos }: Session,
  isWanted: (name: string) => boolean = () => true,
): Job<Missing[], Progress> {
  const missing: Missing[] = [];
  const loaded: Obj[] = [];
  attempt(() => {
    for (const module of modules(kernel)) loaded.push(module);
  });
  for (const [done, module] of loaded.entries()) {
    const one = attempt(() => ({ name: moduleName(module), buildId: moduleBuildId(module) }));
    if (one instanceof Fault || one.buildId === undefined || !isWanted(one.name)) continue;
    const found = debuginfos.looking(module, one.name);
    for (;;) {
      const step = attempt(() => found.next());
      if (step instanceof Fault) break;
      if (step.done && !step.value) missing.push({ name: one.name, buildId: one.buildId });
      if (step.done) break;
      yield { kind: "progress", what: "modules looked for", done, total: loaded.length };
    }
    yield { kind: "progress", what: "modules looked for", done: done + 1, total: loaded.length };
  }
  return missing;
}

/**
 * Asks debuginfod servers for debuginfo, the kernel's before any module's. A server that fails is not asked again.
 * Never rejects; what was fetched before a cancellation stays.
 */
export async function fetchMissing(
  missing: readonly Missing[],
  options: DebuginfodOptions,
  onProgress: FetchProgress = () => {},
): Promise<Fetched> {
  let { urls } = options;
  const names: string[] = [];
  const failures: string[] = [];
  const absent: string[] = [];
  const queue = [...missing];
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one && urls.length > 0 && !options.signal?.aborted; one = queue.shift()) {
      const { name, buildId } = one;
      const asked = { ...options, urls, onProgress: (done: number, total?: number) => onProgress(name, done, total) };
      const { path, remarks, unusable } = await fetchDebuginfo(buildId, asked);
      if (path !== undefined) names.push(name);
      else if (remarks.length === 0) absent.push(name);
      for (const remark of path === undefined ? remarks : []) failures.push(`no debuginfo of ${name}: ${remark}`);
      urls = urls.filter((url) => !unusable.includes(url));
    }
  };
  if (queue[0]?.name === "vmlinux") {
    const rest = queue.splice(1);
    await work();
    queue.push(...rest);
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (absent.length > 0) failures.push(`no debuginfod server has the debuginfo of ${listed(absent)}`);
  return { names, remarks: failures };
}

/** More names than this tell a person nothing. */
const MAX_LISTED = 8;

const listed = (names: readonly string[]): string =>
  names.length <= MAX_LISTED
    ? names.join(", ")
    : `${names.slice(0, MAX_LISTED).join(", ")} and ${names.length - MAX_LISTED} more`;
