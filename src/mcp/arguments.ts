/** Parses the command line of the server. */
import { dirname, resolve } from "node:path";
import { parseArguments } from "../base/arguments.ts";
import { UsageError } from "../base/usageError.ts";
import { isDirectory } from "../base/file.ts";

/** The options of the server. */
export interface ServerOptions {
  /** The files of the dump to open at the start; empty for none. */
  readonly vmcore: readonly string[];
  /** Directories whose dumps may be opened. */
  readonly roots: readonly string[];
  readonly vmlinux: string | undefined;
  readonly modules: readonly string[];
  readonly debuginfo: readonly string[];
  readonly kernelSource: readonly string[];
  /** Whether to search the usual places for debuginfo. */
  readonly searches: boolean;
  /** Whether to leave out what can be secret. */
  readonly redact: boolean;
}

export const USAGE = `usage: vmcore-debug mcp [--root DIR]... [options] [VMCORE...]

Serves the Model Context Protocol on standard input and output: tools that read crash dumps. Only dumps below the
directories of --root can be opened, by default the directory of VMCORE. Nothing is downloaded, and files are written
only to the cache directory, as "vmcore-debug symbols" lists them.

      --root DIR       dumps below this directory may be opened; may be repeated
      --vmlinux FILE   the kernel's debuginfo for VMCORE
      --modules DIR    directory with modules' debuginfo; may be repeated
      --debuginfo DIR  directory with both, laid out like /usr/lib/debug; may be repeated
      --source DIR     the kernel's source; may be repeated
      --no-search      use only the debuginfo named here
      --redact         leave out user memory, keys, command lines and the host's name
`;

/** Parses the arguments. @throws UsageError, also for a root that is not a directory: a client would only list no dumps */
export function readServerOptions(argv: readonly string[]): ServerOptions {
  const { values, positionals } = parsed(argv);
  const wrong = values.root?.find((path) => !isDirectory(path));
  if (wrong !== undefined) throw new UsageError(`--root ${wrong} is not a directory that can be read`);
  const roots = values.root ?? [...new Set(positionals.map((path) => dirname(resolve(path))))];
  return {
    vmcore: positionals,
    roots,
    vmlinux: values.vmlinux,
    modules: values.modules ?? [],
    debuginfo: values.debuginfo ?? [],
    kernelSource: values.source ?? [],
    searches: values["no-search"] !== true,
    redact: values.redact ?? false,
  };
}

function parsed(argv: readonly string[]) {
  return parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      root: { type: "string", multiple: true },
      vmlinux: { type: "string" },
      modules: { type: "string", multiple: true },
      debuginfo: { type: "string", multiple: true },
      source: { type: "string", multiple: true },
      "no-search": { type: "boolean" },
      redact: { type: "boolean" },
    },
  });
}
