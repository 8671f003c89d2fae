/** Opens a dump and runs commands on it. */
import { createInterface } from "node:readline";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Budget } from "../base/budget.ts";
import { Cancelled, drive, type Job } from "../base/job.ts";
import type { Piece } from "../say/piece.ts";
import manifest from "../../package.json" with { type: "json" };
import { isSystemError } from "../base/systemError.ts";
import { UsageError } from "../base/usageError.ts";
import type { Context, OutputFile, SessionFacts } from "../crash/language/command.ts";
import { missingTypes } from "../crash/language/missingTypes.ts";
import { ansi, plain } from "../render/style.ts";
import { printable } from "../base/printable.ts";
import { type DebuginfoPlaces, placesOf } from "../session/find/debuginfoPlaces.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import { missingModules, missingVmlinux } from "../session/find/missingDebuginfo.ts";
import { removeLeftovers } from "../session/fetch/leftovers.ts";
import { OpenError, openingSession, type OpenOptions, type Session } from "../session/open/open.ts";
import { download, hasServers, runSearch } from "./download.ts";
import { EXIT_ANSWERED, EXIT_CANCELLED, EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { ExtensionFiles } from "./extensionFiles.ts";
import { readOptions, usageText, type CliOptions } from "./options.ts";
import { ProgressLine } from "./progress.ts";
import { Recorder } from "./recorder.ts";
import { converse } from "./prompt.ts";
import { systemReason } from "./systemReason.ts";
import { runRcFiles } from "./rcFiles.ts";
import { reportError, Terminal } from "./terminal.ts";
import { taskWorkers } from "./parallel/taskWorkers.ts";
import { unpackPackages } from "./unpackPackages.ts";
import { refuseInputs } from "../session/refuseInputs.ts";

/** Runs `vmcore-debug [options] [VMLINUX] VMCORE...`. @returns the exit status */
export const openAndRun = (argv: readonly string[]): Promise<number> => withContext(argv, work);

/**
 * Opens a dump and does some work on it. Errors of the command line, of opening and of files are printed.
 * @param use returns whether everything was answered; its last argument opens the files again, because a running kernel
 * or guest has changed since (`refresh`)
 * @returns the exit status
 */
export async function withContext(
  argv: readonly string[],
  use: (context: Context, options: CliOptions & OpenOptions, reopen: () => Promise<Context>) => Promise<boolean>,
): Promise<number> {
  const options = optionsOf(argv);
  if (!options) return EXIT_USAGE;
  if (options.help || options.version) {
    process.stdout.write(options.help ? usageText : `vmcore-debug ${manifest.version}\n`);
    return EXIT_ANSWERED;
  }
  let session: Session | undefined;
  let wanted: CliOptions & OpenOptions;
  try {
    removeLeftovers(process.env);
    wanted = await unpackPackages(openOptionsOf(options));
    session = await openAndFetch(wanted);
  } catch (error) {
    if (error instanceof Cancelled) return EXIT_CANCELLED;
    if (!(error instanceof OpenError)) throw error;
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n`);
    return EXIT_OPEN;
  }
  try {
    for (const warning of session.warnings) process.stderr.write(`vmcore-debug: ${printable(warning)}\n`);
    const contextOf = (one: Session): Context => one.context.with(terminalContext(one));
    // A gdbstub accepts one connection at a time.
    const reopen = async (): Promise<Context> => {
      session?.close();
      session = undefined;
      session = await openAndFetch(wanted);
      return contextOf(session);
    };
    return (await use(contextOf(session), wanted, reopen)) ? EXIT_ANSWERED : EXIT_FAILED;
  } catch (error) {
    if (error instanceof Cancelled) return EXIT_FAILED;
    if (!(error instanceof UsageError) && !(error instanceof OpenError) && !isSystemError(error)) throw error;
    reportError(error);
    return EXIT_FAILED;
  } finally {
    session?.close();
  }
}

/** Parses the command line. Prints a mistake, and returns undefined then. */
export function optionsOf(argv: readonly string[]): CliOptions | undefined {
  try {
    return readOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`vmcore-debug: ${error.message}; see "vmcore-debug --help"\n`);
    return undefined;
  }
}

/** Services that only the terminal provides to commands. */
const terminalContext = ({ context }: Session): Pick<Context, "extensions" | "createFile"> => ({
  extensions: new ExtensionFiles(process.env["CRASH_EXTENSIONS"] ?? ""),
  createFile: fileCreator(context.session),
});

/** Returns the budget of the session for unpacking. */
export const budgetOf = ({ unpackLimit }: CliOptions): Budget =>
  new Budget({ kept: unpackLimit, remedy: '"--unpack-limit 8G" allows more' });

/**
 * Opens the dump, opens it again if debuginfod had the missing vmlinux, and downloads the debuginfo of modules.
 * @throws OpenError, Cancelled
 */
async function openAndFetch(wanted: CliOptions & OpenOptions): Promise<Session> {
  let session = await opened(wanted);
  if (!wanted.search || !hasServers()) return session;
  if (wanted.vmlinux === undefined && (await download(missingVmlinux(session))) > 0) {
    session.close();
    session = await opened(wanted);
  }
  if ((await download(await runSearch(missingModules(session)))) > 0) session.debuginfos.retry();
  return session;
}

/** Opens a dump. @throws OpenError, Cancelled */
const opened = (options: OpenOptions): Promise<Session> => withProgress(openingSession(options));

/** Runs a job with progress on stderr. Ctrl-C cancels it. @throws Cancelled */
export async function withProgress<T>(job: Job<T, Piece>): Promise<T> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.on("SIGINT", cancel);
  const line = new ProgressLine();
  const onStep = (step: Piece): void => (step.kind === "progress" ? line.show(step) : undefined);
  try {
    return await drive(job, abort.signal, { onStep });
  } finally {
    line.clear();
    process.off("SIGINT", cancel);
  }
}

/** Returns where to search for debuginfo that was not named; undefined if the user disabled the search. */
export const searchOf = ({ searches, vmcore, debuginfo }: CliOptions): DebuginfoPlaces | undefined =>
  searches ? placesOf(vmcore, debuginfo, process.env) : undefined;

const openOptionsOf = (options: CliOptions): CliOptions & OpenOptions => ({
  ...options,
  budget: budgetOf(options),
  search: searchOf(options),
  indexes: indexDirectory(process.env),
});

/** Returns the options with which another thread opens the same files. A budget cannot be shared with it. */
const threadOptions = ({ budget: _, ...options }: OpenOptions, { session }: Context): OpenOptions => ({
  ...options,
  vmlinux: session.vmlinux,
});

/** Runs commands from the options, in crash's order: rc files, -i, then -c or else standard input. */
async function work(
  context: Context,
  options: CliOptions & OpenOptions,
  reopen: () => Promise<Context>,
): Promise<boolean> {
  const isConversation = options.commands.length === 0 && process.stdin.isTTY;
  // As in crash, files print what a person would see; not for programs, which run commands with -c or read JSON.
  const showsFiles = options.commands.length === 0 && !options.json;
  const isGreeted = showsFiles && !options.silent && (isConversation || options.inputs.length > 0);
  const recorder = options.record === undefined ? undefined : new Recorder(options.record, context.session);
  const terminal = new Terminal(context, {
    json: options.json,
    style: process.stdout.isTTY && !process.env["NO_COLOR"] ? ansi() : plain,
    paged: isConversation,
    echoes: showsFiles && !options.silent,
    recorder,
    taskWorkers: (style) => taskWorkers(threadOptions(options, context), style),
    reopen,
  });
  if (isGreeted) await greet(terminal);
  if (options.rc) await runRcFiles(terminal, showsFiles);
  if (terminal.context.ended) return true;
  let isAnswered = true;
  const note = (answered: boolean): boolean => {
    isAnswered &&= answered;
    return !terminal.context.ended;
  };
  for (const path of options.inputs) {
    if (!note(await terminal.executeFile(path).catch(reportError))) return isAnswered;
  }
  if (options.commands.length > 0) {
    for (const command of options.commands) if (!note(await terminal.execute(command))) break;
  } else if (isConversation) {
    await converse(terminal);
  } else {
    for await (const line of createInterface({ input: process.stdin })) if (!note(await terminal.execute(line))) break;
  }
  return isAnswered;
}

/** Prints the kernel, its panic message and the current task, as crash does at its start. */
async function greet(terminal: Terminal): Promise<void> {
  await terminal.execute("sys");
  if (!missingTypes(terminal.context)) await terminal.execute("set");
}

/** Opens files for commands that copy data out of a dump. */
const fileCreator =
  (session: SessionFacts) =>
  (path: string, { makesFolders = false }: { readonly makesFolders?: boolean } = {}): OutputFile => {
    refuseInputs(session, path);
    let fd: number;
    try {
      if (makesFolders) mkdirSync(dirname(path), { recursive: true });
      fd = openSync(path, "w");
    } catch (error) {
      throw isSystemError(error) ? new UsageError(`${path}: ${systemReason(error)}`) : error;
    }
    return {
      write(bytes) {
        for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      },
      close: () => closeSync(fd),
    };
  };
