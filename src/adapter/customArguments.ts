/** Checks the arguments of the custom `vmcore/` requests. */
import { UsageError } from "../base/usageError.ts";
import type { CustomRequests } from "../protocol/custom.ts";

/** What an argument must be: a test, and the words for the error message. */
interface ArgumentType {
  readonly is: (value: unknown) => boolean;
  readonly wording: string;
  readonly optional?: true;
}

const isText = (value: unknown): boolean => typeof value === "string";
const text: ArgumentType = { is: isText, wording: "a string" };
const texts: ArgumentType = {
  is: (value) => Array.isArray(value) && value.every(isText),
  wording: "a list of strings",
};
const count: ArgumentType = {
  is: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  wording: "a whole number >= 0",
};
const counts: ArgumentType = {
  is: (value) => Array.isArray(value) && value.every((one) => count.is(one)),
  wording: "a list of whole numbers >= 0",
};
const seconds: ArgumentType = {
  is: (value) => typeof value === "number" && value > 0 && value <= 3600,
  wording: "a number of seconds up to 3600",
};
const truth: ArgumentType = { is: (value) => typeof value === "boolean", wording: "true or false" };
const record: ArgumentType = {
  is: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  wording: "an object",
};
const places: ArgumentType = {
  is: (value) => Array.isArray(value) && value.every(isPlace),
  wording: "a list of places with text and returns",
};
const oneOf = (...values: readonly string[]): ArgumentType => ({
  is: (value) => values.includes(value as string),
  wording: values.map((value) => `"${value}"`).join(" or "),
});
const optional = (type: ArgumentType): ArgumentType => ({ ...type, optional: true });

function isPlace(value: unknown): boolean {
  const { text: name, returns } = (value ?? {}) as { text?: unknown; returns?: unknown };
  return isText(name) && typeof returns === "boolean";
}

/** The arguments of each request as declared in protocol/custom.ts. */
const argumentTypes: { readonly [Name in keyof CustomRequests]: Readonly<Record<string, ArgumentType>> } = {
  "vmcore/about": {},
  "vmcore/resolve": { text, frameId: optional(count) },
  "vmcore/symbols": { contains: text, limit: count },
  "vmcore/declared": { name: text },
  "vmcore/disassembly": { address: text },
  "vmcore/select": { threadId: optional(count), task: optional(text) },
  "vmcore/sourceText": { address: text },
  "vmcore/debuginfo": {},
  "vmcore/tryVmlinux": { path: text },
  "vmcore/loadModule": { module: text, path: text },
  "vmcore/fetchDebuginfo": { names: texts, servers: texts },
  "vmcore/threadStates": { threadIds: counts },
  "vmcore/memory": { address: text, count },
  "vmcore/stack": { threadId: count, format: oneOf("text", "markdown") },
  "vmcore/stacks": { tasks: texts },
  "vmcore/rawStack": { threadId: count },
  "vmcore/report": { format: oneOf("markdown", "html") },
  "vmcore/compare": { vmcore: texts, vmlinux: optional(text) },
  "vmcore/runCell": { lines: text },
  "vmcore/page": { markdown: text },
  "vmcore/transcript": {},
  "vmcore/tool": { name: text, input: record },
  "vmcore/run": { line: text },
  "vmcore/stopRun": { line: text },
  "vmcore/verdict": { known: count, runs: truth },
  "vmcore/verdictSource": {},
  "vmcore/verdictText": { section: optional(text) },
  "vmcore/kernelLog": { count, before: optional(count) },
  "vmcore/describe": { places },
  "vmcore/sourceFile": { file: text },
  "vmcore/fixes": { seconds: optional(seconds) },
  "vmcore/stopFixes": {},
  "vmcore/opcodes": { text, at: optional(text) },
  "vmcore/identifier": {
    name: text,
    tag: optional(oneOf("struct", "union", "enum")),
    expression: text,
    root: text,
    members: texts,
    declared: optional(text),
    frameId: optional(count),
  },
  "vmcore/identify": { text, frameId: optional(count) },
};

/**
 * Returns the arguments of a custom request, checked, because any client may send one.
 * @param given none of them null
 * @throws UsageError that names the argument
 */
export function customArguments(command: string, given: Readonly<Record<string, unknown>>): object {
  const wanted = Object.hasOwn(argumentTypes, command) ? argumentTypes[command as keyof CustomRequests] : {};
  for (const [name, type] of Object.entries(wanted)) {
    const value = given[name];
    if (value === undefined && type.optional) continue;
    if (value === undefined) throw new UsageError(`${command}: "${name}" is missing`);
    if (!type.is(value)) throw new UsageError(`${command}: "${name}" must be ${type.wording}`);
  }
  if (command === "vmcore/select" && given["threadId"] === undefined && given["task"] === undefined)
    throw new UsageError(`${command}: "threadId" or "task" is missing`);
  return given;
}
