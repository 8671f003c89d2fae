/** Checks a panic because the root file system could not be mounted. */
import { attempt, Fault } from "../../base/fault.ts";
import { disks } from "../../linux/block/gendisk.ts";
import { logLines } from "../../linux/printk/printk.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import type { Evidence } from "../evidence.ts";

/** Reports the root= of the command line and the disks that exist. */
export const rootMissing: Check = {
  id: "root-missing",
  needs: [],
  about: ["panic"],
  *run(kernel, { panic }) {
    if (!panic || !/Unable to mount root fs|Cannot open root device/.test(panic.text)) return;
    const line = commandLine(kernel);
    const root = line && /(?:^|\s)root=(\S+)/.exec(line.text)?.[1];
    const names = attempt(() => [...disks(kernel)].map((disk) => disk.at("disk_name").text()));
    const diskNames = names instanceof Fault ? undefined : names;
    const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: panic.line, text: panic.text.trim() }];
    if (line) evidence.push({ kind: "log", line: line.at, text: line.text });
    yield {
      id: "root.missing",
      severity: "cause",
      certainty: "certain",
      slots: { root, devices: diskNames?.join(" ") },
      text: [
        root !== undefined
          ? `The kernel command line has root=${root}`
          : line
            ? "The kernel command line has no root="
            : "The root file system was not found",
        diskNames === undefined ? "." : diskNames.length === 0 ? "; there are no disks." : `; ${diskWords(diskNames)}.`,
      ],
      evidence,
      unknown: [
        ...(line ? [] : [{ what: "the kernel command line", because: "the log does not have it" }]),
        ...(names instanceof Fault ? [{ what: "which disks there are", because: names }] : []),
      ],
    };
  },
};

/** Maximum number of disks that are named. */
const MAX_DISKS = 64;

function diskWords(names: readonly string[]): string {
  const more = names.length - MAX_DISKS;
  return `the disks are ${names.slice(0, MAX_DISKS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Returns the line of the log that shows the kernel command line; undefined if there is none. */
function commandLine(kernel: Kernel): { readonly at: number; readonly text: string } | undefined {
  const lines = logLines(kernel);
  const at = lines.findIndex(({ text }) => /^(?:Kernel c|C)ommand line: /.test(text));
  return at < 0 ? undefined : { at, text: lines[at]?.text ?? "" };
}
