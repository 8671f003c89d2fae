/** The files of commands that run at the start: `.crashrc` and `.vmcoredebugrc`. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import path, { join, type PlatformPath } from "node:path";
import { printable } from "../base/printable.ts";
import { attemptSystem } from "../base/systemError.ts";
import { reportError, type Terminal } from "./terminal.ts";

const NAMES = [".crashrc", ".vmcoredebugrc"];

/** The environment variable with the directories whose files run, with everything below them. */
const TRUSTED = "VMCORE_DEBUG_TRUSTED";

/**
 * Runs the files of the home directory, then those of the working directory if it is trusted: a line of such a file can
 * run any program, and the directory of a dump may come from another person.
 * @param isShown whether their output is printed; their errors always are
 */
export async function runRcFiles(terminal: Terminal, isShown: boolean): Promise<void> {
  const [home, here] = [homedir(), process.cwd()];
  const run = async (path: string): Promise<void> => {
    if (isShown) await terminal.executeFile(path).catch(reportError);
    else await terminal.configure(path);
  };
  for (const name of NAMES) if (existsSync(join(home, name))) await run(join(home, name));
  if (realPath(here) === realPath(home)) return;
  for (const name of NAMES) {
    if (!existsSync(name)) continue;
    if (isTrusted(here, process.env[TRUSTED] ?? "")) await run(join(here, name));
    else if (isShown)
      process.stderr.write(
        printable(`vmcore-debug: ${name} of this directory does not run: name the directory in ${TRUSTED}`) + "\n",
      );
  }
}

/** Returns a path without symbolic links; the path itself if nothing is there. */
const realPath = (named: string): string => attemptSystem(() => realpathSync(named)) ?? named;

/**
 * Whether a directory is one of a list, or below one. @param list separated as PATH is @param paths the operating
 * system's kind of paths: on Windows the way to another drive is an absolute path
 */
export function isTrusted(directory: string, list: string, paths: PlatformPath = path): boolean {
  return list.split(paths.delimiter).some((one) => {
    if (one === "") return false;
    const way = paths.relative(realPath(one), realPath(directory));
    return way !== ".." && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
  });
}
