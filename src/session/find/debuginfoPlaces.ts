/** Lists the places where debuginfo may be on this machine. */
import { basename, dirname, join, resolve } from "node:path";
import { isDirectory } from "../../base/file.ts";
import { isRemoteAddress } from "../remote/addressedFile.ts";
import { ownCache, userCache } from "../userCache.ts";

/** Where to search for debuginfo. */
export interface DebuginfoPlaces {
  /** Directories of the dump's files. */
  readonly beside: readonly string[];
  /** Directories that the user named, flat or laid out as /usr/lib/debug. */
  readonly directories: readonly string[];
  /** Root directory, "/" except in tests and for unpacked images of other machines. */
  readonly root: string;
  /** The store of debuginfo that this program unpacked; undefined to leave it out. */
  readonly store: string | undefined;
  /** The cache of debuginfod's clients; undefined to leave it out. */
  readonly cache: string | undefined;
}

/** A file that may exist, and how its path identifies it. */
export interface Candidate {
  readonly path: string;
  /** Whether the path contains the build ID, the release, or only a fitting name. */
  readonly by: "build-id" | "release" | "name";
}

/** Returns the places of this machine. @param vmcore paths of the dump's files, or of its directory */
export function placesOf(
  vmcore: readonly string[],
  directories: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DebuginfoPlaces {
  const beside = vmcore
    .filter((path) => !isRemoteAddress(path))
    .map((path) => (isDirectory(path) ? path : dirname(path)));
  return { beside: [...new Set(beside)], directories, root: "/", store: storeOf(env), cache: cacheOf(env) };
}

/**
 * Returns debuginfod's cache directory, which elfutils, gdb and drgn use as well (debuginfod_find_debuginfo(3),
 * "CACHE").
 */
export function cacheOf(env: Readonly<Record<string, string | undefined>>): string {
  return env["DEBUGINFOD_CACHE_PATH"] || join(userCache(env), "debuginfod_client");
}

/** Returns the directory of the store of debuginfo that this program unpacked. */
export const storeOf = (env: Readonly<Record<string, string | undefined>>): string => ownCache(env, "symbols");

/** Returns the path of a build's debuginfo in the store, or in debuginfod's cache, whose layout the store has. */
export const inStore = (store: string, buildId: string): string => join(store, buildId, "debuginfo");

/**
 * Whether a text is a valid release. Releases and build IDs come from the dump and become parts of paths and commands,
 * so other characters are refused.
 */
export const isRelease = (text: string | undefined): text is string =>
  text !== undefined && /^\w[\w.+~@-]{0,63}$/.test(text) && !text.includes("..");
/** Whether a text is a valid build ID. */
export const isBuildId = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9a-f]{4,128}$/.test(text);

/**
 * Returns the path below a debug directory, .build-id/xx/yyy.debug (gdb's documentation, "Debugging Information in
 * Separate Files").
 */
export const buildIdPath = (directory: string, buildId: string): string =>
  join(directory, ".build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`);

/** Returns the debug directories of this machine and of the user, laid out as distributions do. */
export const debugDirectories = ({ directories, root }: DebuginfoPlaces): string[] => [
  ...directories.flatMap((directory) => [directory, join(directory, "usr/lib/debug")]),
  join(root, "usr/lib/debug"),
];

/** Yields the paths where the vmlinux of a kernel may be, the most certain first. */
export function* vmlinuxCandidates(
  buildId: string | undefined,
  release: string | undefined,
  places: DebuginfoPlaces,
): Generator<Candidate> {
  for (const directory of [...places.beside, ...places.directories]) {
    const named = isRelease(release) ? [`vmlinux-${release}`, `vmlinux-${release}.debug`] : [];
    for (const name of named) yield { path: join(directory, name), by: "release" };
    for (const name of ["vmlinux", "vmlinux.debug"]) yield { path: join(directory, name), by: "name" };
  }
  for (const directory of debugDirectories(places)) {
    if (isBuildId(buildId)) yield { path: buildIdPath(directory, buildId), by: "build-id" };
    if (!isRelease(release)) continue;
    for (const path of [
      `boot/vmlinux-${release}`, // Debian, Ubuntu
      `boot/vmlinux-${release}.debug`, // openSUSE until 15.3
      `usr/lib/modules/${release}/vmlinux.debug`, // openSUSE since
      `lib/modules/${release}/vmlinux`, // Fedora, RHEL
      `usr/lib/modules/${release}/vmlinux`,
    ])
      yield { path: join(directory, path), by: "release" };
  }
  if (isRelease(release)) {
    for (const path of [
      `usr/lib/modules/${release}/build/vmlinux`,
      `usr/lib/modules/${release}/vmlinux`,
      `lib/modules/${release}/build/vmlinux`,
      `boot/vmlinux-${release}`,
    ])
      yield { path: join(places.root, path), by: "release" };
  }
  for (const store of [places.store, places.cache])
    if (store !== undefined && isBuildId(buildId)) yield { path: inStore(store, buildId), by: "build-id" };
}

/** Yields the paths where a list of a kernel's symbols may be, the most certain first. */
export function* systemMapCandidates(release: string | undefined, places: DebuginfoPlaces): Generator<string> {
  const { beside, directories, root } = places;
  for (const directory of [...beside, ...directories]) {
    if (isRelease(release)) yield join(directory, `System.map-${release}`);
    for (const name of ["System.map", "kallsyms", "kallsyms.txt"]) yield join(directory, name);
  }
  if (!isRelease(release)) return;
  // Debian installs the complete System.map with the vmlinux.
  for (const directory of debugDirectories(places)) yield join(directory, `boot/System.map-${release}`);
  yield join(root, `boot/System.map-${release}`);
  for (const modules of ["usr/lib/modules", "lib/modules"])
    for (const path of ["System.map", "build/System.map"]) yield join(root, modules, release, path);
}

/** Returns directories that may contain the debuginfo of all modules of a kernel. @param vmlinux the one in use */
export function moduleDirectories(
  release: string | undefined,
  places: DebuginfoPlaces,
  vmlinux: string | undefined,
): string[] {
  if (!isRelease(release)) return [];
  const folder = vmlinux === undefined ? undefined : dirname(resolve(vmlinux));
  // An unpacked package has the modules in the same tree as the vmlinux: Debian's next to boot, Fedora's and SUSE's
  // below the vmlinux.
  const root = folder !== undefined && basename(folder) === "boot" ? [dirname(folder)] : [];
  return [
    ...(folder !== undefined && basename(folder) === release ? [folder] : []),
    ...[...root, ...debugDirectories(places)].flatMap((directory) => [
      join(directory, "lib/modules", release),
      join(directory, "usr/lib/modules", release),
    ]),
    join(places.root, "usr/lib/modules", release),
    join(places.root, "lib/modules", release),
  ];
}

/**
 * Returns directories where the kernel may have been built, with its modules all over the tree. @param vmlinux the one
 * in use
 */
export function buildTrees(
  release: string | undefined,
  { root }: DebuginfoPlaces,
  vmlinux: string | undefined,
): string[] {
  return [
    ...(vmlinux === undefined ? [] : [dirname(resolve(vmlinux))]),
    ...(isRelease(release) ? [join(root, "usr/lib/modules", release, "build")] : []),
  ];
}
