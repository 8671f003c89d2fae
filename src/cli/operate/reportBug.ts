/** The option `--report-bug`: prints what a bug report needs, without any content of the dump. */
import { arch, platform, release } from "node:os";
import manifest from "../../../package.json" with { type: "json" };
import { Fault } from "../../base/fault.ts";
import { Cancelled, drive } from "../../base/job.ts";
import { internalError } from "../../base/sourceStack.ts";
import { run } from "../../crash/language/language.ts";
import { column } from "../../render/pad.ts";
import type { Piece } from "../../say/piece.ts";
import { readingDumpInfo, type DumpInfo } from "../../session/open/dumpInfo.ts";
import { OpenError, openingSession, type Session } from "../../session/open/open.ts";
import { isUnreadable } from "../../session/open/openError.ts";
import { EXIT_ANSWERED, EXIT_USAGE } from "../exit.ts";
import { optionsOf, searchOf, withProgress } from "../openAndRun.ts";

/** Commands that together read most structures. */
const COMMANDS = ["sys", "analyze", "bt", "bt -a", "ps", "log", "mod", "mount", "net", "irq", "timer", "runq", "kmem -i", "waits", "health"]; // prettier-ignore
/** Maximum time of one command in milliseconds. */
const COMMAND_LIMIT = 20_000;

/**
 * Runs `vmcore-debug --report-bug [options] [[VMLINUX] VMCORE...]`. Counts, versions and names of our own functions are
 * printed; names, addresses, texts and paths of the dump and of this machine are not.
 * @returns the exit status
 */
export async function reportBug(argv: readonly string[]): Promise<number> {
  const say = (name: string, value: string): boolean => process.stdout.write(`${column(name, 16)}${value}\n`);
  say("vmcore-debug", manifest.version);
  say("Node.js", process.version);
  say("system", `${platform()} ${versionNumbers(release())} ${arch()}`);
  if (argv.length === 0) return EXIT_ANSWERED;
  const options = optionsOf(argv);
  if (!options) return EXIT_USAGE;
  const info = await outcome(() => withProgress(readingDumpInfo(options)));
  if (typeof info === "string") {
    say("dump", info);
    return EXIT_ANSWERED;
  }
  for (const [name, value] of headerFacts(info)) say(name, value);
  const session = await outcome(() => withProgress(openingSession({ ...options, search: searchOf(options) })));
  if (typeof session === "string") {
    say("opening", session);
    return EXIT_ANSWERED;
  }
  try {
    say("opening", `done, ${session.warnings.length} warnings`);
    for (const [name, value] of kernelFacts(session)) say(name, value);
    for (const line of COMMANDS) say(line, await tried(session, line));
  } finally {
    session.close();
  }
  return EXIT_ANSWERED;
}

/** Returns a version without what a distribution or a user appended to it. */
const versionNumbers = (version: string): string =>
  /^\d{1,5}(?:\.\d{1,5}){0,2}/.exec(version)?.[0] ?? "(unknown version)";

const headerFacts = (info: DumpInfo): readonly (readonly [string, string])[] => [
  ["format", info.format],
  ["header version", String(info.headerVersion ?? "none")],
  ["compression", info.compression ?? "none"],
  ["dump level", String(info.dumpLevel ?? "unknown")],
  ["machine", `${info.byteOrder}-endian, ${info.wordSize * 8} bits, pages of ${info.pageSize}`],
  [
    "pages",
    `${info.pages.present} present, ${info.pages.excluded ?? "?"} excluded, ${info.pages.missing ?? "?"} missing`,
  ],
  ["files", String(info.files.length)],
  ["complete", info.incomplete || info.cut !== undefined ? "no" : "yes"],
  ["VMCOREINFO", info.vmcoreinfo === undefined ? "absent" : "present"],
];

const kernelFacts = ({ context }: Session): readonly (readonly [string, string])[] => [
  ["architecture", context.kernel.arch.name],
  ["vmlinux", context.session.vmlinux === undefined ? "none" : "used"],
  ["limitations", String(context.session.limitations.length)],
];

/** Returns the result, or the kind of the error. */
async function outcome<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    return kindOf(error);
  }
}

/** Names an error without its message, which can contain data of the dump. Internal errors also have our functions. */
function kindOf(error: unknown): string {
  if (error instanceof Fault) return `fault: ${error.kind}`;
  if (error instanceof OpenError) return "refused with a message";
  if (error instanceof Cancelled) return "cancelled";
  if (isUnreadable(error)) return "a file cannot be read";
  const calls = internalError(error)
    .stack.split("\n")
    .filter((line) => /^\s+at /.test(line));
  const ours = calls
    .map((line) => /\(?((?:src|test)\/[\w./-]+:\d+)/.exec(line)?.[1])
    .filter((place) => place !== undefined);
  return `internal error: ${error instanceof Error ? error.name : "not an Error"} in ${ours.slice(0, 8).join(", ") || "unknown"}`;
}

/** Runs a command and counts its pieces. */
async function tried({ context }: Session, line: string): Promise<string> {
  const counts = new Map<string, number>();
  const add = (what: string): Map<string, number> => counts.set(what, (counts.get(what) ?? 0) + 1);
  const onStep = (piece: Piece): void => {
    if (piece.kind === "record") add("records");
    const fault = piece.kind === "fault" ? piece.fault : piece.kind === "record" ? piece.unread : undefined;
    if (fault !== undefined) add(`fault: ${fault.kind}`);
    if (piece.kind === "usage") add("usage error");
  };
  try {
    await drive(run(context, line), AbortSignal.timeout(COMMAND_LIMIT), { onStep });
  } catch (error) {
    add(error instanceof Cancelled ? `stopped after ${COMMAND_LIMIT / 1000} s` : kindOf(error));
  }
  return (
    [...counts].map(([what, count]) => (what.startsWith("internal") ? what : `${count} ${what}`)).join(", ") ||
    "no output"
  );
}
