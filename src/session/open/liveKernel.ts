/** The running kernel as something to open. */
import { attemptSystem } from "../../base/systemError.ts";
import { accessSync, constants, statSync } from "node:fs";
import { MEMORY_DEVICES } from "./memoryDevice.ts";
import { OpenError } from "./openError.ts";

/** The running kernel's memory as an ELF core (fs/proc/kcore.c), which `attach` and the terminal open. */
export const KCORE = "/proc/kcore";

const exists = (path: string): boolean => attemptSystem(() => statSync(path)) !== undefined;
const isReadable = (path: string): boolean => attemptSystem(() => (accessSync(path, constants.R_OK), true)) ?? false;

/** Returns the path of the running kernel's memory: the first that can be read, else the first that exists. */
export function runningKernel(paths: readonly string[] = [KCORE, ...MEMORY_DEVICES]): string {
  return paths.find(isReadable) ?? paths.find(exists) ?? KCORE;
}

/** Checks that this process may read the running kernel. @throws OpenError that says what to do if it may not */
export function checkLiveKernel(path = KCORE): void {
  if (!exists(path)) {
    throw new OpenError(
      `there is no ${path}: this system's kernel has none (CONFIG_PROC_KCORE), or hides it in a container; use vmcore-debug outside of the container, or name a dump`,
    );
  }
  if (!isReadable(path)) {
    throw new OpenError(
      `${path} may not be read: run vmcore-debug, or the editor, as root (CAP_SYS_RAWIO); a kernel in lockdown forbids it to root, too`,
    );
  }
}
