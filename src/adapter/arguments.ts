/** Checks the arguments of requests before a handler sees them. */
import { UsageError } from "../base/usageError.ts";
import { customArguments } from "./customArguments.ts";

/** Numeric arguments that must not be negative. */
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

/** Numeric arguments that may be negative. */
const OFFSETS = ["offset", "instructionOffset", "line", "column"];

/** The arguments that each request must have. */
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
 * Returns the arguments of a request, checked: the numbers in COUNTS and OFFSETS are safe integers, every required argument is present, and none
 * is null. The check is needed because JSON may hold any number: a byte count of 0.5, for example, makes a loop endless.
 *
 * @throws UsageError that names the argument
 */
export function requestArguments(command: string, raw: unknown): object {
  const all = typeof raw === "object" && raw !== null ? raw : {};
  // Some clients send null for an absent argument.
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  if (command.startsWith("vmcore/")) return customArguments(command, given);
  for (const name of REQUIRED[command] ?? []) {
    if (given[name] === undefined) throw new UsageError(`${command}: "${name}" is missing`);
  }
  for (const name of ["expression", "text", "memoryReference"]) {
    if (name in given && typeof given[name] !== "string")
      throw new UsageError(`${command}: "${name}" must be a string`);
  }
  for (const name of [...COUNTS, ...OFFSETS]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value)) throw new UsageError(`${command}: "${name}" must be a whole number`);
    if (COUNTS.includes(name) && (value as number) < 0)
      throw new UsageError(`${command}: "${name}" must not be negative`);
  }
  return given;
}
