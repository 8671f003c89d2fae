/** Checks why the root file system could not be mounted. */
import { attempt, Fault } from "../../base/fault.ts";
import { disks } from "../../linux/block/gendisk.ts";
import { logLines } from "../../linux/printk/printk.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import type { Evidence } from "../evidence.ts";

/** Reports the requested root file system and the existing block devices. */
export const rootMissing: Check = {
  id: "root-missing",
  needs: [],
  about: ["panic"],
  *run(kernel, { panic }) {
    if (!panic || !/Unable to mount root fs|Cannot open root device|No working init found/.test(panic.text)) return;
    const line = commandLine(kernel);
    const root = line && /(?:^|\s)root=(\S+)/.exec(line.text)?.[1];
    const names = attempt(() => [...disks(kernel)].slice(0, MAX_DISKS).map((disk) => disk.at("disk_name").text()));
    const there = names instanceof Fault ? undefined : names;
    const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: panic.line, text: panic.text.trim() }];
    if (line) evidence.push({ kind: "log", line: line.at, text: line.text });
    yield {
      id: "root.missing",
      severity: "cause",
      certainty: "certain",
      slots: { root, devices: there?.join(" ") },
      text: [
        root === undefined ? "The kernel command line has no root=" : `The kernel command line has root=${root}`,
        there === undefined
          ? "."
          : there.length === 0
            ? "; there are no disks."
            : `; the disks are ${there.join(", ")}.`,
      ],
      evidence,
      ...(names instanceof Fault ? { unknown: [{ what: "which disks there are", because: names }] } : {}),
    };
  },
};

const MAX_DISKS = 64;

/** Returns the line of the log that shows the kernel command line. */
function commandLine(kernel: Kernel): { readonly at: number; readonly text: string } | undefined {
  const lines = logLines(kernel);
  const at = lines.findIndex(({ text }) => /^(?:Kernel c|C)ommand line: /.test(text));
  return at < 0 ? undefined : { at, text: lines[at]?.text ?? "" };
}
