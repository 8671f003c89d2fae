/** The running kernel as something to open. */
import { attemptSystem } from "../base/systemError.ts";
import { accessSync, constants, statSync } from "node:fs";
import { UsageError } from "../base/usageError.ts";

/** The running kernel's memory as an ELF core (fs/proc/kcore.c), which `attach` opens. */
export const KCORE = "/proc/kcore";

/** Checks that this process may read the running kernel. @throws UsageError that says what to do if it may not */
export function checkLiveKernel(path = KCORE): void {
  if (!statSync(path, { throwIfNoEntry: false })) {
    throw new UsageError(
      `there is no ${path}: this system's kernel has none (CONFIG_PROC_KCORE), or hides it in a container; attach outside of the container, or open a dump`,
    );
  }
  if (!attemptSystem(() => (accessSync(path, constants.R_OK), true))) {
    throw new UsageError(
      `${path} may not be read: start the editor, or vmcore-debug dap, as root (CAP_SYS_RAWIO); a kernel in lockdown forbids it to root, too`,
    );
  }
}
