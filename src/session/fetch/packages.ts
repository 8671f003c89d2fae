/** Extracts debuginfo from packages into the store. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { attemptSystem, isSystemError } from "../../base/systemError.ts";
import { kernelBuildId } from "../find/kernelBuildId.ts";
import { keepFile } from "./keptFile.ts";
import { locked } from "./lock.ts";
import { ownPart } from "./partFile.ts";
import { placeInStore } from "./symbolStore.ts";
import { Budget } from "../../base/budget.ts";
import { wholeFile } from "../../base/file.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { openElf } from "../../elf/elf.ts";
import { inStore, isBuildId } from "../find/debuginfoPlaces.ts";
import { Cancelled, drive } from "../../base/job.ts";
import { type Missing, missingDebuginfo } from "../find/missingDebuginfo.ts";
import { OpenError } from "../open/openError.ts";
import { type OpenOptions, openingSession, type Session } from "../open/open.ts";
import { isPackage, packageMembers } from "../../archive/packageMembers.ts";
import { openingPacked } from "../../archive/packedFile.ts";
import type { UnpackOptions } from "../../archive/unpack.ts";

/** Maximum size of a file in a package in bytes. A vmlinux has some 1 GiB. */
const MAX_FILE = 4 * 2 ** 30;
/** Maximum number of files of a directory among which packages are searched for. */
const MAX_LISTED = 4096;
/** Maximum size of the note about an unpacked package in bytes. */
const MAX_NOTE = 1 << 20;
const VMLINUX = /(^|\/)vmlinux(-[^/]*)?(\.debug)?$/;
/** Matches names of modules. Ubuntu compresses each module with debuginfo as well. */
const MODULE = /(?:^|\/)([^/]+)\.ko(?:\.debug)?(?:\.xz|\.zst|\.gz)?$/;
/** Matches names of packages with debuginfo: linux-image-REL-dbg_6.1.192-2_amd64.deb, kernel-debuginfo-REL.rpm. */
const DEBUGINFO_PACKAGE = /-(dbg|dbgsym)_|-debuginfo-(?!common)/;

/** The contents of a package, stored so that it is not unpacked at every opening. */
interface Noted {
  /** The build ID of the vmlinux; null if there is none. */
  readonly vmlinux: string | null;
  /** Build IDs of the modules that a dump needed, of this or of another build; null for the other modules. */
  readonly modules: Readonly<Record<string, string | null>>;
}

/** The options that replace packages by extracted files. */
export interface WithoutPackages<Options> {
  readonly options: Options;
  /** A sentence for each package that was not used. */
  readonly remarks: readonly string[];
}

export interface PackageWatch {
  /** Aborting it leaves out the packages that are not unpacked yet. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (path: string, done: number, total: number) => void;
  /** Receives the steps of the opening of the dump, which finds out what the dump needs. */
  readonly onStep?: (step: unknown) => void;
}

type Opening = Required<Pick<PackageWatch, "signal" | "onStep">>;

/** Whether the options contain packages for `withoutPackages`. */
export const hasPackages = ({ vmlinux, preferredVmlinux = [], modules = [], search }: OpenOptions): boolean =>
  [vmlinux ?? "", ...preferredVmlinux, ...modules].some(isPackage) ||
  (search !== undefined && packagesBeside(search.beside).length > 0);

/**
 * Extracts debuginfo from packages: those named as `vmlinux` or in `modules`, and, if there is nothing better, those
 * among `preferredVmlinux` and next to the dump. What the dump needs is stored by build ID, where this and later searches
 * find it.
 * @param store directory of the store
 * @throws OpenError as `openSession`, and for a package that cannot be used
 */
