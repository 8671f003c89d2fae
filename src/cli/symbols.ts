/** The verb `symbols`: lists and removes what sessions keep on disk. */
import { parseArguments } from "../base/arguments.ts";
import { printable, printableJson } from "../base/printable.ts";
import { UsageError } from "../base/usageError.ts";
import { column } from "../render/pad.ts";
import { type KeptFiles, keptFiles, removeKept } from "../session/fetch/keptFiles.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_USAGE } from "./exit.ts";

const USAGE = `usage: vmcore-debug symbols [--json]
       vmcore-debug symbols remove (NAME... | --older DAYS | --all)

Lists the files that sessions keep in the user's cache directory, the largest first: debuginfo from packages by build
ID, at most 24 GiB, indexes of debuginfo, copies of source archives, blocks of dumps on web servers, compiled code; and
the debuginfo in debuginfod's cache, which other debuggers share and "remove" leaves alone. NAME is a name of the list,
or its beginning.
`;
const DAY_MS = 86_400_000;
/** Minimum length in characters of the beginning of a name that chooses files. */
const LEAST_NAME = 4;

/** Runs `vmcore-debug symbols`. @returns the exit status */
export function symbols(argv: readonly string[]): number {
  try {
    return listOrRemove(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n${USAGE}`);
    return EXIT_USAGE;
  }
}

/** @throws UsageError */
function listOrRemove(argv: readonly string[]): number {
  const { values, positionals } = parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      all: { type: "boolean" },
      older: { type: "string" },
    },
  });
  const [verb, ...names] = positionals;
  const kept = keptFiles(process.env);
  if (verb === undefined) {
    if (values.all || values.older !== undefined)
      throw new UsageError(`symbols: ${values.all ? "--all" : "--older"} is an option of "symbols remove"`);
    process.stdout.write(values.json ? `${printableJson(JSON.stringify(kept, undefined, 2))}\n` : listText(kept));
    return EXIT_ANSWERED;
  }
  if (verb !== "remove") throw new UsageError(`symbols: unknown action "${verb}"`);
  if (values.json) throw new UsageError('symbols: --json is an option of the list, not of "symbols remove"');
  const chosen = chosenOf(kept, names, values.all ?? false, values.older);
  const removed = removeKept(chosen);
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
  process.stdout.write(`Removed ${removed.length} of ${chosen.length}, ${size(bytes)}.\n`);
  return removed.length === chosen.length ? EXIT_ANSWERED : EXIT_FAILED;
}

/** Returns what the arguments choose among our own files. @throws UsageError */
function chosenOf(
  kept: readonly KeptFiles[],
  names: readonly string[],
  all: boolean,
  older: string | undefined,
): readonly KeptFiles[] {
  const ours = kept.filter(({ kind }) => kind !== "debuginfo");
  if ([all, older !== undefined, names.length > 0].filter(Boolean).length !== 1)
    throw new UsageError("symbols remove: name files, or give --older DAYS or --all");
  if (all) return ours;
  if (older !== undefined) {
    const days = Number(older);
    if (!(days >= 0)) throw new UsageError(`symbols remove: --older ${older} is not a number of days`);
    return ours.filter(({ used }) => Date.now() - used > days * DAY_MS);
  }
  return names.flatMap((name) => {
    const found = ours.filter((one) => one.name === name || (name.length >= LEAST_NAME && one.name.startsWith(name)));
    const shared = kept.find((one) => one.kind === "debuginfo" && one.name === name);
    if (found.length === 0 && shared)
      throw new UsageError(
        `symbols remove: ${name} is in debuginfod's cache, which other debuggers share: delete ${shared.paths.join(", ")} yourself`,
      );
    if (found.length === 0) throw new UsageError(`symbols remove: nothing of that name is kept: ${name}`);
    return found;
  });
}

function listText(kept: readonly KeptFiles[]): string {
  const widest = Math.max(4, ...kept.map(({ name }) => name.length));
  const line = (...cells: readonly [string, string, string, string]): string =>
    `${column(cells[0], 11)}${column(cells[1], 11)}${column(cells[2], 12)}${column(cells[3], widest).trimEnd()}\n`;
  const rows = kept.map(({ kind, bytes, used, name }) =>
    line(kind, size(bytes), new Date(used).toISOString().slice(0, 10), printable(name)),
  );
  const total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${line("KIND", "SIZE", "USED", "NAME")}${rows.join("")}${kept.length} kept, ${size(total)}\n`;
}

const size = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
