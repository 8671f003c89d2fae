import type { OpenedMemory } from "../../memory/openMemory.ts";
import { type Try, withoutPath } from "../find/vmlinuxSearch.ts";
import { compareBuild } from "./buildMatch.ts";
import { OpenError, VmlinuxError } from "./openError.ts";
import { openSystemMapFile, type PlacedMap } from "./systemMapFile.ts";
import { openVmlinux, type Vmlinux } from "./vmlinux.ts";

/** Files that the user named for a dump, and whether they are of its kernel. */

/** The vmlinux that the user named. @throws VmlinuxError */
export function openGiven(path: string, indexes: string | undefined): Vmlinux {
  try {
    return openVmlinux(path, indexes);
  } catch (error) {
    throw error instanceof OpenError ? new VmlinuxError(error.message, { canForce: false }) : error;
  }
}

/** @param tries is told why it is not used */
export function openPreferredMap(path: string | undefined, memory: OpenedMemory, tries: Try[]): PlacedMap | undefined {
  if (path === undefined) return undefined;
  const shared = { path, buildId: undefined };
  try {
    const map = openSystemMapFile(path, memory, false);
    tries.push({ ...shared, outcome: "taken", why: "is of the dump's kernel" });
    return map;
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    tries.push({ ...shared, outcome: "refused", why: withoutPath(error.message, path) });
    return undefined;
  }
}

/**
 * Compares builds.
 * @returns warnings
 * @throws VmlinuxError when they differ and the user does not insist
 */
export function matched(vmlinux: Vmlinux, opened: OpenedMemory, force: boolean): string[] {
  const { verdict, why } = compareBuild(vmlinux.elf, opened);
  const said = `${vmlinux.path} ${why}`;
  if (verdict === "same") return [];
  if (verdict === "unknown") return [`${said}; whether it matches the dump is not known`];
  if (vmlinux.elf.machine !== opened.arch.elf.machine) throw new VmlinuxError(said, { canForce: false });
  if (!force)
    throw new VmlinuxError(
      `${said}. Find the vmlinux of ${opened.vmcoreinfo?.text("OSRELEASE") ?? "that kernel"}, leave it out, or insist: --force, in a launch configuration "force": true`,
      { said, canForce: true },
    );
  return [said];
}