export async function withoutPackages<Options extends OpenOptions>(
  options: Options,
  store: string,
  { signal = new AbortController().signal, onProgress, onStep = () => {} }: PackageWatch,
): Promise<WithoutPackages<Options>> {
  const { vmlinux, preferredVmlinux = [], modules = [], search, budget = new Budget() } = options;
  const named = [...(vmlinux !== undefined && isPackage(vmlinux) ? [vmlinux] : []), ...modules.filter(isPackage)];
  const preferred = preferredVmlinux.filter(isPackage);
  const nowhere = { beside: [], directories: [], root: join(store, "none"), store, cache: undefined };
  const plain = {
    ...options,
    vmlinux: named.includes(vmlinux ?? "") ? undefined : vmlinux,
    preferredVmlinux: preferredVmlinux.filter((path) => !isPackage(path)),
    modules: modules.filter((path) => !isPackage(path)),
    search: named.length + preferred.length > 0 ? { ...(search ?? nowhere), store } : search,
  };
  const wanted = await neededBuilds(plain, { signal, onStep });
  // A cancel leaves out the packages but not the dump, even while the dump is opened to find out what it needs.
  if (!wanted) return { options: plain, remarks: [...new Set([...named, ...preferred])].map(notUnpacked) };
  const { missing } = wanted;
  const lacksKernel = missing.some(({ name }) => name === "vmlinux");
  const others = lacksKernel ? [...preferred, ...(search ? packagesBeside(search.beside) : [])] : [];
  const remarks: string[] = [];
  for (const path of new Set([...named, ...others])) {
    try {
      const watch = { signal, budget, onProgress: (done: number, total: number) => onProgress?.(path, done, total) };
      const isForced = path === vmlinux && options.force === true;
      const noted = await unpackOnce(path, isForced ? { ...wanted, kernel: undefined } : wanted, store, watch);
      if (path !== vmlinux) continue;
      if (noted.vmlinux === null)
        throw new OpenError(
          `${path} does not contain a vmlinux with debuginfo: name the package with the kernel's debug symbols (linux-image-…-dbg, -dbgsym, kernel-debuginfo)`,
        );
      if (!isForced && wanted.kernel !== undefined && noted.vmlinux !== wanted.kernel)
        throw new OpenError(
          `${path} contains the vmlinux of another build: its build ID is ${noted.vmlinux}, the dump's kernel has ${wanted.kernel}`,
        );
      plain.vmlinux = inStore(store, noted.vmlinux);
    } catch (error) {
      if (error instanceof Cancelled) {
        remarks.push(notUnpacked(path));
        break;
      }
      if (!(error instanceof Fault) && !isSystemError(error)) throw error;
      if (named.includes(path)) throw new OpenError(error.message);
      remarks.push(error.message);
    }
  }
  return { options: plain, remarks };
}

/** The debuginfo that a dump needs. */
interface Wanted {
  readonly missing: readonly Missing[];
  /** The kernel's build ID; undefined if the dump contains none, or if any build is accepted. */
  readonly kernel: string | undefined;
}

const notUnpacked = (path: string): string => `${path} was not unpacked: cancelled`;

/** Opens the dump to find out which debuginfo it needs. @returns undefined after a cancel @throws OpenError */
async function neededBuilds(options: OpenOptions, { signal, onStep }: Opening): Promise<Wanted | undefined> {
  let session: Session | undefined;
  try {
    session = await drive(openingSession(options), signal, { onStep });
    const missing = await drive(missingDebuginfo(session), signal, { onStep });
    return { missing, kernel: kernelBuildId(session.memory) };
  } catch (error) {
    if (error instanceof Cancelled) return undefined;
    throw error;
  } finally {
    session?.close();
  }
}

/** Returns the packages with debuginfo next to a dump. Their contents decide whether they belong to its kernel. */
function packagesBeside(directories: readonly string[]): string[] {
  return directories.flatMap((directory) => {
    const names = attemptSystem(() => readdirSync(directory)) ?? [];
    return names
      .slice(0, MAX_LISTED)
      .filter((name) => isPackage(name) && DEBUGINFO_PACKAGE.test(name))
      .map((name) => join(directory, name));
  });
}

/** Cancellation and progress of unpacking, with the session's budget. */
type Watch = UnpackOptions & { readonly budget: Budget };

/**
 * Unpacks a package unless its stored contents show that nothing more is needed. @throws Fault, Cancelled,
 * NodeJS.ErrnoException
 */
async function unpackOnce(path: string, wanted: Wanted, store: string, watch: Watch): Promise<Noted> {
  const { size, mtimeMs } = statSync(path);
  const key = createHash("sha256").update(`${path}\0${size}\0${mtimeMs}`).digest("hex").slice(0, 32);
  const note = join(store, `package-${key}.json`);
  const sufficient = (): Noted | undefined => sufficientNote(readNote(note), wanted, store);
  const noted = sufficient();
  if (noted) return noted;
  // Another session may unpack the same package now; its note then shows that nothing is left to do.
  return locked(`${note}.lock`, watch.signal, async () => {
    const meanwhile = sufficient();
    if (meanwhile) return meanwhile;
    const made = await unpack(path, wanted, store, watch);
    keepFile(note, Buffer.from(JSON.stringify(made)));
    return made;
  });
}

