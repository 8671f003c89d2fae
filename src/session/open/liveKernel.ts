/** The running kernel as something to open. */
import { attemptSystem } from "../../base/systemError.ts";
import { accessSync, constants, statSync } from "node:fs";
import { OpenError } from "./openError.ts";

/** The running kernel's memory as an ELF core (fs/proc/kcore.c), which `attach` and the terminal open. */
export const KCORE = "/proc/kcore";

/** Checks that this process may read the running kernel. @throws OpenError that says what to do if it may not */
export function checkLiveKernel(path = KCORE): void {
  if (!statSync(path, { throwIfNoEntry: false })) {
    throw new OpenError(
      `there is no ${path}: this system's kernel has none (CONFIG_PROC_KCORE), or hides it in a container; use vmcore-debug outside of the container, or name a dump`,
    );
  }
  if (!attemptSystem(() => (accessSync(path, constants.R_OK), true))) {
    throw new OpenError(
      `${path} may not be read: run vmcore-debug, or the editor, as root (CAP_SYS_RAWIO); a kernel in lockdown forbids it to root, too`,
    );
  }
}
