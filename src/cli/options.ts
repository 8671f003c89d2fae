/** Parses the command line. */
import { parseSize } from "../base/budget.ts";
import { parseArguments } from "../base/arguments.ts";
import { UsageError } from "../base/usageError.ts";
import { type OpenOptions, rawDump } from "../session/open/openOptions.ts";
import { runningKernel } from "../session/open/liveKernel.ts";
import { isSystemMapFile, withDebuginfo } from "../session/open/namedFiles.ts";
import { placedFiles } from "../session/open/placedFiles.ts";
import { elfKind, isUserProgram } from "../session/open/vmlinux.ts";

export interface CliOptions {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  readonly systemMap: string | undefined;
  /** Whether a guest over a gdbstub runs on between reads. */
  readonly live: boolean;
  /** Where the dump is in memory, if it is memory without a header. */
  readonly raw: OpenOptions["raw"];
  readonly modules: readonly string[];
  /** Directories to search for debuginfo, in addition to the usual places. */
  readonly debuginfo: readonly string[];
  /** Trees or packed archives of the kernel's source. */
  readonly kernelSource: readonly string[];
  /** Whether to search for debuginfo that was not named. */
  readonly searches: boolean;
  readonly commands: readonly string[];
  readonly inputs: readonly string[];
  /** Whether `debuginfo` downloads what is missing. */
  readonly downloads: boolean;
  /** Maximum number of bytes that are unpacked into the cache; undefined for the default of 2 GiB. */
  readonly unpackLimit: number | undefined;
  /** The file for the commands with their outputs. */
  readonly record: string | undefined;
  /** Whether to leave out what can be secret. */
  readonly redact: boolean;
  readonly json: boolean;
  readonly force: boolean;
  readonly silent: boolean;
  readonly rc: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

export const usageText = `Usage: vmcore-debug [options] [VMLINUX] VMCORE...
       vmcore-debug analyze [-v | --markdown] [--fixes] [options] VMCORE...
       vmcore-debug debuginfo [options] VMCORE...
       vmcore-debug doctor [--json] [CONFIG]
       vmcore-debug info [--json] [--base RANGES] VMCORE...
       vmcore-debug log [--json] [--vmlinux VMLINUX | --resolve VMLINUX] FILE...
       vmcore-debug report [-o FILE.md|FILE.html] [options] VMCORE...
       vmcore-debug report --check FILE [options] VMCORE...
       vmcore-debug notebook run FILE [-o FILE] [options] VMCORE...
       vmcore-debug compare [options] A B
       vmcore-debug symbols [--json] [remove (NAME... | --older DAYS | --all)]
       vmcore-debug query "SQL" [--json] [--time-limit SECONDS] [options] VMCORE...
       vmcore-debug query --tables
       vmcore-debug mcp [--root DIR]... [options] [VMCORE...]
       vmcore-debug distill [options] VMCORE... -o FILE [--for "COMMANDS"] [--keep ADDR..ADDR] [--scrub | --scrub-names]
       vmcore-debug triage PATH... [--jobs N] [--json] [--full] [--redact] [--db FILE] [--shard I/N] [-o FILE.html]
       vmcore-debug --report-bug [options] [VMCORE...]
       vmcore-debug dap [--listen [HOST:]PORT|unix:PATH]
       vmcore-debug sample [options]
       vmcore-debug docs [json | formats | schema]
       vmcore-debug completions bash|zsh|fish
       vmcore-debug man

Opens a Linux kernel crash dump. VMLINUX, the kernel with its debuginfo, is recognized by its content, at any position;
without it, vmcore-debug searches for it. VMLINUX.debug, System.map and vmlinuz of x86 (types, no lines) are recognized
too. Several VMCOREs are the files of one split dump. VMCORE can be the directory that contains the dump, the address of
a file on a web server (https://...), or the gdbstub of a QEMU guest, as gdb:HOST:PORT or gdb:unix:PATH. Without
arguments, the running kernel is opened (/proc/kcore, else /dev/crash or /dev/mem, as root).

  -c, --command CMD    run a command and exit; may be repeated
  -i, --input FILE     run the commands in FILE first, with banner and prompts (not with -s); may be repeated
      --vmlinux FILE   the kernel's debuginfo, or a package (.deb, .ddeb, .rpm) that contains it
      --system-map FILE  System.map or a copy of /proc/kallsyms, for names that the dump does not contain
      --base RANGES    the dump is memory without a header, at ADDR or at FIRST-LAST,FIRST-LAST...; without it,
                       FILE@ADDR,FILE@ADDR... in place of VMCORE names the files of such memory, as in crash
      --live           let a guest (gdb:) run between reads; otherwise it is paused
      --modules DIR    directory or package with modules' debuginfo; may be repeated
      --debuginfo DIR  directory with both, laid out like /usr/lib/debug; may be repeated
      --source DIR     the kernel's source: a tree, a git repository or a packed archive; may be repeated
      --no-search      use only the debuginfo named here; do not search for other files
      --download       with "debuginfo": fetch what is missing from the servers of DEBUGINFOD_URLS
      --unpack-limit SIZE  limit for unpacking into the cache; default: 2G
      --record FILE    write the commands and their outputs to FILE, as Markdown that is a crash notebook
      --redact         leave out user memory, keys, command lines and the host's name
      --json           one JSON document per command
      --force          use the vmlinux even if it is of another build
  -s, --silent         no banner, and no lines of files with a prompt
      --no-rc          do not run .crashrc and .vmcoredebugrc of the home directory, and of the working directory
                       where VMCORE_DEBUG_TRUSTED names it or a directory above it
  -h, --help           this text; after a verb, its options, examples and exit statuses
      --version        version of vmcore-debug

Without -c, commands are read from standard input, with a prompt if it is a terminal; "help" lists them.
Exit status: 0 success, 1 a command failed, 2 wrong usage, 3 the dump or the vmlinux could not be opened.
`;

/** Parses the arguments. @throws UsageError */
export function readOptions(argv: readonly string[]): CliOptions {
  const { values, positionals } = parse(argv);
  const kernels = positionals.filter((path) => {
    const kind = elfKind(path);
    if (kind === "module") throw new UsageError(`${path} is a kernel module: name its directory with --modules`);
    return kind === "program";
  });
  const others = positionals.filter((path) => !kernels.includes(path));
  const maps = values["system-map"] === undefined && others.length > 1 ? others.filter(isSystemMapFile) : [];
  const named = others.filter((path) => !maps.includes(path));
  const memory = values.base === undefined ? placedFiles(named) : undefined;
  const vmcore = memory ? [...memory.files] : named;
  const { vmlinux, more } = vmlinuxOf(values.vmlinux === undefined ? kernels : [values.vmlinux, ...kernels]);
  if (maps[1] !== undefined)
    throw new UsageError(`two System.map files are given, ${maps[0]} and ${maps[1]}: name only the dump's kernel's`);
  if (more !== undefined)
    throw new UsageError(`two kernels are given, ${vmlinux ?? ""} and ${more}: name only the dump's kernel`);
  // Only without any file; a file that cannot be opened never leads to the running kernel.
  if (positionals.length === 0 && values.vmlinux === undefined) vmcore.push(runningKernel());
  if (vmcore.length === 0 && !values.help && !values.version) {
    throw new UsageError(
      kernels[0] === undefined
        ? "a dump is missing: name a VMCORE"
        : `${kernels[0]} is ${isUserProgram(kernels[0]) ? "neither a dump nor a Linux kernel" : "a kernel; a dump is missing: name a VMCORE"}`,
    );
  }
  return {
    vmcore,
    vmlinux,
    systemMap: values["system-map"] ?? maps[0],
    raw: memory?.raw ?? rawDump(values.base, "--base"),
    live: values.live ?? false,
    modules: values.modules ?? [],
    debuginfo: values.debuginfo ?? [],
    kernelSource: values.source ?? [],
    searches: !values["no-search"],
    commands: values.command ?? [],
    inputs: values.input ?? [],
    downloads: values.download ?? false,
    unpackLimit: unpackLimit(values["unpack-limit"]),
    record: values.record,
    redact: values.redact ?? false,
    json: values.json ?? false,
    force: values.force ?? false,
    silent: values.silent ?? false,
    rc: !values["no-rc"],
    help: values.help ?? false,
    version: values.version ?? false,
  };
}

/**
 * Returns the kernel among the named files, and the first file that is too many, each undefined if there is none. A
 * stripped kernel and its debuginfo are one kernel.
 */
function vmlinuxOf([first, second, third]: readonly string[]): {
  readonly vmlinux: string | undefined;
  readonly more: string | undefined;
} {
  const debuginfo = first !== undefined && second !== undefined ? withDebuginfo(first, second) : undefined;
  return debuginfo === undefined ? { vmlinux: first, more: second } : { vmlinux: debuginfo, more: third };
}

function parse(argv: readonly string[]) {
  return parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      command: { type: "string", short: "c", multiple: true },
      input: { type: "string", short: "i", multiple: true },
      vmlinux: { type: "string" },
      "system-map": { type: "string" },
      base: { type: "string" },
      live: { type: "boolean" },
      modules: { type: "string", multiple: true },
      debuginfo: { type: "string", multiple: true },
      source: { type: "string", multiple: true },
      "no-search": { type: "boolean" },
      download: { type: "boolean" },
      "unpack-limit": { type: "string" },
      record: { type: "string" },
      redact: { type: "boolean" },
      json: { type: "boolean" },
      force: { type: "boolean" },
      silent: { type: "boolean", short: "s" },
      "no-rc": { type: "boolean" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
    },
  });
}

/** Parses a size in bytes; undefined without a text. @throws UsageError */
function unpackLimit(text: string | undefined): number | undefined {
  const bytes = text === undefined ? undefined : parseSize(text);
  if (text !== undefined && bytes === undefined) throw new UsageError(`--unpack-limit ${text}: not a size such as 8G`);
  return bytes;
}
