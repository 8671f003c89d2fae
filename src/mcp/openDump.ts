/** The tool `open_dump`: opens a dump, or lists the dumps. */
import { z } from "zod";
import { attempt, Fault } from "../base/fault.ts";
import { headlineOf } from "../insight/analyze.ts";
import { progress, record } from "../say/piece.ts";
import { dumpsBelow } from "../session/find/dumpFiles.ts";
import { type Asking, conclusion } from "../tools/tool.ts";
import type { OpenDumps, OpenedDump } from "./openDumps.ts";

/** The arguments of `open_dump`. */
export const openInput = z.strictObject({
  path: z
    .union([z.string().min(1).max(4096), z.array(z.string().min(1).max(4096)).min(1).max(64)])
    .optional()
    .describe("the dump, or all files of a split dump; default: list the dumps that can be opened"),
  vmlinux: z.string().max(4096).optional().describe("the kernel's debuginfo; default: searched for"),
});

export const openDump = {
  name: "open_dump",
  title: "Open a Dump",
  description:
    "Opens a Linux kernel crash dump for the other tools, and says what it is, what crashed in one line, and what is missing (debuginfo, pages). Without a path it lists the open dumps and those that can be opened.",
} as const;

/** Opens a dump, or lists the dumps. @throws UsageError, OpenError */
export function* opening(dumps: OpenDumps, { path, vmlinux }: z.infer<typeof openInput>): Asking {
  if (path === undefined) return yield* listed(dumps);
  const opened = yield* dumps.opening(typeof path === "string" ? [path] : path, vmlinux);
  const data = openedJson(opened);
  yield record(data, JSON.stringify(data));
  yield conclusion(`${opened.name} is open: ${data.title}`, "sys");
}

function* listed(dumps: OpenDumps): Asking {
  const open = dumps.all;
  for (const one of open) yield record({ open: true, ...openedJson(one) }, `open: ${one.name}`);
  let found = 0;
  for (const file of dumpsBelow(dumps.roots)) {
    if (!file) yield progress("directories", found, 0);
    else if (++found) yield record({ open: false, ...file }, `${file.path} (${file.size} bytes)`);
  }
  yield conclusion(`${open.length} open; ${found} dump files below ${dumps.roots.join(", ")}.`);
}

/** Describes an open dump. */
function openedJson({ name, files, session }: OpenedDump) {
  const { kernel, dump, vmlinux, warnings, context } = session;
  const headline = attempt(() => headlineOf(kernel));
  return {
    dump: name,
    files,
    format: dump.format,
    machine: kernel.arch.name,
    release: session.memory.vmcoreinfo?.text("OSRELEASE") ?? null,
    vmlinux: vmlinux?.path ?? null,
    title: headline instanceof Fault ? `the log cannot be read: ${headline.message}` : headline.title,
    kind: headline instanceof Fault ? null : headline.kind,
    missing: [...context.session.limitations],
    warnings: [...warnings],
  };
}
