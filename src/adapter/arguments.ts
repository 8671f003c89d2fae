import { UsageError } from "../base/usageError.ts";
import { customArguments } from "./customArguments.ts";

/** Numbers of requests that count something; a negative one asks for nothing that there is. */
const COUNTS = [
  "start",
  "count",
  "startFrame",
  "levels",
  "instructionCount",
  "startModule",
  "moduleCount",
  "frameId",
  "threadId",
  "variablesReference",
];

/** Numbers of requests that may point back as well. */
const OFFSETS = ["offset", "instructionOffset", "line", "column"];

/** Without these a request asks nothing. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  stackTrace: ["threadId"],
  scopes: ["frameId"],
  variables: ["variablesReference"],
  evaluate: ["expression"],
  completions: ["text", "column"],
  readMemory: ["memoryReference", "count"],
  disassemble: ["memoryReference", "instructionCount"],
};

/**
 * Arguments of a request as a handler may rely on them: whole numbers, and nothing left out that is required. JSON
 * carries what a client's author wrote, and one half of a byte is enough for a loop that never ends.
 *
 * @throws UsageError that names the argument
 */
export function requestArguments(command: string, raw: unknown): object {
  const given = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  if (command.startsWith("vmcore/")) return customArguments(command, given);
  for (const name of REQUIRED[command] ?? []) {
    if (given[name] === undefined) throw new UsageError(`${command}: "${name}" is missing`);
  }
  for (const name of ["expression", "text", "memoryReference"]) {
    if (name in given && typeof given[name] !== "string") throw new UsageError(`${command}: "${name}" must be a text`);
  }
  for (const name of [...COUNTS, ...OFFSETS]) {
    const value = given[name];
    // Some clients write what they leave out as null.
    if (value === undefined || value === null) continue;
    if (!Number.isSafeInteger(value)) throw new UsageError(`${command}: "${name}" must be a whole number`);
    if (COUNTS.includes(name) && (value as number) < 0) throw new UsageError(`${command}: "${name}" is negative`);
  }
  return given;
}
