import { attemptSystem } from "../base/systemError.ts";
import { accessSync, constants, statSync } from "node:fs";
import { UsageError } from "../base/usageError.ts";

/** The live kernel's memory as an ELF core (fs/proc/kcore.c): what `attach` opens. */
export const KCORE = "/proc/kcore";

/** @throws UsageError when this process may not read the live kernel, with what to do */
export function checkLiveKernel(path = KCORE): void {
  if (!statSync(path, { throwIfNoEntry: false })) {
    throw new UsageError(
      `there is no ${path}: this system's kernel has none (CONFIG_PROC_KCORE), or hides it in a container`,
    );
  }
  if (!attemptSystem(() => (accessSync(path, constants.R_OK), true))) {
    throw new UsageError(
      `${path} may not be read: start the editor, or vmcore-debug dap, as root (CAP_SYS_RAWIO); a kernel in lockdown forbids it to root, too`,
    );
  }
}
