/** Provides the context of a log from the files of the kernel that wrote it. */
import { Budget } from "../../base/budget.ts";
import { UsageError } from "../../base/usageError.ts";
import { symbolText } from "../../debuginfo/symbols/symbolText.ts";
import type { LogContext } from "../../log/context.ts";
import type { PrintedPlace } from "../../log/place.ts";
import { buildTrees, moduleDirectories, placesOf } from "../find/debuginfoPlaces.ts";
import { ModuleFiles } from "../find/moduleFiles.ts";
import { SourceFiles } from "../sources/source.ts";
import { StaticKernel } from "./staticKernel.ts";

/**
 * Opens the kernel of a vmlinux for a log.
 * @param path of the vmlinux
 * @param release of the log; undefined if the log does not contain it
 * @throws UsageError for a vmlinux of another release; OpenError, Fault if the file is not a vmlinux
 */
export function kernelOfLog(path: string, release: string | undefined): StaticKernel {
  const places = placesOf([], [], process.env);
  const files = new ModuleFiles({
    directories: moduleDirectories(release, places, path),
    trees: buildTrees(release, places, path),
  });
  const kernel = StaticKernel.ofVmlinux(path, {
    sources: new SourceFiles({ ...(release !== undefined && { release }) }),
    modulePaths: (name) => files.paths(name),
    budget: new Budget(),
  });
  if (release !== undefined && kernel.release !== undefined && kernel.release !== release) {
    throw new UsageError(
      `${path} is of Linux ${kernel.release}, but the log is of ${release}: name the vmlinux of that release`,
    );
  }
  return kernel;
}

/**
 * Returns a context that answers from the files of a kernel.
 * @param disassemble result of `codeDecoder`
 */
export const contextOfKernel = (
  kernel: StaticKernel,
  disassemble: NonNullable<LogContext["disassemble"]>,
): LogContext => ({
  disassemble,
  memberAt: (place, access) => kernel.describe({ text: textOf(place), returns: false, access }, undefined)?.member,
  sourceOf: (place, returns) => kernel.describe({ text: textOf(place), returns }, undefined)?.places[0],
});

/** Formats a place as the argument of `describe`: `f+0x1/0x2 [module]`. */
export const textOf = ({ name = "", offset = 0, size, module }: PrintedPlace): string =>
  symbolText({ name, offset, size, module });
