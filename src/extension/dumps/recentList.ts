/** The list of dumps that were opened, and the rows in which a view shows them. It imports nothing of vscode. */
import type { About } from "../../protocol/custom.ts";
import { dumpName, titleOf } from "../dumpName.ts";

/** A dump that was opened, with facts that its session reported. */
export interface Recent extends Pick<About, "vmcore" | "title" | "crash" | "panicked" | "release" | "host"> {
  /** When the dump was opened last, in milliseconds since 1970. */
  readonly openedAt: number;
}

/** A row of the view. */
export interface DumpRow {
  readonly vmcore: readonly string[];
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly state: "open" | "closed" | "missing";
}

/** Maximum number of dumps; those that were not opened for the longest time are dropped. */
const MAX_RECENT = 20;

/** Files with the memory of the running kernel, which is another one after the next boot. */
const RUNNING_KERNEL: readonly string[] = ["/proc/kcore", "/dev/crash", "/dev/mem"];

/** Whether files can be opened again as the same dump. @param exists whether a file exists */
export const isKept = (vmcore: readonly string[], exists: (path: string) => boolean): boolean =>
  vmcore.every((path) => !RUNNING_KERNEL.includes(path) && exists(path));

export const keyOf = (vmcore: readonly string[]): string => vmcore.join("\0");

/** The list with a dump in front. */
export function withDump(list: readonly Recent[], about: About, openedAt: number): readonly Recent[] {
  const { vmcore, title, crash, panicked, release, host } = about;
  const newest = { vmcore, title, crash, panicked, release, host, openedAt };
  return [newest, ...withoutDump(list, vmcore)].slice(0, MAX_RECENT);
}

export const withoutDump = (list: readonly Recent[], vmcore: readonly string[]): readonly Recent[] =>
  list.filter((one) => keyOf(one.vmcore) !== keyOf(vmcore));

/**
 * The rows: open dumps first, then the others, the last opened one first.
 * @param open `keyOf` of the dumps that are open
 * @param exists whether all files of a dump exist
 */
export function dumpRows(
  list: readonly Recent[],
  open: { has(key: string): boolean },
  exists: (vmcore: readonly string[]) => boolean,
): readonly DumpRow[] {
  const rows = list.map((one): DumpRow => {
    const state = open.has(keyOf(one.vmcore)) ? "open" : exists(one.vmcore) ? "closed" : "missing";
    const what = one.crash ?? titleOf(one);
    const words = [state === "closed" ? "" : state, what, one.release, one.host];
    return {
      vmcore: one.vmcore,
      label: dumpName(one.vmcore),
      description: words.filter(Boolean).join(" · "),
      tooltip: [...one.vmcore, what, `opened ${new Date(one.openedAt).toLocaleString()}`].join("\n"),
      state,
    };
  });
  return [...rows.filter(({ state }) => state === "open"), ...rows.filter(({ state }) => state !== "open")];
}
