/** Finds all files of a dump that the user named by one of them, or by its directory. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { attempt, Fault } from "../../base/fault.ts";
import { isDirectory, openFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { dumpFormatOf, openDump } from "../../dump/formats.ts";
import { listedParts } from "../../dump/formats/ramdump.ts";
import { isText } from "../../dump/recognize.ts";
import { isCheckpoint } from "../../dump/vmware/checkpoint.ts";
import { OpenError } from "../open/openError.ts";
import type { OpenOptions } from "../open/openOptions.ts";
import { openNamed } from "../open/vmlinux.ts";
import { dumpHead } from "./dumpFiles.ts";

/**
 * Maximum numbers of entries that are looked at and of names in a message, because a directory of dumps can be large.
 */
const MAX_ENTRIES = 1000;
const MAX_NAMED = 10;

/**
 * Returns the paths of a dump's files: those that were named, the dump in a directory that was named, and the other
 * files of a dump of several files with fixed names (VMware's .vmem, Qualcomm's .BIN).
 * @param raw the ranges of memory without a header; then no other file belongs to those that were named
 * @throws OpenError if a directory contains no dump, or several
 */
export function namedDump(named: readonly string[], raw?: OpenOptions["raw"]): readonly string[] {
  const files = named.flatMap((path) => (isDirectory(path) ? dumpIn(path) : [path]));
  const [only] = files;
  if (only === undefined || files.length > 1 || raw) return files;
  return [only, ...companionsOf(only)];
}

const isFile = (path: string): boolean => attemptSystem(() => statSync(path).isFile()) ?? false;
const headOf = (path: string): Uint8Array => (isFile(path) ? dumpHead(path) : new Uint8Array(0));
const entriesOf = (directory: string): string[] =>
  (attemptSystem(() => readdirSync(directory)) ?? []).sort().slice(0, MAX_ENTRIES);
/** Names that kdump and its users give to dumps (/var/crash/HOST-DATE/vmcore); not those of the logs beside them. */
const DUMP_NAME = /^(?:vmcore|dump|core)(?!-?dmesg)[\w.-]*$|\.(?:vmcore|kdump|dump)$/i;
const isDump = (path: string): boolean => dumpFormatOf(headOf(path)) !== undefined;

/** Returns the files of the only dump in a directory. @throws OpenError */
function dumpIn(directory: string): readonly string[] {
  const paths = entriesOf(directory).map((name) => join(directory, name));
  const dumps = paths.filter(isDump);
  if (dumps.length === 1 || isOneDump(dumps)) return dumps;
  if (dumps.length > 1)
    throw new OpenError(
      `${directory} contains several dumps: ${listed(dumps.map((path) => basename(path)))}; name one`,
    );
  const below = paths.filter((path) => isDirectory(path) && entriesOf(path).some((name) => isDump(join(path, name))));
  if (below.length > 0)
    throw new OpenError(`${directory} contains no dump, but directories with dumps: ${listed(below)}; name one`);
  const named = paths.find((path) => DUMP_NAME.test(basename(path)) && !isText(headOf(path)) && !isDirectory(path));
  if (named !== undefined) throw new OpenError(`${directory} contains no dump: ${whyNoDump(named)}`);
  const log = paths.find((path) => /dmesg/.test(basename(path)) && isText(headOf(path)));
  throw new OpenError(
    log === undefined
      ? `${directory} contains no dump: name the dump, or the directory that contains it`
      : `${directory} contains no dump, but a log: read it with "vmcore-debug log ${log}"`,
  );
}

/** Returns why a file is not a dump, with its path. */
function whyNoDump(path: string): string {
  try {
    const file = openNamed(path, "dump");
    const image = attempt(() => openDump([file]));
    (image instanceof Fault ? file : image).close();
    return image instanceof Fault ? image.message : `${path} has just become one; open it again`;
  } catch (error) {
    if (error instanceof OpenError) return error.message;
    throw error;
  }
}

/** Whether the files are one dump of several files. */
function isOneDump(paths: readonly string[]): boolean {
  const image = attempt(() => attemptSystem(() => openDump(paths.map(openFile))));
  if (image === undefined || image instanceof Fault) return false;
  image.close();
  return true;
}

const listed = (names: readonly string[]): string =>
  names.slice(0, MAX_NAMED).join(", ") + (names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "");

/** Returns the files next to a dump that belong to it. */
function companionsOf(path: string): readonly string[] {
  const head = headOf(path);
  const stem = path.slice(0, path.length - extname(path).length);
  if (isCheckpoint(head)) return [`${stem}.vmem`].filter(isFile);
  if (extname(path) === ".vmem" && head.length > 0 && dumpFormatOf(head) === undefined) {
    const state = [`${stem}.vmss`, `${stem}.vmsn`].find((one) => isCheckpoint(headOf(one)));
    if (state !== undefined) return [state];
    throw new OpenError(
      `${path}: the memory of a VMware guest without its .vmss or .vmsn file: put that into the same directory under the same name, or give --base 0 for a guest of less than 3 GiB`,
    );
  }
  const names = new Set(listedParts(head).map(({ name }) => name));
  if (names.size === 0) return [];
  return entriesOf(dirname(path))
    .filter((name) => names.has(name.toLowerCase()))
    .map((name) => join(dirname(path), name))
    .filter(isFile);
}
