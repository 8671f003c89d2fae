/** Headlines of modules from out of the tree. */
import type { KindRow } from "./kind.ts";

/** Checks that large modules from out of the kernel's tree print in their own words. */
export const modules: readonly KindRow[] = [
  {
    // OpenZFS, module/os/linux/spl/spl-err.c: what was verified, then spl_panic().
    pattern: /^(?<check>VERIFY\w{0,8}\(.{1,300}\) failed.{0,200}|VERIFY failed.{0,200})/,
    kind: "module-panic",
    severity: "error",
    printedBy: "spl_panic (OpenZFS)",
    title: "ZFS panic in {where}",
    guilty: "trace",
  },
  {
    pattern: /^PANIC at (?<place>[\w./-]{1,200}:\d+):(?<function>\w{1,128})\(\)/,
    kind: "module-panic",
    severity: "error",
    printedBy: "spl_panic (OpenZFS)",
    title: "ZFS panic in {where}",
    guilty: "headline",
    after: ["module-panic"],
  },
  {
    // Lustre, libcfs/libcfs/debug.c: lbug_with_loc() stops the thread for good.
    pattern:
      /^LustreError: (?:\d+:\d+:)?\((?<place>[\w.-]{1,128}:\d+):(?<function>\w{1,128})\(\)\) (?<check>ASSERTION\(.{1,300}|LBUG)/,
    kind: "module-panic",
    severity: "error",
    printedBy: "lbug_with_loc (Lustre)",
    title: "Lustre LBUG in {where}",
    guilty: "headline",
    after: ["module-panic"],
  },
];
