/** Checks a panic because the root file system could not be mounted. */
import { attempt, Fault } from "../../base/fault.ts";
import { disks } from "../../linux/block/gendisk.ts";
import { commandLine } from "../../linux/kdump/crashkernel.ts";
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
    const line = loggedCommandLine(kernel);
    // The dump may lack the memory, or have other text there that a filter wrote, so that only a root= in it counts.
    const memory = attempt(() => commandLine(kernel));
    const stored = memory instanceof Fault ? undefined : lastRoot(memory);
    const root = stored ?? lastRoot(line?.text ?? "");
    const names = attempt(() => [...disks(kernel)].map((disk) => disk.at("disk_name").text()));
    const diskNames = names instanceof Fault ? undefined : names;
    const evidence: [Evidence, ...Evidence[]] = [{ kind: "log", line: panic.line, text: panic.text.trim() }];
    if (line) evidence.push({ kind: "log", line: line.at, text: line.text });
    else if (stored !== undefined)
      evidence.push({ kind: "output", command: "p saved_command_line", text: `root=${stored}` });
    yield {
      id: "root.missing",
      severity: "cause",
      certainty: "certain",
      slots: { root, devices: diskNames?.join(" ") },
      text: [
        root !== undefined
          ? `The kernel command line has root=${root}`
          : line?.isWhole
            ? "The kernel command line has no root="
            : "The root file system could not be mounted",
        diskNames === undefined ? "." : diskNames.length === 0 ? "; there are no disks." : `; ${diskWords(diskNames)}.`,
      ],
      evidence,
      unknown: [
        ...(line?.isWhole || root !== undefined
          ? []
          : [{ what: "the kernel command line", because: `the log does not have ${line ? "all of it" : "it"}` }]),
        ...(names instanceof Fault ? [{ what: "which disks there are", because: names }] : []),
      ],
    };
  },
};

/** Returns the value of the last root= of a command line, which is the one that the kernel uses; undefined without one. */
const lastRoot = (text: string): string | undefined => [...text.matchAll(/(?:^|\s)root=(\S+)/g)].at(-1)?.[1];

/** Maximum number of disks that are named. */
const MAX_DISKS = 64;

function diskWords(names: readonly string[]): string {
  const more = names.length - MAX_DISKS;
  return `the disks are ${names.slice(0, MAX_DISKS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Length from which a line of the log may be cut: a record has room for about 1000 bytes, a command line is longer. */
const MAX_WHOLE = 900;

/** The line of the log that shows the kernel command line. */
interface LoggedLine {
  readonly at: number;
  readonly text: string;
  /** Whether it is certainly the whole command line: not cut, and not continued in the next line of the log. */
  readonly isWhole: boolean;
}

/** Returns the line of the log that shows the kernel command line; undefined if there is none. */
function loggedCommandLine(kernel: Kernel): LoggedLine | undefined {
  const lines = logLines(kernel);
  const at = lines.findIndex(({ text }) => /^(?:Kernel c|C)ommand line: /.test(text));
  const text = lines[at]?.text;
  return text === undefined ? undefined : { at, text, isWhole: text.length < MAX_WHOLE && !text.endsWith("\\") };
}
