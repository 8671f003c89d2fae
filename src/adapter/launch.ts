/** Parses and checks the arguments of `launch` and `attach`. */
import { parseSize, Budget } from "../base/budget.ts";
import { UsageError } from "../base/usageError.ts";
import { runningKernel } from "../session/open/liveKernel.ts";
import { placesOf } from "../session/find/debuginfoPlaces.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import { type OpenOptions, rawDump } from "../session/open/openOptions.ts";
import type { Client } from "./client.ts";

/** The checked arguments of `launch` and `attach`, as package.json documents them. */
export interface LaunchArguments {
  readonly vmcore: readonly string[];
  readonly vmlinux: string | undefined;
  /** Candidates that are used when their build ID is that of the dump. Internal, not documented. */
  readonly preferredVmlinux: readonly string[];
  /** The vmlinux that the user chose earlier for each build ID. Internal, not documented. */
  readonly chosenVmlinux: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
  readonly systemMap: string | undefined;
  /** Whether a guest over a gdbstub runs on between reads. */
  readonly live: boolean;
  /** Where the dump is in memory, if it is memory without a header. */
  readonly raw: OpenOptions["raw"];
  /** A candidate that is used when it belongs to the dump's kernel. Internal, not documented. */
  readonly preferredSystemMap: string | undefined;
  /** Directories of debuginfo, flat or laid out like /usr/lib/debug. */
  readonly debuginfo: readonly string[];
  /** URLs of debuginfod servers. Empty: those of DEBUGINFOD_URLS. */
  readonly debuginfod: readonly string[];
  /** Whether to search for debuginfo that no argument names. */
  readonly searches: boolean;
  readonly kernelSource: readonly string[];
  readonly sourceFileMap: Readonly<Record<string, string>>;
  /** Open folders of the editor, searched for sources and a vmlinux. Internal, not documented. */
  readonly workspace: readonly string[];
  /** URI scheme under which the editor opens sources that are not files. Internal, not documented. */
  readonly sourceScheme: string | undefined;
  readonly threads: "all" | "relevant" | number;
  readonly initCommands: readonly string[];
  /** Maximum number of unpacked bytes that are kept. */
  readonly unpackLimit: number | undefined;
  /** Whether the client answers `vmcore/ask`. Internal, not documented. */
  readonly asks: boolean;
  readonly force: boolean;
  readonly trace: boolean;
}

/**
 * Parses the arguments.
 *
 * @param request "launch" opens `vmcore`; "attach" opens the running kernel when `vmcore` is absent
 * @throws UsageError that names the attribute and its valid values
 */
export function launchArguments(request: "launch" | "attach", raw: unknown): LaunchArguments {
  const given = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  const vmcore = strings(given, "vmcore");
  if (request === "attach" && vmcore.length === 0) vmcore.push(runningKernel());
  if (vmcore.length === 0) throw new UsageError('"vmcore" is missing: give the path of the crash dump');
  return {
    vmcore,
    vmlinux: text(given, "vmlinux"),
    preferredVmlinux: strings(given, "preferredVmlinux"),
    chosenVmlinux: pathMap(given, "chosenVmlinux"),
    modules: strings(given, "modules"),
    systemMap: text(given, "systemMap"),
    live: flag(given, "live"),
    raw: rawDump(text(given, "base"), '"base"'),
    preferredSystemMap: text(given, "preferredSystemMap"),
    debuginfo: strings(given, "debuginfo"),
    debuginfod: strings(given, "debuginfod"),
    searches: flag(given, "search", true),
    kernelSource: strings(given, "kernelSource"),
    sourceFileMap: pathMap(given, "sourceFileMap"),
    workspace: strings(given, "workspace"),
    sourceScheme: text(given, "sourceScheme"),
    threads: threadChoice(given.threads),
    initCommands: strings(given, "initCommands"),
    unpackLimit: size(given, "unpackLimit"),
    asks: flag(given, "asks"),
    force: flag(given, "force"),
    trace: flag(given, "trace"),
  };
}

function strings(given: Record<string, unknown>, name: string): string[] {
  const value = given[name];
  const list = value === undefined || value === null || value === "" ? [] : Array.isArray(value) ? value : [value];
  return list.map((item: unknown) => {
    if (typeof item !== "string") throw new UsageError(`"${name}" must be a string or a list of strings`);
    return item;
  });
}

function text(given: Record<string, unknown>, name: string): string | undefined {
  const [first, ...more] = strings(given, name);
  if (more.length > 0) throw new UsageError(`"${name}" must be one string`);
  return first;
}

function size(given: Record<string, unknown>, name: string): number | undefined {
  const value = text(given, name);
  const bytes = value === undefined ? undefined : parseSize(value);
  if (value !== undefined && bytes === undefined) throw new UsageError(`"${name}" must be a size such as "8G"`);
  return bytes;
}

function flag(given: Record<string, unknown>, name: string, otherwise = false): boolean {
  const value = given[name] ?? otherwise;
  if (typeof value !== "boolean") throw new UsageError(`"${name}" must be true or false`);
  return value;
}

function pathMap(given: Record<string, unknown>, name: string): Record<string, string> {
  const value = given[name] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError(`"${name}" must be an object of path prefixes`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([from, to]: [string, unknown]) => {
      if (typeof to !== "string") throw new UsageError(`"${name}": ${from} must map to a string`);
      return [from, to];
    }),
  );
}

function threadChoice(value: unknown): LaunchArguments["threads"] {
  if (value === undefined || value === null || value === "all") return "all";
  if (value === "relevant") return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError('"threads" must be "all", "relevant" or a positive number');
}

/** Returns the limits for unpacked data in a session. */
export const budgetFor = ({ unpackLimit, asks }: LaunchArguments, client: Client): Budget =>
  new Budget({
    kept: unpackLimit,
    remedy: '"unpackLimit": "8G" allows more',
    ...(asks && { ask: (question: string) => client.ask(question) }),
  });

/** Returns the options for opening a dump: the launch arguments and the directories of this machine. */
export const openOptions = (args: LaunchArguments, budget: Budget) => ({
  ...args,
  budget,
  search: args.searches ? placesOf(args.vmcore, [...args.debuginfo, ...args.workspace], process.env) : undefined,
  indexes: indexDirectory(process.env),
});
