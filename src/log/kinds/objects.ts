/** Headlines about objects that are held too long, full tables and interrupts that no driver handles. */
import type { KindRow } from "./kind.ts";

/** Objects that are held too long, full tables, unhandled interrupts: mostly reported in one line. */
export const objects: readonly KindRow[] = [
  {
    pattern:
      /^unregister_netdevice: waiting for (?<device>\S{1,32}) to become free(?:\. Usage count = (?<count>\d{1,10}))?/,
    kind: "netdev-held",
    severity: "error",
    printedBy: "netdev_wait_allrefs_any",
    title: "unregister_netdevice: waiting for DEV to become free",
    type: "DoS",
    guilty: "none",
    isLine: true,
  },
  {
    pattern: /^VFS: Busy inodes after unmount/,
    kind: "inodes-busy",
    severity: "error",
    printedBy: "generic_shutdown_super",
    title: "VFS: Busy inodes after unmount (use-after-free)",
    type: "DoS",
    guilty: "none",
    isLine: true,
  },
  {
    pattern: /^VFS: (?<close>Close): file count is 0/,
    kind: "inodes-busy",
    severity: "error",
    printedBy: "filp_close",
    title: "VFS: Close: file count is zero (use-after-free)",
    type: "DoS",
    guilty: "none",
    isLine: true,
  },
  {
    pattern:
      /^BUG: Dentry (?:\S{1,40}\{i=[0-9a-f]{1,16},n=(?<name>.{0,256})\}|.{0,300}) {1,2}still in use(?: \((?<count>-?\d+)\)(?: \[(?<action>\S{1,40}) of (?<fs>[^\]]{1,64})\])?)?/,
    kind: "dentry-held",
    severity: "error",
    printedBy: "umount_check",
    title: "BUG: Dentry still in use in {action}",
    guilty: "none",
  },
  {
    pattern: /^(?:nf_conntrack: ){1,2}(?:expectation )?table full, dropping packet/,
    kind: "conntrack-full",
    severity: "warning",
    printedBy: "__nf_conntrack_alloc",
    title: "nf_conntrack: table full",
    guilty: "none",
    isLine: true,
  },
  {
    pattern: /^irq (?<irq>\d+): nobody cared/,
    kind: "irq-nobody",
    severity: "error",
    printedBy: "__report_bad_irq",
    title: "irq {irq}: nobody cared",
    guilty: "none",
  },
];
