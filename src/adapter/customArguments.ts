import { UsageError } from "../base/usageError.ts";
import type { CustomRequests } from "../protocol/custom.ts";

/** Whether a value is what an argument must be, and how that is said. */
interface Kind {
  readonly is: (value: unknown) => boolean;
  readonly said: string;
  readonly optional?: true;
}

const isText = (value: unknown): boolean => typeof value === "string";
const text: Kind = { is: isText, said: "a text" };
const texts: Kind = { is: (value) => Array.isArray(value) && value.every(isText), said: "a list of texts" };
const count: Kind = { is: (value) => Number.isSafeInteger(value) && Number(value) >= 0, said: "a whole number from 0" };
const places: Kind = { is: (value) => Array.isArray(value) && value.every(isPlace), said: "a list of places" };
const oneOf = (...values: readonly string[]): Kind => ({
  is: (value) => values.includes(value as string),
  said: values.map((value) => `"${value}"`).join(" or "),
});
/** Some clients write what they leave out as null. */
const optional = (kind: Kind): Kind => ({ ...kind, optional: true });

function isPlace(value: unknown): boolean {
  const { text: name, returns } = (value ?? {}) as { text?: unknown; returns?: unknown };
  return isText(name) && typeof returns === "boolean";
}

/** The arguments of each request as protocol/custom.ts declares them. */
const kinds: { readonly [Name in keyof CustomRequests]: Readonly<Record<string, Kind>> } = {
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
  "vmcore/stack": { threadId: count, format: oneOf("text", "markdown") },
  "vmcore/stacks": { tasks: texts },
  "vmcore/rawStack": { threadId: count },
  "vmcore/run": { line: text },
  "vmcore/kernelLog": { count, before: optional(count) },
  "vmcore/describe": { places },
  "vmcore/sourceFile": { file: text },
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
 * Arguments of one of our own requests: any client may send them.
 * @throws UsageError that names the argument
 */
export function customArguments(command: string, given: Readonly<Record<string, unknown>>): object {
  const wanted = Object.hasOwn(kinds, command) ? kinds[command as keyof CustomRequests] : {};
  const args: Record<string, unknown> = { ...given };
  for (const [name, kind] of Object.entries(wanted)) {
    const value = given[name] ?? undefined;
    if (value === undefined) delete args[name];
    if (value === undefined && kind.optional) continue;
    if (value === undefined) throw new UsageError(`${command}: "${name}" is missing`);
    if (!kind.is(value)) throw new UsageError(`${command}: "${name}" must be ${kind.said}`);
  }
  if (command === "vmcore/select" && args["threadId"] === undefined && args["task"] === undefined)
    throw new UsageError(`${command}: "threadId" or "task" is missing`);
  return args;
}
