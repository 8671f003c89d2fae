/** Opens the files that the user named for a dump, and checks that they belong to its kernel. */
import { attempt, Fault } from "../../base/fault.ts";
import { fileHead, openFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { isSystemMap } from "../../debuginfo/symbols/systemMap.ts";
import { openElf } from "../../elf/elf.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { linkedDebug } from "../find/debugLink.ts";
import { type Try, withoutPath } from "../find/vmlinuxSearch.ts";
import { compareBuild } from "./buildMatch.ts";
import { OpenError, VmlinuxError } from "./openError.ts";
import { openSystemMapFile, type PlacedMap } from "./systemMapFile.ts";
import { DEBUG_DIRECTORIES, openVmlinux, type Vmlinux } from "./vmlinux.ts";

const HEAD_BYTES = 4096;

/** Opens the vmlinux that the user named, or the separate debuginfo to which it links. @throws VmlinuxError */
export function openGiven(path: string, indexes: string | undefined): Vmlinux {
  try {
    const vmlinux = openVmlinux(path, indexes);
    const linked = linkedDebuginfo(vmlinux);
    if (linked === undefined) return vmlinux;
    vmlinux.close();
    return openVmlinux(linked, indexes);
  } catch (error) {
    throw error instanceof OpenError ? new VmlinuxError(error.message, { canForce: false }) : error;
  }
}

/** Whether a file that the user named is a System.map by its first line. A file that cannot be read is not. */
export const isSystemMapFile = (path: string): boolean =>
  isSystemMap(attemptSystem(() => fileHead(path, HEAD_BYTES)) ?? new Uint8Array(0));

/** Returns the file of the same build with the DWARF of a stripped vmlinux, which its .gnu_debuglink names. */
function linkedDebuginfo({ elf, path }: Vmlinux): string | undefined {
  if (elf.section(".debug_info")) return undefined;
  const linked = linkedDebug(elf, path, DEBUG_DIRECTORIES);
  return linked === undefined ? undefined : withDebuginfo(path, linked);
}

/**
 * Returns the file with DWARF if two files are of one build: a stripped kernel and its separate debuginfo, as crash
 * takes them. @returns undefined if they are not
 */
export function withDebuginfo(first: string, second: string): string | undefined {
  const elves = [first, second].map((path) => {
    const file = attemptSystem(() => openFile(path));
    const elf = file && attempt(() => openElf(file));
    try {
      if (!elf || elf instanceof Fault) return undefined;
      return { path, buildId: elf.buildId, hasDwarf: elf.section(".debug_info") !== undefined };
    } finally {
      file?.close();
    }
  });
  const [a, b] = elves;
  if (a?.buildId === undefined || a.buildId !== b?.buildId || a.hasDwarf === b.hasDwarf) return undefined;
  return a.hasDwarf ? a.path : b.path;
}

/** Opens the System.map of the option `preferredSystemMap` if it belongs to the dump's kernel. @param tries receives the outcome with its reason */
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
 * Compares the builds of the vmlinux and the dump.
 * @returns warnings
 * @throws VmlinuxError if they differ and `force` is not set
 */
export function buildWarnings(vmlinux: Vmlinux, opened: OpenedMemory, force: boolean): string[] {
  const { verdict, why } = compareBuild(vmlinux.elf, opened);
  const reason = `${vmlinux.path} ${why}`;
  if (verdict === "same") return [];
  if (verdict === "unknown") return [`${reason}; it may not match the dump`];
  if (vmlinux.elf.machine !== opened.arch.elf.machine) throw new VmlinuxError(reason, { canForce: false });
  if (!force)
    throw new VmlinuxError(
      `${reason}. Use the vmlinux of ${opened.vmcoreinfo?.text("OSRELEASE") ?? "that kernel"}, open the dump without one, or force this one with --force, in a launch configuration with "force": true`,
      { reason, canForce: true },
    );
  return [reason];
}
