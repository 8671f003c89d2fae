/** Call stacks of internal errors, translated from positions in the bundles to files and lines of src. */
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { wholeFile } from "./file.ts";

/** A line of V8's `Error.stack` that names a place in a bundle: `    at f (/x/dist/cli.js:70:13916)`. */
const ENTRY = /^(\s{0,8}at (?:[^()]{1,500} \()?)((?:file:\/\/)?[^()]{1,4096}\.c?js):(\d{1,9}):(\d{1,9})(\)?)$/;

/** Maximum size of a source map in bytes; that of the largest bundle has about 1 MB. */
const MAX_MAP_BYTES = 64 << 20;
/** Maximum number of lines of a stack that are converted. */
const MAX_LINES = 100;

/** What is shown of an internal error. */
export interface InternalError {
  /** `Cannot read properties of undefined (in stackOf, src/unwind/cursor.ts:70)`. */
  readonly summary: string;
  /** The error's message and its calls, innermost first, each with function, source file and line. */
  readonly stack: string;
}

/** Translates the stack of an error. Source maps are read only here, so that they cost nothing before an error. */
export function internalError(error: unknown): InternalError {
  if (!(error instanceof Error)) return { summary: String(error), stack: String(error) };
  const stack = sourceStack(error.stack ?? error.message);
  const where = /^\s{0,8}at (?:([^()\n]{1,500}) \()?((?:[\w@.-]{1,100}\/){0,30}[\w.-]{1,100}\.ts:\d{1,9}):\d{1,9}\)?$/m.exec(stack); // prettier-ignore
  const place = where ? ` (${where[1] === undefined ? "" : `in ${where[1]}, `}${where[2] ?? ""})` : "";
  return { summary: `${error.message}${place}`, stack };
}

/** Translates the lines of a stack in V8's format. */
function sourceStack(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  const lines = stack.split("\n");
  // The calls are the last lines; the message before them may have any number of lines.
  const first = Math.max(0, lines.length - MAX_LINES);
  return lines.map((line, i) => (i < first ? line : sourceLine(line, maps))).join("\n");
}

function sourceLine(line: string, maps: Map<string, SourceMap | undefined>): string {
  const [, head = "", bundle, row, column, tail = ""] = ENTRY.exec(line) ?? [];
  if (bundle === undefined) return line;
  if (!maps.has(bundle)) maps.set(bundle, mapOf(bundle));
  const entry = maps.get(bundle)?.findEntry(Number(row) - 1, Number(column) - 1);
  if (!entry || !("originalSource" in entry)) return line;
  const { originalSource, originalLine, originalColumn } = entry;
  // Relative to the bundle.
  return `${head}${originalSource.replace(/^(?:\.\.?\/)+/, "")}:${originalLine + 1}:${originalColumn + 1}${tail}`;
}

/** Returns the source map next to a bundle; undefined if it is absent or damaged: the stack then stays as it is. */
function mapOf(bundle: string): SourceMap | undefined {
  try {
    const path = bundle.startsWith("file:") ? fileURLToPath(bundle) : bundle;
    return new SourceMap(JSON.parse(wholeFile(`${path}.map`, MAX_MAP_BYTES).toString("utf8")) as SourceMapPayload);
    // eslint-disable-next-line no-restricted-syntax -- SourceMap can throw anything, and an error here would hide the reported one
  } catch {
    return undefined;
  }
}
