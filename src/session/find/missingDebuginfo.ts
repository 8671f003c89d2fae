/** Finds which debuginfo is missing, and fetches it from debuginfod servers. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Piece } from "../../say/piece.ts";
import { moduleBuildId, moduleName, modules } from "../../linux/module/module.ts";
import { type DebuginfodOptions, fetchDebuginfo } from "../fetch/debuginfod.ts";
import { utsname } from "../../linux/utsname.ts";
import { installAdvice, installCommand } from "./distribution.ts";
import { kernelBuildId } from "./kernelBuildId.ts";
import type { Job } from "../../base/job.ts";
import type { Obj } from "../../model/object.ts";
import type { Session } from "../open/open.ts";

/** Debuginfo that is not on this machine. */
export interface Missing {
  /** "vmlinux", or a module's name. */
  readonly name: string;
  readonly buildId: string;
}

/** The result of fetching. */
export interface Fetched {
  /** Names of the debuginfo that is now in the cache. */
  readonly names: readonly string[];
  /** Sentences for the user. */
  readonly remarks: readonly string[];
}

/**
 * Receives progress in bytes.
 * @param name "vmlinux" or a module's name
 * @param total undefined if the server does not state it
 */
export type FetchProgress = (name: string, done: number, total: number | undefined) => void;

/** The notice for a session whose search for a vmlinux found none. */
export interface VmlinuxNotice {
  readonly sentence: string;
  /** The command that installs the vmlinux from the kernel's distribution, if that is known. */
  readonly install: string | undefined;
}

/** The kernel's `utsname.release` and `utsname.version`, as far as the dump has them. */
export interface KernelRelease {
  readonly release: string | undefined;
  readonly version: string | undefined;
}

/** Returns the release of a session's kernel, which VMCOREINFO can have too, and its version. */
export function kernelRelease({ kernel, memory }: Session): KernelRelease {
  const uts = attempt(() => utsname(kernel));
  const known = uts instanceof Fault ? undefined : uts;
  return { release: memory.vmcoreinfo?.text("OSRELEASE") ?? known?.release, version: known?.version };
}

/** Returns the notice for a session without a vmlinux; undefined if it has one, or did not search for one. */
export function vmlinuxNotice(session: Session): VmlinuxNotice | undefined {
  const { vmlinux, tries } = session;
  const places = tries.length;
  if (vmlinux || places === 0) return undefined;
  const refused = tries.filter(({ outcome }) => outcome === "refused").length;
  const { release = "", version = "" } = kernelRelease(session);
  const other =
    refused === 0 ? "" : ` (${refused} of them ${refused === 1 ? "has a file" : "have files"} that cannot be used)`;
  return {
    sentence: `No vmlinux was found in ${places} place${places === 1 ? "" : "s"}${other}: the kernel's lines and locals are missing.`,
    install: installCommand(installAdvice(release, version)),
  };
}

/** A step that reports how many modules were searched for. */
type Progress = Extract<Piece, { kind: "progress" }>;

/** Number of parallel requests. Modules are small, and a server may have to search its packages for each. */
const AT_ONCE = 4;

/** Returns the debuginfo that a session lacks and whose build ID is known, the kernel's first. */
export function* missingDebuginfo(session: Session): Job<Missing[], Progress> {
  return [...missingVmlinux(session), ...(yield* missingModules(session))];
}

/** Returns the kernel's debuginfo if it is missing and its build ID is known. */
export function missingVmlinux({ vmlinux, memory }: Session): Missing[] {
  const buildId = vmlinux?.elf.section(".debug_info") ? undefined : kernelBuildId(memory);
  return buildId === undefined ? [] : [{ name: "vmlinux", buildId }];
}

/**
 * Returns the modules with a build ID whose debuginfo is not on this machine. Opens every candidate, and unpacks it if
 * it is packed, which takes seconds for hundreds of modules.
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
    const found = debuginfos.finding(module, one.name);
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
 * Fetches debuginfo from debuginfod servers, the kernel's before any module's. A server that fails is not used again.
 * Never rejects. What was fetched before a cancel is kept.
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
    while (urls.length > 0 && !options.signal?.aborted) {
      const one = queue.shift();
      if (!one) return;
      const { name, buildId } = one;
      const asked = { ...options, urls, onProgress: (done: number, total?: number) => onProgress(name, done, total) };
      const { path, remarks, unusable } = await fetchDebuginfo(buildId, asked);
      if (path !== undefined) names.push(name);
      else if (remarks.length === 0 && !options.signal?.aborted) absent.push(name);
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
  if (absent.length > 0) failures.push(`no debuginfod server that answers has the debuginfo of ${listed(absent)}`);
  if (queue.length > 0 && options.urls.length > 0 && !options.signal?.aborted)
    failures.push(`no server is left for the debuginfo of ${listed(queue.map(({ name }) => name))}`);
  return { names, remarks: failures };
}

/** Maximum number of names in a message. */
const MAX_LISTED = 8;

const listed = (names: readonly string[]): string =>
  names.length <= MAX_LISTED
    ? names.join(", ")
    : `${names.slice(0, MAX_LISTED).join(", ")} and ${names.length - MAX_LISTED} more`;
