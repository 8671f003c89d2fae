/** Finds the tasks that use a file. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { dentryName, dentryPath, vfsPath } from "../../../../linux/fs/dcache.ts";
import { openFiles } from "../../../../linux/fs/fdtable.ts";
import { vmas } from "../../../../linux/mm/vma.ts";
import type { Obj } from "../../../../model/object.ts";

/** Tells whether a `struct path` is the wanted file. @throws Fault */
export type IsWanted = (path: Obj) => boolean;

/** Matches by inode, under any path. */
export const byInode =
  (address: bigint): IsWanted =>
  (path) =>
    path.at("dentry.d_inode").value() === address;

/** Matches by the path within each task's own mounts. The path of each mount and dentry is resolved only once. */
export function byPath(name: string): IsWanted {
  const last = name.slice(name.lastIndexOf("/") + 1);
  const known = new Map<string, boolean>();
  return (path) => {
    const key = `${path.at("mnt").value()} ${path.at("dentry").value()}`;
    let found = known.get(key);
    if (found === undefined) {
      // The name of a dentry is the last part of the path, except for the root of a mount, which has another name.
      const dentry = path.at("dentry");
      const isMountRoot = (): boolean => path.at("mnt.mnt_root").value() === dentry.value();
      found = (dentryName(dentry.deref()) === last || isMountRoot()) && dentryPath(vfsPath(path)) === name;
      known.set(key, found);
    }
    return found;
  };
}

/** How a task uses a file: as root or working directory, open, or mapped. */
export type Use = "root" | "cwd" | "fd" | "mmap";

export interface Uses {
  readonly uses: readonly Use[];
  /** Why the list of uses may be incomplete. */
  readonly faults: readonly Fault[];
}

/** The members of a task that refer to files. Each points to a struct that threads and processes can share. */
const PLACES: readonly {
  readonly use: Use;
  readonly member: "fs" | "files" | "mm";
  paths(task: Obj): Iterable<Obj>;
}[] = [
  { use: "root", member: "fs", paths: (task) => [task.at("fs.root")] },
  { use: "cwd", member: "fs", paths: (task) => [task.at("fs.pwd")] },
  { use: "fd", member: "files", paths: openPaths },
  { use: "mmap", member: "mm", paths: mappedPaths },
];

function* openPaths(task: Obj): Generator<Obj, void, void> {
  for (const { file } of openFiles(task)) yield file.at("f_path");
}

function* mappedPaths(task: Obj): Generator<Obj, void, void> {
  for (const vma of vmas(task.at("mm").deref())) {
    const file = vma.at("vm_file");
    if (file.value() !== 0n) yield file.at("f_path");
  }
}

/** Returns a function that reports how a task uses the file. A struct that several tasks share is searched once. */
export function fileUsers(isWanted: IsWanted): (task: Obj) => Uses {
  const seen = new Map<string, boolean | Fault>();
  const uses = (task: Obj, place: (typeof PLACES)[number]): boolean => {
    const struct = task.at(place.member).value();
    if (struct === 0n) return false;
    const key = `${place.use} ${struct}`;
    let found = seen.get(key);
    if (found === undefined) seen.set(key, (found = attempt(() => some(place.paths(task), isWanted))));
    if (found instanceof Fault) throw found;
    return found;
  };
  return (task) => {
    const found = PLACES.map((place) => ({ place, is: attempt(() => uses(task, place)) }));
    return {
      uses: found.flatMap(({ place, is }) => (is === true ? [place.use] : [])),
      faults: found.flatMap(({ is }) => (is instanceof Fault ? [is] : [])),
    };
  };
}

function some<T>(all: Iterable<T>, test: (one: T) => boolean): boolean {
  for (const one of all) if (test(one)) return true;
  return false;
}