/** Returns a note if the store has everything of the package that the dump needs. */
function sufficientNote(noted: Noted | undefined, { missing, kernel }: Wanted, store: string): Noted | undefined {
  const isForeign = (buildId: string): boolean => kernel !== undefined && buildId !== kernel;
  const isThere = (buildId: string | null): boolean =>
    buildId === null || isForeign(buildId) || existsSync(inStore(store, buildId));
  const isWanted = ({ name, buildId }: Missing): boolean => {
    const taken = noted?.modules[name];
    return taken === null || (taken !== undefined && taken === buildId);
  };
  return noted && isThere(noted.vmlinux) && !missing.some(isWanted) ? noted : undefined;
}

/** Reads the stored contents of a package; undefined if there are none or they are invalid. */
function readNote(path: string): Noted | undefined {
  const text = attemptSystem(() => wholeFile(path, MAX_NOTE).toString("utf8"));
  if (text === undefined) return undefined;
  const { vmlinux, modules } = Object(parsedJson(text)) as Partial<Noted>;
  const isId = (value: unknown): boolean => value === null || (typeof value === "string" && isBuildId(value));
  if (!isId(vmlinux) || typeof modules !== "object" || modules === null) return undefined;
  return Object.values(modules).every(isId) ? { vmlinux: vmlinux ?? null, modules } : undefined;
}

async function unpack(path: string, { missing, kernel }: Wanted, store: string, watch: Watch): Promise<Noted> {
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const wanted = new Map(missing.map(({ name, buildId }) => [name, buildId]));
  let vmlinux: string | null = null;
  const modules: [string, string | null][] = [];
  const part = ownPart(join(store, "package"));
  const unpacking: Unpacking = { path, part, store, watch };
  try {
    for await (const { name, size, bytes } of packageMembers(path, watch)) {
      const module = MODULE.exec(name)?.[1]?.replaceAll("-", "_");
      const isKernel = VMLINUX.test(name);
      if (size > MAX_FILE || (!isKernel && module === undefined)) continue;
      if (isKernel) vmlinux = (await keep(bytes(), kernel, unpacking)) ?? vmlinux;
      else if (module !== undefined) {
        const buildId = wanted.get(module);
        modules.push([module, (buildId && (await keep(bytes(), buildId, unpacking))) ?? null]);
      }
    }
  } catch (error) {
    if (error instanceof Fault && !error.message.includes(path)) throw Fault.of(error.kind, `${path} ${error.message}`);
    throw error;
  } finally {
    rmSync(part, { force: true });
  }
  return { vmlinux, modules: Object.fromEntries(modules) };
}

/** A package that is being unpacked. */
interface Unpacking {
  /** The package. */
  readonly path: string;
  /** The file that a member is written to before its build ID is known. */
  readonly part: string;
  readonly store: string;
  readonly watch: Watch;
}

/**
 * Writes a file into the store, unpacked, if it is of the wanted build. Existing files are never replaced, and only files
 * that this dump needs are added.
 * @param wanted build ID; undefined for any
 * @returns the file's build ID, also if it is of another build; undefined if it has none, or no debuginfo
 */
async function keep(
  bytes: AsyncIterable<Uint8Array>,
  wanted: string | undefined,
  { path, part, store, watch }: Unpacking,
): Promise<string | undefined> {
  const { signal = new AbortController().signal, budget } = watch;
  const fd = openSync(part, "w", 0o600);
  try {
    for await (const piece of bytes) {
      await budget.keep(piece.length, path);
      for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
    }
  } finally {
    closeSync(fd);
  }
  const { file, unpacked } = await drive(openingPacked(part, budget), signal);
  const elf = attempt(() => openElf(file));
  const buildId = !(elf instanceof Fault) && elf.section(".debug_info") ? elf.buildId : undefined;
  file.close();
  if (!isBuildId(buildId)) return undefined;
  if (wanted !== undefined && buildId !== wanted) return buildId;
  if (unpacked) {
    await budget.keep(unpacked.length, path);
    writeFileSync(part, unpacked);
  }
  placeInStore(part, store, buildId);
  return buildId;
}

/** Parses a JSON text; undefined if it is invalid, for example cut off. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
